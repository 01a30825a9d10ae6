"""What the checks say about manifests as they stand, before anything is recommended."""

from __future__ import annotations

from adapters.settings import Settings
from pipeline.wiring import agents
from schemas.ports import Checkout
from schemas.recommendation import Finding
from schemas.trigger import Trigger


def standing_findings(
    settings: Settings, trigger: Trigger, checkout: Checkout
) -> tuple[Finding, ...]:
    """All failed checks on the workloads of a repository or trigger, as they are written.

    Neither a model nor the knowledge base has a say: what stands is judged, not what is better.

    Raises:
        ProvisionError: Nothing there can be read.
    """
    plain = settings.model_copy(update={"llm": "none", "knowledge": "off"})
    dca, pipa, rva = agents(plain)
    context = dca.gather(trigger, checkout)
    return rva.standing(context, pipa.draft(context))
