"""What a model is told of one component: compact JSON, the most relevant evidence first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipa.thinking.shape import Number
from pipa.thinking.table import IN_MEMORY, rows_of
from schemas.context import AppContext, Component
from schemas.evidence import Evidence, EvidenceGrade
from schemas.model import Asker, ModelRequest
from schemas.plan import ComponentPlan
from schemas.prose import packed
from schemas.quantities import MIB
from schemas.told import figures_of, offer, said_of

PROMPT = "plan-1"
"""File of the prompts directory: name and version. A changed text is a new version."""
MAX_CHARACTERS = 14_000
"""Of the context: 4,000 tokens at three and a half characters each."""
MAX_ANSWER_TOKENS = 1200
_STATEMENT = 240
_MOST_EVIDENCE = 40
_NAMES = {
    Number.REPLICAS: "replicas",
    Number.CPU_REQUEST: "cpu_request_millicores",
    Number.MEMORY_REQUEST: "memory_request_mib",
    Number.CPU_LIMIT: "cpu_limit_millicores",
    Number.MEMORY_LIMIT: "memory_limit_mib",
}
_RANK = {grade: rank for rank, grade in enumerate(EvidenceGrade)}


@dataclass(frozen=True, slots=True)
class Prompted:
    """A question with the evidence that it offers."""

    request: ModelRequest
    offered: Mapping[str, Evidence]
    """By the id that the model sees, which need not be the evidence's own."""


def prompted(
    component: Component, context: AppContext, plan: ComponentPlan, cited: Mapping[str, Evidence]
) -> Prompted:
    """The question about one component.

    Args:
        component: The component.
        context: Its app.
        plan: The deterministic draft.
        cited: Evidence that the draft cites, by id, beside that of the context.
    """
    known = {**context.evidence_by_id(), **cited}
    ids = _relevant(component, plan, known)
    while True:
        offered = offer(known[id_] for id_ in ids)
        data = packed(_facts(component, context, plan, offered))
        if len(data) <= MAX_CHARACTERS or not ids:
            break
        ids = ids[: len(ids) * 3 // 4]
    user = f"<data>{data[:MAX_CHARACTERS]}</data>"
    request = ModelRequest(
        asker=Asker.PIPA,
        prompt=f"pipa.{PROMPT.replace('-', '/')}",
        system=system_prompt(),
        user=user,
        max_tokens=MAX_ANSWER_TOKENS,
    )
    return Prompted(request, offered)


@lru_cache(maxsize=1)
def system_prompt() -> str:
    """The text of the prompt file."""
    path = Path(__file__).parent.parent / "prompts" / f"{PROMPT}.md"
    return path.read_text("utf-8").strip()


def _relevant(
    component: Component, plan: ComponentPlan, known: Mapping[str, Evidence]
) -> list[str]:
    """Ids of evidence: what is measured of it, what the draft cites, what was found, its own."""
    steps = [id_ for step in plan.reasoning for id_ in step.evidence]
    ids = dict.fromkeys((*steps, *component.documents, *component.evidence))
    there = [id_ for id_ in ids if id_ in known]
    return sorted(there, key=lambda id_: _RANK[known[id_].grade])[:_MOST_EVIDENCE]


def _facts(
    component: Component,
    context: AppContext,
    plan: ComponentPlan,
    offered: Mapping[str, Evidence],
) -> dict[str, Any]:
    # Its name is left out: a directory, and with it a component, can be called anything.
    about = component.model_dump(
        mode="json",
        include={"language", "framework", "role", "kind", "third_party", "libraries"},
        exclude_none=True,
    )
    about |= component.runtime.model_dump(
        mode="json", exclude={"environment", "evidence"}, exclude_none=True
    )
    estimate = {
        _NAMES[number]: [_unit(number, x) for x in (row.low, row.value, row.high)]
        for number, row in rows_of(plan).items()
    }
    return {
        "component": about | {"environment": context.trigger.environment.value},
        "demand": component.demand.model_dump(mode="json", exclude_none=True),
        "estimate_low_target_high": estimate,
        "confidence": plan.confidence,
        "evidence": [
            {
                "id": id_,
                "grade": item.grade.value,
                "says": said_of(item)[:_STATEMENT],
                "figures": figures_of(item),
            }
            for id_, item in offered.items()
        ],
    }


def _unit(number: Number, value: int) -> int:
    return round(value / MIB) if number in IN_MEMORY else value
