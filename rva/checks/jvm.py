"""R01, R02, R10: what a JVM makes of its limit."""

from __future__ import annotations

from collections.abc import Callable

from rva.checks.base import Check, Problem, Verdict, amount_text, judge
from rva.checks.base import mib_text as _mib
from rva.heaps import LARGEST_COMPRESSED_HEAP_BYTES, is_half_heap, jvm_heap, jvm_overhead
from rva.runtimes import JvmFlags, Runtime, jvm_settings, runtime_of
from rva.subject import Subject
from schemas.quantities import MIB
from schemas.recommendation import Severity

SERVER_CPU_MILLICORES, SERVER_MEMORY_BYTES = 2000, 1792 * MIB
"""Below either the JVM takes the serial collector (JDK ergonomics, "server-class machine")."""


HEAP_VARIABLES = {
    "elasticsearch": "ES_JAVA_OPTS",
    "opensearch": "OPENSEARCH_JAVA_OPTS",
    "kafka": "KAFKA_HEAP_OPTS",
}


def jvm_fits(subject: Subject) -> Verdict:
    """R01: heap, metaspace, stacks and direct memory stay below the limit."""
    limit = subject.main_container.memory_limit_bytes
    if runtime_of(subject.component) is not Runtime.JVM or is_half_heap(subject) or limit is None:
        return None
    heap, overhead = jvm_heap(subject, limit), jvm_overhead(subject)
    problems = []
    if heap + overhead > limit:
        problems.append(
            Problem(
                f"The JVM needs {_mib(heap)} of heap and {_mib(overhead)} beside it, more than "
                f"the limit {_mib(limit)}.",
                path="resources.limits.memory",
                value=_mib(limit),
                limit=_mib(heap + overhead),
            )
        )
    elif jvm_settings(subject) == JvmFlags():
        problems.append(
            Problem(
                f"No heap size is set: the JVM uses a quarter of the limit ({_mib(heap)} of "
                f"{_mib(limit)}).",
                path="runtime_env.JAVA_TOOL_OPTIONS",
                value="25 %",
                severity=Severity.WARN,
            )
        )
    return judge(subject, "R01", problems)


def jvm_collector(subject: Subject) -> Verdict:
    """R02: a small container silently changes the garbage collector."""
    if runtime_of(subject.component) is not Runtime.JVM:
        return None
    item = subject.main_container
    cpu, memory = item.cpu_limit_millicores, item.memory_limit_bytes
    small_cpu = cpu is not None and cpu < SERVER_CPU_MILLICORES
    small_memory = memory is not None and memory < SERVER_MEMORY_BYTES
    problems = []
    if small_cpu or small_memory:
        problems.append(
            Problem(
                f"With {amount_text('cpu', cpu)} CPU limit and {amount_text('memory', memory)} the "
                "JVM picks the serial collector; set a collector if pauses matter.",
                path="resources.limits",
                value=f"{amount_text('cpu', cpu)}, {amount_text('memory', memory)}",
                limit="2 CPUs, 1792Mi",
            )
        )
    return judge(subject, "R02", problems)


def stated_heap(subject: Subject) -> int | None:
    """The heap of a search engine or broker in bytes; None when nothing sets it."""
    return jvm_settings(subject).heap_max_bytes


def half_heap_fits(subject: Subject) -> Verdict:
    """R10: the other half is the page cache that makes these products fast."""
    limit = subject.main_container.memory_limit_bytes
    if not is_half_heap(subject) or limit is None:
        return None
    heap = stated_heap(subject)
    if heap is None:
        return None
    problems = []
    if heap * 2 > limit or heap > LARGEST_COMPRESSED_HEAP_BYTES:
        problems.append(
            Problem(
                f"The heap {_mib(heap)} is more than half of the limit {_mib(limit)}, or above "
                "31Gi.",
                path="resources.limits.memory",
                value=_mib(heap),
                limit=_mib(min(limit // 2, LARGEST_COMPRESSED_HEAP_BYTES)),
            )
        )
    return judge(subject, "R10", problems)


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("R01", jvm_fits),
    ("R02", jvm_collector),
    ("R10", half_heap_fits),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
