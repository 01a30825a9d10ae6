"""The page: what stands at the top of it, and its text.

The pictures are SVG of our own, written by the same escaped templates as the rest. matplotlib draws
the files (`ci.report.pictures`), but not these: its SVG cannot follow the reader's dark or light
colours, shrinks its letters on a narrow screen, and has no text alternative of its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ci.handoff.knowledge import knowledge_summary
from ci.handoff.measured import plural
from ci.handoff.plain import line
from ci.report.component import ComponentView, make_component
from ci.report.resource import Resource
from ci.report.scale import mark_text
from ci.report.verdict import RULES, Verdict
from schemas.recommendation import Finding, Recommendation, Severity

TEMPLATES = Path(__file__).parent / "templates"
_WORDS = {
    Verdict.LITTLE: ("has too little", "have too little"),
    Verdict.MUCH: ("has too much", "have too much"),
    Verdict.UNSET: ("has no request", "have no request"),
    Verdict.ENOUGH: ("has enough", "have enough"),
    Verdict.UNKNOWN: ("is new", "are new"),
}
"""For one component, and for several."""
_SEVERITY_ORDER = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Total:
    """What all components request together, over those where today's amount is known."""

    title: str
    now: str
    new: str
    of: str
    """How many components that is."""


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything on the page."""

    recommendation: Recommendation
    components: tuple[ComponentView, ...]
    """The worst first."""
    counts: tuple[tuple[Verdict, int], ...]
    answer: str
    """The whole result in one sentence."""
    measured: int
    estimated: int
    confidence: str
    """The lowest and the highest; empty without components."""
    totals: tuple[Total, ...]
    failing: tuple[Finding, ...]
    """The worst first."""
    repaired: tuple[Finding, ...]
    skipped: tuple[tuple[str, str], ...]
    knowledge: str


def report_html(recommendation: Recommendation) -> str:
    """The whole page; the same recommendation gives the same text."""
    style, script = _text("style.css"), _text("hover.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=make_page(recommendation),
            rules=RULES,
            verdicts=Verdict,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            csp=_policy(style, script),
        )
    )


def make_page(recommendation: Recommendation) -> PageView:
    """Everything that the page says."""
    costs = {cost.component: cost for cost in recommendation.cost.components}
    failing = sorted(
        (finding for finding in recommendation.findings if not finding.passed),
        key=lambda finding: _SEVERITY_ORDER[finding.severity],
    )
    components = [
        make_component(
            item,
            f"c{index}",
            tuple(finding for finding in failing if finding.component == item.name),
            costs.get(item.name),
        )
        for index, item in enumerate(recommendation.components, start=1)
    ]
    components.sort(key=lambda component: component.verdict.order)
    counts = Counter(component.verdict for component in components)
    measured = sum(component.is_measured for component in components)
    return PageView(
        recommendation=recommendation,
        components=tuple(components),
        counts=tuple((verdict, counts[verdict]) for verdict in Verdict if counts[verdict]),
        answer=_answer(counts, recommendation),
        measured=measured,
        estimated=len(components) - measured,
        confidence=_confidence(components),
        totals=tuple(_totals(components)),
        failing=tuple(failing),
        repaired=tuple(f for f in recommendation.findings if f.passed and f.fix),
        skipped=tuple(sorted(_skipped(recommendation).items())),
        knowledge=knowledge_summary(recommendation),
    )


def _answer(counts: Counter[Verdict], recommendation: Recommendation) -> str:
    """Say it in one sentence: ``2 have too little, 1 has enough.``."""
    parts = [
        f"{count} {_WORDS[verdict][count != 1]}"
        for verdict in Verdict
        if (count := counts[verdict])
    ]
    if recommendation.failed:
        parts.append(f"{len(recommendation.failed)} could not be sized")
    return f"{', '.join(parts)}." if parts else "No component was sized."


def _confidence(components: list[ComponentView]) -> str:
    texts = sorted({f"{component.item.confidence:.2f}" for component in components})
    return f"{texts[0]} to {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _totals(components: list[ComponentView]) -> Iterator[Total]:
    """Requests times replicas; only components of which both sides are known are in it."""
    for index, resource in enumerate(Resource):
        now = new = of = 0
        for component in components:
            view = component.parts[index].view
            if view.now is None or view.now.request is None or view.new.request is None:
                continue
            replicas = component.replicas_now or "1"
            now += view.now.request * int(replicas)
            new += view.new.request * component.item.replicas
            of += 1
        if of:
            yield Total(
                title=f"{resource.heading} requested",
                now=resource.rounded(now),
                new=mark_text(resource, new),
                of=f"{plural(of, 'component')} of {len(components)}",
            )


def _skipped(recommendation: Recommendation) -> dict[str, str]:
    """Reasons with the checks that could not run for them."""
    by_reason: dict[str, list[str]] = {}
    for id_, reason in sorted(recommendation.checks_skipped.items()):
        by_reason.setdefault(reason, []).append(id_)
    return {reason: ", ".join(ids) for reason, ids in by_reason.items()}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["path"] = Markup  # positions that we computed; too long for `line`
    environment.filters["money"] = lambda amount: f"{amount:,.2f}"
    environment.filters["signed"] = lambda amount: f"{amount:+,.2f}".replace("-", "\u2212")
    return environment


def _visible(value: object) -> object:
    """Text, and what turns into text, without hidden characters; our own markup as it is."""
    return value if isinstance(value, Markup | int | float) else line(str(value))


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded; only our own style and script run."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
