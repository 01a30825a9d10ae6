"""L: what the numbers and the text that people read must keep to, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rva.checks.base import Check, Problem, Verdict, by_hand, judge
from rva.subject import Subject
from schemas.prose import LONGEST_TEXT, unsafe_parts
from schemas.quantities import GIB, KIB, MIB
from schemas.recommendation import Severity

TOLERANCE = 0.15
"""A text may say the sum, and the plan its next multiple that people write: 90 MiB is 96Mi."""
_STEP_BYTES, _STEP_MILLICORES = 16 * MIB, 25
"""Such a multiple of a small amount; there it is more than the tolerance."""

_NUMBER = re.compile(
    r"(?<![\w.])(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s?"
    r"(?P<unit>Ki|KiB|Mi|MiB|MB|Gi|GiB|GB|Ti|TiB|TB|m\b|millicores?|cores?|CPUs?|vCPUs?|bytes)?"
    r"(?![\w])"
)
_CORES_SET = re.compile(r"\.cpu: [^ ;]{1,20} → ([0-9]{1,6})(?![\w.])")
_MEMORY_UNITS = {
    "Ki": KIB,
    "KiB": KIB,
    "Mi": MIB,
    "MiB": MIB,
    "MB": 10**6,
    "Gi": GIB,
    "GiB": GIB,
    "GB": 10**9,
    "Ti": 1 << 40,
    "TiB": 1 << 40,
    "TB": 10**12,
    "bytes": 1,
}


def numbers_in_intervals(subject: Subject) -> Verdict:
    """L02: a number outside of its interval has no defence."""
    problems = [
        Problem(
            f"{path} is {value}, outside of its interval {low} to {high} around {target}.",
            path=path,
            value=str(value),
            limit=f"{low} to {high}",
        )
        for path, value, (low, target, high) in interval_rows(subject)
        if value is not None and value != target
    ]
    return judge(subject, "L02", problems)


def interval_rows(subject: Subject) -> list[tuple[str, int | None, tuple[int, int, int]]]:
    """Path, number and interval (low, target, high) of every number that has an interval."""
    plan, ranges = subject.plan, subject.plan.intervals
    requests, limits = plan.resources.requests, plan.resources.limits
    rows: list[tuple[str, int | None, tuple[int, int, int]]] = [
        ("replicas", plan.replicas, _triple(ranges.replicas)),
        ("resources.requests.cpu", requests.cpu, _triple(ranges.cpu_request)),
        ("resources.requests.memory", requests.memory, _triple(ranges.memory_request)),
        ("resources.limits.memory", limits.memory, _triple(ranges.memory_limit)),
    ]
    if ranges.cpu_limit is not None and limits.cpu is not None:
        rows.append(("resources.limits.cpu", limits.cpu, _triple(ranges.cpu_limit)))
    return rows


def _triple(interval: object) -> tuple[int, int, int]:
    low, target, high = (int(getattr(interval, name)) for name in ("low", "target", "high"))
    return low, target, high


def citations_exist(subject: Subject) -> Verdict:
    """L03: cited evidence exists, and the text says the numbers of the plan."""
    known = subject.world.evidence_ids
    problems = [
        Problem(
            f"Step {step.number} cites {cited[:100]!r}, which is not among the evidence.",
            path=f"reasoning[{step.number}]",
            value=cited[:100],
            fix=by_hand("correct_citation", "evidence", cited[:100], "an id of the evidence"),
        )
        for step in subject.plan.reasoning
        for cited in step.evidence
        if cited not in known
    ]
    problems += _unsaid(subject)
    return judge(subject, "L03", problems)


def _unsaid(subject: Subject) -> Iterable[Problem]:
    """Numbers of the plan that no step about them says."""
    plan = subject.plan
    memory = [
        n for s in plan.reasoning if s.about in ("memory", "runtime") for n in _memory(s.text)
    ]
    cpu = [n for s in plan.reasoning if s.about == "cpu" for n in _cpu(s.text)]
    rows = (
        ("resources.requests.memory", plan.resources.requests.memory, memory, _STEP_BYTES),
        ("resources.limits.memory", plan.resources.limits.memory, memory, _STEP_BYTES),
        ("resources.requests.cpu", plan.resources.requests.cpu, cpu, _STEP_MILLICORES),
    )
    for path, value, said, step in rows:
        # Steps without any number explain in words; only a text that says other numbers is wrong.
        if not value or not said:
            continue
        if any(abs(number - value) <= max(step, value * TOLERANCE) for number in said):
            continue
        yield Problem(
            f"The reasoning never says the plan's {path}.",
            path=path,
            value=str(value),
            severity=Severity.INFO,
            fix=by_hand("correct_text", path, "other numbers", str(value)),
        )


def _memory(text: str) -> list[float]:
    return [
        float(found["number"]) * _MEMORY_UNITS[found["unit"]]
        for found in _NUMBER.finditer(text[:LONGEST_TEXT])
        if found["unit"] in _MEMORY_UNITS
    ]


def _cpu(text: str) -> list[float]:
    result = []
    for found in _NUMBER.finditer(text[:LONGEST_TEXT]):
        unit = found["unit"] or ""
        if unit == "m" or unit.startswith("millicore"):
            result.append(float(found["number"]))
        elif unit.lower().startswith(("core", "cpu", "vcpu")):
            result.append(float(found["number"]) * 1000)
    # A repair says what it changed as the field and its quantities: "requests.cpu: 2 → 1".
    result += [float(found[1]) * 1000 for found in _CORES_SET.finditer(text[:LONGEST_TEXT])]
    return result


def text_is_safe(subject: Subject) -> Verdict:
    """L04: text made from a stranger's repository is shown in reviews and terminals."""
    plan = subject.plan
    texts = [(f"reasoning[{step.number}]", step.text) for step in plan.reasoning]
    texts += [(f"runtime_env.{name}", value) for name, value in plan.runtime_env.items()]
    problems = [
        Problem(
            f"{path} holds {what}, which is not shown.",
            path=path,
            value=what,
        )
        for path, text in texts
        for what in unsafe_parts(text)
    ]
    return judge(subject, "L04", problems)


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("L02", numbers_in_intervals),
    ("L03", citations_exist),
    ("L04", text_is_safe),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
