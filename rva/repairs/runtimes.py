"""Repairs of what a runtime does with its limit: heap flags, variables, memory."""

from __future__ import annotations

import math
import re

from rva.bounds import container_span
from rva.checks.jvm import HEAP_VARIABLES, stated_heap
from rva.checks.runtime import (
    DOTNET_VARIABLES,
    go_wanted,
    native_threads,
    old_space_bytes,
)
from rva.heaps import (
    JVM_DEFAULT_HEAP_FRACTION,
    LARGEST_COMPRESSED_HEAP_BYTES,
    OLD_SPACE_FRACTION,
    REDIS_FRACTION,
    jvm_overhead,
    minimum_memory_mib,
    postgres_need,
    redis_maxmemory,
    workers_need,
)
from rva.repairs.amounts import friendly_memory, with_memory_limit, with_variable
from rva.runtimes import JvmFlags, jvm_flags, jvm_settings, planned_jvm_variable
from rva.subject import Subject
from schemas.plan import ComponentPlan
from schemas.quantities import MIB

LARGEST_HEAP_PERCENT = 75
"""``MaxRAMPercentage`` that guides give (70 to 80): the rest is for everything beside the heap."""
_HEAP_FLAG = re.compile(
    r"-Xm[xs][0-9]{1,15}[kKmMgG]?|-XX:(?:Max|Initial)RAMPercentage=[0-9.]{1,12}"
)
_OLD_SPACE = re.compile(r"--max[-_]old[-_]space[-_]size[= ][0-9]{1,9}")


def fit_jvm_heap(subject: Subject) -> ComponentPlan | None:
    """R01: a share of the limit for the heap; memory where the repository fixes the heap."""
    limit = subject.main_container.memory_limit_bytes
    if limit is None:
        return None
    flags, overhead = jvm_settings(subject), jvm_overhead(subject)
    variable = planned_jvm_variable(subject)
    ours = variable is not None and jvm_flags(subject.plan.runtime_env[variable]) == flags
    percent = heap_percent(limit, overhead)
    if ours or flags == JvmFlags():
        name = variable or "JAVA_TOOL_OPTIONS"
        if subject.computed_variable(name) and variable is None:
            return None
        if percent > JVM_DEFAULT_HEAP_FRACTION * 100:
            return with_variable(subject.plan, name, _with_percentage(subject, name, percent))
        return _raise(subject, overhead / (1 - JVM_DEFAULT_HEAP_FRACTION) * 1.05)
    if flags.heap_max_bytes is not None:
        return _raise(subject, flags.heap_max_bytes + overhead)
    fraction = min(flags.heap_max_fraction or JVM_DEFAULT_HEAP_FRACTION, 0.95)
    return _raise(subject, overhead / (1 - fraction))


def heap_percent(limit_bytes: int, overhead_bytes: int) -> int:
    """The heap's share of a limit in whole percent: what is left, at most three quarters.

    >>> heap_percent(1024 * MIB, 224 * MIB)
    75
    """
    return min(LARGEST_HEAP_PERCENT, math.floor((limit_bytes - overhead_bytes) / limit_bytes * 100))


def _with_percentage(subject: Subject, name: str, percent: int) -> str:
    kept = _HEAP_FLAG.sub("", subject.variable(name) or "").split()
    return " ".join([*kept, f"-XX:MaxRAMPercentage={percent}.0"])


def set_go_variables(subject: Subject) -> ComponentPlan | None:
    """R03: ``GOMEMLIMIT`` and, before Go 1.25, ``GOMAXPROCS``."""
    plan = subject.plan
    for name, value in go_wanted(subject).items():
        plan = with_variable(plan, name, value) or plan
    return None if plan == subject.plan else plan


def fit_old_space(subject: Subject) -> ComponentPlan | None:
    """R04: a smaller old space where the plan sets it, more memory where the repository does."""
    limit, heap = subject.main_container.memory_limit_bytes, old_space_bytes(subject)
    if limit is None or heap is None:
        return None
    options = subject.plan.runtime_env.get("NODE_OPTIONS", "")
    if not _OLD_SPACE.search(options):
        return _raise(subject, heap / OLD_SPACE_FRACTION)
    mib = int(limit * OLD_SPACE_FRACTION) // MIB
    if mib < 1:
        return None
    fitted = f"--max-old-space-size={mib}"
    return with_variable(subject.plan, "NODE_OPTIONS", _OLD_SPACE.sub(fitted, options))


def fit_workers(subject: Subject) -> ComponentPlan | None:
    """R05, R07: memory for all workers."""
    need = workers_need(subject)
    return None if need is None else _raise(subject, need)


def fit_dotnet_heap(subject: Subject) -> ComponentPlan | None:
    """R06: 75 percent (4B in hexadecimal), in place of what the plan or the repository says."""
    name = next((n for n in DOTNET_VARIABLES if subject.variable(n)), DOTNET_VARIABLES[0])
    return with_variable(subject.plan, name, "4B")


def fit_postgres(subject: Subject) -> ComponentPlan | None:
    """R08: memory for the buffers that its settings ask for."""
    return _raise(subject, postgres_need(subject)[0])


def fit_redis(subject: Subject) -> ComponentPlan | None:
    """R09: memory for the stated maxmemory and a fork."""
    stated = redis_maxmemory(subject)
    return _raise(subject, stated / REDIS_FRACTION) if stated else None


def fit_half_heap(subject: Subject) -> ComponentPlan | None:
    """R10: half of the limit for the heap where the plan sets it, twice the heap where not."""
    limit, heap = subject.main_container.memory_limit_bytes, stated_heap(subject)
    if limit is None or heap is None:
        return None
    variable = planned_jvm_variable(subject)
    if variable is None or stated_heap(subject) != _planned_heap(subject, variable):
        variable = HEAP_VARIABLES.get(subject.component.third_party or "")
        if heap <= LARGEST_COMPRESSED_HEAP_BYTES or variable is None:
            return _raise(subject, heap * 2)
    mib = min(limit // 2, LARGEST_COMPRESSED_HEAP_BYTES) // MIB
    if mib < 1:
        return None
    kept = _HEAP_FLAG.sub("", subject.variable(variable) or "").split()
    value = " ".join([*kept, f"-Xms{mib}m", f"-Xmx{mib}m"])
    return with_variable(subject.plan, variable, value)


def raise_to_viable(subject: Subject) -> ComponentPlan | None:
    """R11: the policy's minimum for the runtime."""
    found = minimum_memory_mib(subject)
    return None if found is None else _raise(subject, found[1] * MIB)


def cap_thread_pools(subject: Subject) -> ComponentPlan | None:
    """R12: as many threads as the CPU limit."""
    return with_variable(subject.plan, "OMP_NUM_THREADS", str(native_threads(subject)))


def _planned_heap(subject: Subject, variable: str) -> int | None:
    return jvm_flags(subject.plan.runtime_env[variable]).heap_max_bytes


def _raise(subject: Subject, need: float) -> ComponentPlan | None:
    """A memory limit of at least `need` bytes, as far as it may be raised; never lowered."""
    limit = subject.main_container.memory_limit_bytes or 0
    wanted = min(friendly_memory(math.ceil(need)), container_span(subject, "memory").high)
    return with_memory_limit(subject, wanted) if wanted > limit else None
