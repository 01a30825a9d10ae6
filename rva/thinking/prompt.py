"""What a model is told: compact JSON of bounded size between fences, and what it may do now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rva.changes import from_current
from rva.repairs import REMEDIES
from rva.repairs.amounts import main_four
from rva.subject import Subject
from schemas.evidence import Evidence, EvidenceGrade
from schemas.model import Asker, ModelRequest
from schemas.plan import ComponentPlan
from schemas.prose import packed
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import ComponentCost, Finding, ReActStep
from schemas.told import offer, said_of

ACT = "act-1"
RATIONALE = "rationale-1"
"""Files of the prompts directory: name and version. A changed text is a new version."""
MAX_CHARACTERS = 12_000
"""Of the data: 3,400 tokens at three and a half characters each."""
MAX_ACT_TOKENS = 400
MAX_RATIONALE_TOKENS = 900
_LONGEST = 240
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,15}")
_MOST_EVIDENCE = 16
_MOST_STEPS = 12
_MOST_FINDINGS = 24
_RANK = {grade: rank for rank, grade in enumerate(EvidenceGrade)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the summary is about: the component as it ends."""

    subject: Subject
    confidence: float
    left: Sequence[Finding]
    answered: Sequence[Finding]
    cost: ComponentCost
    passed: int


def act_request(
    subject: Subject,
    pending: Sequence[Finding],
    offered: Mapping[str, Evidence],
    trace: Sequence[ReActStep],
    actions: Mapping[str, str],
) -> ModelRequest:
    """The question for the next turn.

    Args:
        subject: The component with its plan as it is now.
        pending: What a repair may still answer.
        offered: Evidence by the id that the model sees, most relevant first.
        trace: What happened so far.
        actions: What may be done now, each with what it needs.
    """
    facts = {
        "component": about(subject),
        "plan": numbers_of(subject.plan),
        "pending": [_pending(item) for item in pending[:_MOST_FINDINGS]],
        "so_far": [_step(item) for item in trace[-_MOST_STEPS:]],
    }
    listed = "\n".join(f"- {name}: {needs}" for name, needs in actions.items())
    user = f"<data>{_bounded(facts, offered)}</data>\nActions that you can take now:\n{listed}"
    return _request(ACT, user, MAX_ACT_TOKENS)


def rationale_request(outcome: Outcome, offered: Mapping[str, Evidence]) -> ModelRequest:
    """The question for the summary."""
    subject = outcome.subject
    facts = {
        "component": about(subject),
        "plan": numbers_of(subject.plan) | {"confidence": outcome.confidence},
        "changes_to_the_manifest": from_current(subject.component, subject.plan)[:20],
        "cost": outcome.cost.model_dump(mode="json", exclude_none=True, exclude={"component"}),
        "findings_left": [_finding(item) for item in outcome.left[:_MOST_FINDINGS]],
        "findings_repaired": [_finding(item) for item in outcome.answered[:_MOST_FINDINGS]],
        "checks_passed": outcome.passed,
        "reasoning": [step.text[:_LONGEST] for step in subject.plan.reasoning[:_MOST_STEPS]],
    }
    user = f"<data>{_bounded(facts, offered)}</data>"
    return _request(RATIONALE, user, MAX_RATIONALE_TOKENS)


def relevant(
    subject: Subject, known: Mapping[str, Evidence], found: Iterable[Evidence] = ()
) -> dict[str, Evidence]:
    """What the plan cites and what was retrieved, the most trustworthy first, then what was found.

    Args:
        subject: The component with its plan.
        known: Evidence by its id.
        found: What searches have brought up beside it.

    Returns:
        By the id that the model sees.
    """
    plan, component = subject.plan, subject.component
    ids = dict.fromkeys(id_ for step in plan.reasoning for id_ in step.evidence)
    ids.update(dict.fromkeys(item.evidence for item in plan.influences))
    ids.update(dict.fromkeys((*component.documents, *component.evidence)))
    there = [id_ for id_ in ids if id_ in known]
    best = sorted((known[id_] for id_ in there if said_of(known[id_])), key=_rank)
    return offer({item.id: item for item in (*best[:_MOST_EVIDENCE], *found)}.values())


def _rank(item: Evidence) -> int:
    return _RANK[item.grade]


def about(subject: Subject) -> dict[str, Any]:
    """The component in a few words."""
    fields = {"name", "language", "framework", "role", "kind", "third_party"}
    facts = subject.component.model_dump(mode="json", include=fields, exclude_none=True)
    version = subject.component.language_version or ""
    if _VERSION.fullmatch(version):
        facts["language_version"] = version
    demand = subject.component.demand.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True
    )
    world = {"environment": subject.world.environment.value, "tier": subject.world.tier.value}
    return facts | world | {"demand": demand}


def numbers_of(plan: ComponentPlan) -> dict[str, Any]:
    """The numbers of a plan as quantities, each with the bounds of its interval."""
    four, ranges = main_four(plan), plan.intervals
    cpu, memory = format_cpu, format_memory
    rows: dict[str, Any] = {
        "replicas": [ranges.replicas.low, plan.replicas, ranges.replicas.high],
        "cpu_request": _row(four.cpu_request, ranges.cpu_request, cpu),
        "memory_request": _row(four.memory_request, ranges.memory_request, memory),
        "cpu_limit": _row(four.cpu_limit, ranges.cpu_limit, cpu),
        "memory_limit": _row(four.memory_limit, ranges.memory_limit, memory),
    }
    if plan.autoscaling is not None:
        rows["autoscaling"] = plan.autoscaling.model_dump(mode="json")
    if plan.runtime_env:
        rows["environment_variables"] = {k: v[:200] for k, v in plan.runtime_env.items()}
    return {"low_target_high": rows}


@lru_cache(maxsize=2)
def system_prompt(name: str) -> str:
    """The text of a prompt file."""
    path = Path(__file__).parent.parent / "prompts" / f"{name}.md"
    return path.read_text("utf-8").strip()


def _request(name: str, user: str, max_tokens: int) -> ModelRequest:
    return ModelRequest(
        asker=Asker.RVA,
        prompt=f"rva.{name.replace('-', '/')}",
        system=system_prompt(name),
        user=user,
        max_tokens=max_tokens,
    )


def _row(value: int | None, interval: Any, text: Any) -> Any:  # noqa: ANN401 - three kinds of interval
    if value is None or interval is None:
        return "not set" if value is None else text(value)
    return [text(interval.low), text(value), text(interval.high)]


def _bounded(facts: dict[str, Any], offered: Mapping[str, Evidence]) -> str:
    """As much evidence, and then as much of the other lists, as there is room for."""
    rows: list[Any] = [
        {"id": id_, "grade": item.grade.value, "says": said_of(item)[:_LONGEST]}
        for id_, item in offered.items()
    ]
    lists = [rows, *(value for value in facts.values() if isinstance(value, list))]
    while len(text := packed({**facts, "evidence": rows})) > MAX_CHARACTERS:
        longest = next((items for items in lists if len(items) > 1), None)
        if longest is None:
            return packed({"component": facts["component"]["name"], "plan": facts["plan"]})
        del longest[len(longest) * 3 // 4 :]
    return text


def _pending(item: Finding) -> dict[str, str]:
    return _finding(item) | {"repair": REMEDIES[item.id].repair.value}


def _finding(item: Finding) -> dict[str, str]:
    rows = {
        "finding": item.id,
        "severity": item.severity.value,
        "says": item.message[:_LONGEST],
        "found": item.value[:80],
        "bound": item.limit[:80],
    }
    if item.passed and item.fix is not None:
        fix = item.fix
        rows["repaired"] = f"{fix.op}: {fix.field} {fix.before} -> {fix.after}"[:_LONGEST]
    return {key: value for key, value in rows.items() if value}


def _step(item: ReActStep) -> dict[str, str]:
    return {
        "thought": item.thought[:_LONGEST],
        "action": item.action[:120],
        "observation": item.observation[:600],
    }
