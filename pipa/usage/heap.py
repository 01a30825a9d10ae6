"""Heaps of JVM, Node and Go against what was measured beside them.

A heap that the repository, or the running limit, fixes may fill whatever was seen so far, so the
limit must hold it and what the runtime needs beside it. How much that is, is measured from below:
a working set of W under a heap of at most H means that at least W - H lies outside of the heap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipa.constants import Constants
from pipa.cpu import Subject as CpuSubject
from pipa.libraries import groups
from pipa.products import heap_env, product_of
from pipa.runtime import Runtime, detect
from pipa.runtime_env import runtime_env
from pipa.usage.case import Case, Subject
from pipa.words import mib, number
from schemas.quantities import GIB, KIB, MIB, TIB

_HOTSPOT_SHARE = 0.25
"""``MaxRAMPercentage`` when nothing is set (JDK ergonomics)."""
_MOST_SHARE = 0.8
_LEAST_SHARE = 0.25
_NEAR = 0.8
"""Of GOMEMLIMIT; below it the collector does not feel that bound, and the peak says enough."""
_MANAGED = frozenset({Runtime.JVM, Runtime.NODE})
_GO_SIZE = re.compile(r"(\d{1,15})(B|KiB|MiB|GiB|TiB)?")
_GO_UNITS = {"": 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": TIB}
_JAVA_VARIABLE, _NODE_VARIABLE = "JAVA_TOOL_OPTIONS", "NODE_OPTIONS"


@dataclass(frozen=True, slots=True)
class Heap:
    """The heap of the running process; bytes."""

    most_bytes: float
    """It can grow to this."""
    fixed: bool
    """Whatever the limit is; else it is a share of the limit."""
    beside_bytes: float
    """What lies outside of it: measured, or the least that is usual."""
    measured: bool
    """`beside_bytes` was measured."""


def heap_of(subject: Subject) -> Heap | None:
    """The heap of a JVM, Node or Go process; None for others, and where nothing bounds it."""
    facts = subject.case.component.runtime
    runtime = detect(subject.case.component).runtime
    if runtime is Runtime.GO:
        return _go_heap(subject, facts.environment.get("GOMEMLIMIT", ""))
    if runtime not in _MANAGED or product_of(subject.case.component, _constants(subject)):
        return None
    limit = subject.container.memory_limit_bytes
    if facts.heap_max_bytes:
        most, fixed = float(facts.heap_max_bytes), True
    elif runtime is Runtime.JVM and limit:
        most, fixed = limit * (facts.heap_max_fraction or _HOTSPOT_SHARE), False
    else:
        return None
    usual = _constants(subject)[f"memory.heap_overhead.{runtime.value}"].value * MIB
    outside = subject.signals.peak_bytes - most
    measured = outside > usual
    return Heap(most, fixed, outside if measured else usual, measured)


def _go_heap(subject: Subject, stated: str) -> Heap | None:
    """Go's own limit as a heap, where the use comes near to it.

    >>> _GO_SIZE.fullmatch("750MiB").groups()
    ('750', 'MiB')
    """
    match = _GO_SIZE.fullmatch(stated.strip())
    most = float(match[1]) * _GO_UNITS[match[2] or ""] if match else 0.0
    if not most or subject.signals.peak_bytes < _NEAR * most:
        return None
    share = _constants(subject)["runtime.go.memory_limit"].value
    return Heap(most, fixed=True, beside_bytes=most / share - most, measured=False)


def least_limit(subject: Subject, heap: Heap | None) -> float:
    """Bytes below which a fixed heap does not fit; 0 where none is fixed."""
    if heap is None or not heap.fixed:
        return 0.0
    least = heap.most_bytes + heap.beside_bytes
    how = "measured" if heap.measured else "usual"
    if not heap.measured:
        runtime = detect(subject.case.component).runtime
        go = runtime is Runtime.GO
        name = "runtime.go.memory_limit" if go else f"memory.heap_overhead.{runtime.value}"
        subject.case.sheet.use(name)
    text = (
        f"The heap is fixed at {mib(heap.most_bytes / MIB)} and may fill; with"
        f" {mib(heap.beside_bytes / MIB)} beside it ({how}) the limit is at least"
        f" {mib(least / MIB)}."
    )
    subject.step("runtime", text, ("memory",))
    return least


def heap_variables(
    subject: Subject, heap: Heap | None, memory_limit_bytes: int, cpu_limit: int | None
) -> dict[str, str]:
    """Variables of the runtime for a limit that changes, by the rules of the capacity model.

    The heap of a JVM or Node leaves what was measured beside it.
    """
    case = subject.case
    key = product_of(case.component, case.sheet.constants)
    if key is not None:
        found = heap_env(key, memory_limit_bytes / MIB, case.sheet)
        return {k: v for k, v in found.items() if k not in case.component.runtime.environment}
    found = runtime_env(_cpu_subject(case), memory_limit_bytes, cpu_limit, case.sheet)
    if heap is None or heap.fixed or not heap.measured or _JAVA_VARIABLE not in found:
        return _beside_node(subject, found, memory_limit_bytes)
    share = 1 - heap.beside_bytes / memory_limit_bytes
    percent = int(100 * min(_MOST_SHARE, max(_LEAST_SHARE, share)))
    text = (
        f"{mib(heap.beside_bytes / MIB)} were measured beside a heap of at most"
        f" {mib(heap.most_bytes / MIB)}: MaxRAMPercentage {percent} of"
        f" {mib(memory_limit_bytes / MIB)} leaves that room."
    )
    subject.step("runtime", text, ("memory", "requests"))
    return {**found, _JAVA_VARIABLE: f"-XX:MaxRAMPercentage={percent}.0"}


def _beside_node(subject: Subject, found: dict[str, str], limit_bytes: int) -> dict[str, str]:
    """Node's old space is at least the memory that was resident, as far as the limit allows.

    An old space below what is in use makes the process collect without end and abort.
    """
    if _NODE_VARIABLE not in found:
        return found
    planned = int(found[_NODE_VARIABLE].rpartition("=")[2])
    beside = _constants(subject)["memory.heap_overhead.node"].value
    used = subject.signals.peak_bytes / MIB - beside
    most = limit_bytes / MIB - beside
    if used <= planned or most <= planned:
        return found
    subject.case.sheet.use("memory.heap_overhead.node")
    amount = int(min(used, most))
    text = (
        f"The working set came to {mib(subject.signals.peak_bytes / MIB)}, so the old space is"
        f" {number(amount)} MiB of {mib(limit_bytes / MIB)}, {mib(beside)} left beside it."
    )
    subject.step("runtime", text, ("memory",))
    return {**found, _NODE_VARIABLE: f"--max-old-space-size={amount}"}


def _cpu_subject(case: Case) -> CpuSubject:
    component = case.component
    return CpuSubject(component, detect(component), case.situation, groups(component.libraries))


def _constants(subject: Subject) -> Constants:
    return subject.case.sheet.constants
