"""One run of the whole pipeline in this process, as the command line wires it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from os import environ
from typing import Any

from adapters.clock import SystemClock
from adapters.helm import HelmRenderer
from adapters.kubernetes import KubernetesSchemas
from adapters.llm.models import open_models
from adapters.policies import load_policies
from adapters.prices import load_prices
from adapters.settings import load_settings
from ci.size import chart_files
from dca.agent import DcaAgent
from dca.docs.ask import ask
from dca.trigger_fields import make_trigger
from pipa.agent import PipaAgent
from pipa.manifests import generate_manifests
from pipeline.run import Recorder
from pipeline.workflow import Pipeline, Question
from rva.agent import RvaAgent
from rva.policies import DEFAULT_POLICY
from rva.thinking.tools import Ports
from schemas.model import Asker
from schemas.ports import Checkout, ExternalTool, PolicySet, Prices
from schemas.quantities import MIB, Bytes
from schemas.recommendation import Recommendation
from schemas.trigger import ClusterFacts, Environment, LimitRangeFacts
from tests.dca.docs.corpus import FakeKnowledge
from tests.dca.metrics.cluster import serving
from tests.dca.tree import FakeTree
from tests.engine.fake_ollama import FakeOllama
from tests.injection.places import App


class FakeTickets:
    """A server with one tool, which answers with a stranger's text."""

    names = ("tickets.search",)

    def __init__(self, says: str) -> None:
        self._says = says

    def describe(self) -> Sequence[ExternalTool]:
        return (ExternalTool("tickets.search", "open tickets", ("query: string, needed",)),)

    def call(self, name: str, arguments: Mapping[str, object]) -> str:
        return self._says


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    recommendation: Recommendation
    charts: dict[str, dict[str, bytes]]
    """Files of each Helm chart, as the hand-off wants them."""

    @property
    def numbers(self) -> list[Any]:
        """Every number that would be applied; names may be part of an attempt."""
        return sorted(
            (
                item.replicas,
                item.resources.model_dump_json(),
                [extra.resources.model_dump_json() for extra in item.extra_containers],
                item.autoscaling.model_dump_json() if item.autoscaling else "",
                sorted(item.runtime_env.items()),
                item.storage or 0,
            )
            for item in self.recommendation.components
        )


@cache
def _lists() -> tuple[PolicySet, Prices | None]:
    """Policies and prices, read once: reading them takes longer than sizing.

    CPU limits are forbidden, so that there is a warning which a model might leave to a person.
    """
    policies = load_policies(DEFAULT_POLICY, None)
    limits = {**policies.limits, "cpu_limits": "forbid"}
    return replace(policies, limits=limits), load_prices(None)


CLUSTER = ClusterFacts(limit_ranges=(LimitRangeFacts(max_memory=Bytes(112 * MIB)),))
"""Smaller than what is drafted, so that there is something to repair."""


def run(app: App, ollama: FakeOllama | None = None) -> Ran:
    """Size an app, with the model of a fake server or with none."""
    variables = {"AI_PROVISION_KNOWLEDGE": "off", "AI_PROVISION_LLM": "none"}
    if ollama is not None:
        variables |= {"AI_PROVISION_LLM": "ollama/tiny", "AI_PROVISION_LLM_URL": ollama.url}
    settings = load_settings({**environ, **variables})
    clock = SystemClock()
    models = open_models(settings, clock)
    knowledge = FakeKnowledge(app.facts) if app.facts else None
    dca = DcaAgent(
        charts=HelmRenderer(settings.helm),
        knowledge=knowledge,
        metrics=serving(*app.histories) if app.histories else None,
        model=models.of(Asker.DCA),
    )
    ports = Ports(
        knowledge=knowledge and (lambda component, words: ask(component, words, knowledge)),
        external=None if app.tool_says is None else FakeTickets(app.tool_says),
    )
    rva = RvaAgent(generate_manifests, KubernetesSchemas(), *_lists(), models.of(Asker.RVA), ports)
    recorder = Recorder(clock, version="0", reasoner=models.choice)
    agents = (dca, PipaAgent(model=models.of(Asker.PIPA)), rva)
    pipeline = Pipeline(agents, {"llm": settings.llm}, models)
    trigger = make_trigger("https://example.org/shop/orders", app.description, Environment.PROD)
    trigger = trigger.model_copy(update={"cluster": CLUSTER})
    checkout = Checkout(FakeTree(app.files), "https://example.org/shop/orders", app.ref)
    recommendation = pipeline.run(Question(trigger=trigger), checkout, recorder)
    return Ran(recommendation, chart_files(recommendation, checkout.files))
