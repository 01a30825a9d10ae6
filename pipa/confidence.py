"""How sure the numbers are, from what was known; measured is nothing yet."""

from __future__ import annotations

from collections.abc import Sequence

from pipa.observations import Observation
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component, FoundIn, Role


def judge(
    component: Component,
    context: AppContext,
    *,
    product: bool,
    loaded: bool,
    proven: bool,
    sheet: Worksheet,
) -> float:
    """Confidence in [0, 1], with a step that lists what it is made of.

    Args:
        component: The component that was sized.
        context: Where it comes from.
        product: A product with a rule of its own.
        loaded: A load was stated for it.
        proven: How an earlier decision about it turned out is known.
        sheet: Takes the step.
    """
    known = _known(component, context, product=product, loaded=loaded)
    total = sheet.use("confidence.base").target
    parts = [f"{number(total)} to begin with"]
    for name in known:
        gain = sheet.use(f"confidence.{name}").target
        total += gain
        parts.append(f"{number(gain)} for the {name}")
    if proven:
        gain = sheet.use("confidence.proven").target
        total += gain
        parts.append(f"{number(gain)} for what an earlier decision taught")
    if sheet.siblings:
        gain = sheet.use("confidence.siblings").target
        total += gain
        parts.append(f"{number(gain)} for {sheet.siblings} similar services that use alike")
    gain, why = _voices(sheet)
    if why:
        total = max(0.0, total + gain)
        parts.append(f"{number(gain)} for {why}")
    ceiling = (
        "confidence.ceiling_unseen"
        if _unseen(component, context, product)
        else "confidence.ceiling"
    )
    most = sheet.use(ceiling).target
    confidence = round(min(total, most), 2)
    sheet.step(
        "confidence",
        f"{', '.join(parts)}; at most {number(most)}, as nothing was measured:"
        f" {number(confidence)}.",
    )
    return confidence


def _voices(sheet: Worksheet) -> tuple[float, str]:
    """What retrieved sources add or take, by whether they agree on the requests."""
    said = sheet.ledger.voices() if sheet.ledger else {}
    heard = [said[name] for name in ("cpu_request", "memory_request") if name in said]
    sources = min((_independent(seen) for seen in heard), default=0)
    if sources < 2:
        return 0.0, ""
    factor = sheet.use("influence.agreement").target
    widest = max(_spread(seen) for seen in heard)
    if widest <= factor:
        most = round(sheet.use("confidence.agreeing_most").target)
        gain = sheet.use("confidence.agreeing").target * min(sources, most)
        return gain, f"{sources} independent sources that agree"
    if widest > factor**2:
        loss = sheet.use("confidence.disagreeing").target
        return -loss, f"trusted sources that differ by a factor of {number(widest)}"
    return 0.0, ""


def _independent(seen: Sequence[Observation]) -> int:
    return len({item.source for item in seen if item.trusted})


def _spread(seen: Sequence[Observation]) -> float:
    """Largest over smallest of what trusted sources say."""
    values = [item.value for item in seen if item.trusted]
    return max(values) / min(values) if values else 1.0


def _known(component: Component, context: AppContext, *, product: bool, loaded: bool) -> list[str]:
    facts = component.runtime
    checks = {
        "source": component.source_path is not None or component.image is not None,
        "language": component.language is not None and not product,
        "framework": component.framework is not None and not product,
        "role": component.role is not Role.OTHER,
        "load": loaded,
        "workers": bool(facts.workers or facts.heap_max_bytes or facts.concurrency),
        "product": product,
        "trusted": context.trust_current and component.current is not None,
    }
    return [name for name, holds in checks.items() if holds]


def _unseen(component: Component, context: AppContext, product: bool) -> bool:
    """Nothing but the description speaks for it."""
    only_named = set(component.found_in) <= {FoundIn.DESCRIPTION}
    return context.repository.files == 0 or (only_named and not product)
