"""All that the page says of one component."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ci.handoff.knowledge import influence_text
from ci.handoff.measured import NUMBERS, kept_text, measured_text
from ci.report.ranges import RangesChart, make_ranges
from ci.report.resource import (
    ResourceView,
    cpu_view,
    memory_view,
    now_source,
    replicas_now,
)
from ci.report.shape import ShapeChart, make_shapes
from ci.report.timeline import TimelineChart, make_timeline
from ci.report.track import Tracks, make_tracks
from ci.report.verdict import Judgement, Verdict, judge, worst
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.quantities import format_memory
from schemas.recommendation import ComponentCost, ComponentRecommendation, Finding

LINKED = frozenset({EvidenceKind.DOCUMENT, EvidenceKind.CONSTANT})
"""Their sources come from reviewed files; what a repository says is never made a link."""
TOPICS = ("demand", "cpu", "memory", "replicas", "autoscaling", "storage", "runtime", "confidence")


@dataclass(frozen=True, slots=True)
class Number:
    """One row of the table of numbers."""

    key: str
    """``cpu_request``, ``replicas`` …"""
    name: str
    now: str
    new: str
    bounds: str
    kept: bool
    grades: str
    """What its reasoning rests on: ``2 measured, 1 heuristic``."""


@dataclass(frozen=True, slots=True)
class Cited:
    """One piece of evidence, numbered within its component."""

    number: int
    grade: str
    statement: str
    place: str
    link: str
    """An https address that may be followed, or empty."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning."""

    number: int
    text: str
    cites: tuple[int, ...]
    lost: tuple[str, ...]
    """Cited, but not among the evidence."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The steps about one number."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ResourcePart:
    """One resource of a component, drawn."""

    view: ResourceView
    judgement: Judgement
    tracks: Tracks
    timeline: TimelineChart | None
    ranges: RangesChart


@dataclass(frozen=True, slots=True)
class ComponentView:
    """One component of the page."""

    anchor: str
    item: ComponentRecommendation
    parts: tuple[ResourcePart, ...]
    verdict: Verdict
    why: str
    measured: str
    """What was measured, in one line; empty without."""
    kept: str
    now_source: str
    replicas: str
    replicas_now: str
    numbers: tuple[Number, ...]
    shapes: tuple[ShapeChart, ...]
    topics: tuple[Topic, ...]
    influences: tuple[str, ...]
    evidence: tuple[Cited, ...]
    findings: tuple[Finding, ...]
    cost: ComponentCost | None

    @property
    def is_measured(self) -> bool:
        """Whether any of its use is known."""
        return any(part.view.measured for part in self.parts)

    @property
    def cost_delta(self) -> float | None:
        """What the change costs per month; None is unknown."""
        cost = self.cost
        if cost is None or cost.monthly is None or cost.monthly_current is None:
            return None
        return cost.monthly - cost.monthly_current


def make_component(
    item: ComponentRecommendation,
    anchor: str,
    findings: tuple[Finding, ...],
    cost: ComponentCost | None,
) -> ComponentView:
    """Everything about one component, ready to be written down."""
    views = (cpu_view(item), memory_view(item))
    parts = tuple(
        ResourcePart(view, judge(view), make_tracks(view), make_timeline(view), make_ranges(view))
        for view in views
    )
    overall = worst(tuple(part.judgement for part in parts))
    known = replicas_now(item)
    evidence = {found.id: index for index, found in enumerate(item.evidence, start=1)}
    return ComponentView(
        anchor=anchor,
        item=item,
        parts=parts,
        verdict=overall.verdict,
        why=overall.why,
        measured=measured_text(item),
        kept=kept_text(item),
        now_source=now_source(item),
        replicas=replicas_text(item),
        replicas_now="" if known is None else str(known),
        numbers=tuple(_numbers(item, views)),
        shapes=make_shapes(item.usage) if item.usage else (),
        topics=tuple(_topics(item, evidence)),
        influences=tuple(influence_text(influence) for influence in item.influences),
        evidence=tuple(_cited(found, evidence[found.id]) for found in item.evidence),
        findings=findings,
        cost=cost,
    )


def replicas_text(item: ComponentRecommendation) -> str:
    """``3``, or ``3 to 9`` with an autoscaler."""
    hpa = item.autoscaling
    return f"{hpa.min_replicas} to {hpa.max_replicas}" if hpa else str(item.replicas)


def _numbers(
    item: ComponentRecommendation, views: tuple[ResourceView, ResourceView]
) -> Iterator[Number]:
    for view in views:
        exact, now, new = view.resource.exact, view.now, view.new
        for name, amount, today, bounds in (
            ("request", new.request, now.request if now else None, view.request_range),
            ("limit", new.limit, now.limit if now else None, view.limit_range),
        ):
            key = f"{view.resource.value}_{name}"
            yield Number(
                key=key,
                name=NUMBERS[key],
                now="–" if now is None else "not set" if today is None else exact(today),
                new="not set" if amount is None else exact(amount),
                bounds=f"{exact(bounds.low)} to {exact(bounds.high)}" if bounds else "–",
                kept=key in item.kept,
                grades=_grades(item, view.resource.value),
            )
    yield from _counts(item)


def _counts(item: ComponentRecommendation) -> Iterator[Number]:
    known, bounds = replicas_now(item), item.intervals.replicas
    yield Number(
        key="replicas",
        name="replicas",
        now="–" if known is None else str(known),
        new=str(item.replicas),
        bounds=f"{bounds.low} to {bounds.high}",
        kept="replicas" in item.kept,
        grades=_grades(item, "replicas"),
    )
    hpa, storage = item.autoscaling, item.storage
    if hpa is not None:
        text = f"{hpa.min_replicas} to {hpa.max_replicas} at {hpa.target_cpu_percent} % CPU"
        yield Number(
            "autoscaling", "autoscaling", "–", text, "–", False, _grades(item, "autoscaling")
        )
    if storage is not None:
        yield Number(
            "storage", "volume", "–", format_memory(storage), "–", False, _grades(item, "storage")
        )


def _grades(item: ComponentRecommendation, about: str) -> str:
    """How far what a number rests on can be trusted, the best first."""
    known = {found.id: found.grade for found in item.evidence}
    ids = {id_ for step in item.reasoning if step.about == about for id_ in step.evidence}
    counts = Counter(known[id_] for id_ in ids if id_ in known)
    return ", ".join(f"{counts[grade]} {grade.value}" for grade in EvidenceGrade if counts[grade])


def _topics(item: ComponentRecommendation, evidence: dict[str, int]) -> Iterator[Topic]:
    used = dict.fromkeys(step.about for step in item.reasoning)
    ordered = [topic for topic in TOPICS if topic in used]
    ordered += [topic for topic in used if topic not in TOPICS]
    for topic in ordered:
        steps = tuple(
            Step(
                number=step.number,
                text=step.text,
                cites=tuple(evidence[id_] for id_ in step.evidence if id_ in evidence),
                lost=tuple(id_ for id_ in step.evidence if id_ not in evidence),
            )
            for step in item.reasoning
            if step.about == topic
        )
        yield Topic("CPU" if topic == "cpu" else topic.capitalize(), steps)


def _cited(found: Evidence, number: int) -> Cited:
    linked = found.kind in LINKED and found.source.startswith("https://")
    return Cited(
        number=number,
        grade=found.grade.value,
        statement=found.statement,
        place=found.source + (f":{found.line}" if found.line else ""),
        link=found.source if linked else "",
    )
