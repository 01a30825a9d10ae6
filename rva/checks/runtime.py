"""R: what a language runtime or a product makes of its limit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from rva.checks.base import Check, Problem, Skipped, Verdict, by_hand, judge
from rva.checks.base import mib_text as _mib
from rva.heaps import (
    OLD_SPACE_FRACTION,
    REDIS_FRACTION,
    minimum_memory_mib,
    postgres_need,
    redis_maxmemory,
    workers,
    workers_need,
)
from rva.runtimes import Runtime, runtime_of
from rva.subject import Subject
from schemas.quantities import MIB
from schemas.recommendation import Severity

GO_MEMORY_FRACTION = 0.9
"""``GOMEMLIMIT`` over the limit (Go GC guide: leave 5 to 10 % for what Go does not know of)."""
_GO_LOW, _GO_HIGH = 0.79, 0.951
"""What is accepted: the guides that say 80 %, and the rounding of both bounds."""
_GO_SIZE = re.compile(r"([0-9]{1,18})(B|KiB|MiB|GiB|TiB)?")
_GO_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_OLD_SPACE = re.compile(r"--max[-_]old[-_]space[-_]size[= ]([0-9]{1,9})")
_VERSION = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,4}))?")
_NATIVE_POOLS = frozenset(
    {"torch", "tensorflow", "onnxruntime", "numpy", "scipy", "scikit-learn", "xgboost"}
    | {"lightgbm", "faiss-cpu", "faiss", "pandas", "sentence-transformers", "transformers"}
)


def go_wanted(subject: Subject) -> dict[str, str]:
    """Variables that a Go process lacks or has wrong, with the values that suit the limits."""
    if runtime_of(subject.component) is not Runtime.GO:
        return {}
    item = subject.main_container
    wanted: dict[str, str] = {}
    limit = item.memory_limit_bytes
    if limit is not None and not subject.computed_variable("GOMEMLIMIT"):
        size = go_size_bytes(subject.variable("GOMEMLIMIT") or "")
        if size is None or not _GO_LOW * limit <= size <= _GO_HIGH * limit:
            wanted["GOMEMLIMIT"] = go_memory_limit(limit)
    cpu = item.cpu_limit_millicores
    if cpu is not None and go_ignores_cpu_limit(subject):
        processes = str(max(1, math.ceil(cpu / 1000)))
        if subject.variable("GOMAXPROCS") != processes:
            wanted["GOMAXPROCS"] = processes
    return wanted


def go_memory_limit(limit_bytes: int) -> str:
    """``GOMEMLIMIT`` for a memory limit: nine tenths, whole MiB where that is exact enough."""
    size = int(limit_bytes * GO_MEMORY_FRACTION)
    return f"{size // MIB}MiB" if size >= 16 * MIB else f"{size}B"


def go_size_bytes(value: str) -> int | None:
    """A ``GOMEMLIMIT`` in bytes; None when it is none (``off`` included)."""
    found = _GO_SIZE.fullmatch(value.strip())
    return int(found[1]) * _GO_UNITS[found[2] or ""] if found else None


def go_ignores_cpu_limit(subject: Subject) -> bool:
    """Go before 1.25 sees the node's CPUs; nothing is said of an unknown version."""
    if subject.computed_variable("GOMAXPROCS"):
        return False
    libraries = " ".join(subject.component.libraries)
    if "automaxprocs" in libraries:
        return False
    found = _VERSION.match(subject.component.language_version or "")
    if found is None:
        return False
    return (int(found[1]), int(found[2] or 0)) < (1, 25)


def go_knows_limits(subject: Subject) -> Verdict:
    """R03: otherwise the collector runs into the limit, and threads into the quota."""
    if runtime_of(subject.component) is not Runtime.GO:
        return None
    problems = [
        Problem(
            f"{name} is {subject.variable(name) or 'not set'}; {value} suits the limits.",
            path=f"runtime_env.{name}",
            value=subject.variable(name) or "not set",
            limit=value,
        )
        for name, value in go_wanted(subject).items()
    ]
    return judge(subject, "R03", problems)


def old_space_bytes(subject: Subject) -> int | None:
    """V8's old-space limit in bytes; None when not set."""
    found = _OLD_SPACE.findall(subject.variable("NODE_OPTIONS") or "")
    return int(found[-1]) * MIB if found else subject.component.runtime.heap_max_bytes


def node_fits(subject: Subject) -> Verdict:
    """R04: buffers and code stay outside of the old space."""
    limit = subject.main_container.memory_limit_bytes
    if runtime_of(subject.component) is not Runtime.NODE or limit is None:
        return None
    heap = old_space_bytes(subject)
    if heap is None:
        return None
    problems = []
    if heap > limit * OLD_SPACE_FRACTION:
        problems.append(
            Problem(
                f"V8 may use {_mib(heap)} of the limit {_mib(limit)}; more than three quarters.",
                path="runtime_env.NODE_OPTIONS",
                value=_mib(heap),
                limit=_mib(int(limit * OLD_SPACE_FRACTION)),
            )
        )
    return judge(subject, "R04", problems)


def python_fits(subject: Subject) -> Verdict:
    """R05: every worker is a process of its own; more of them than CPUs only switch."""
    if runtime_of(subject.component) is not Runtime.PYTHON or workers(subject) < 2:
        return None
    problems = _worker_problems(subject)
    cpu = subject.main_container.cpu_limit_millicores
    count = workers(subject)
    most = None if cpu is None else math.floor(2 * cpu / 1000) + 1
    if most is not None and count > most:
        problems.append(
            Problem(
                f"{count} workers share a CPU limit of {cpu}m; gunicorn's rule gives {most}.",
                path="runtime.workers",
                value=str(count),
                limit=str(most),
                severity=Severity.WARN,
                fix=by_hand("fewer_workers", "workers", str(count), str(most)),
            )
        )
    return judge(subject, "R05", problems)


def processes_fit(subject: Subject) -> Verdict:
    """R07: the pool is as large as its configuration says, not as the limit allows."""
    if runtime_of(subject.component) not in (Runtime.PHP, Runtime.RUBY) or workers(subject) < 2:
        return None
    return judge(subject, "R07", _worker_problems(subject))


def dotnet_fits(subject: Subject) -> Verdict:
    """R06: the default heap limit is 75 %; a larger one leaves no room for native memory."""
    if runtime_of(subject.component) is not Runtime.DOTNET:
        return None
    problems = []
    percent = dotnet_percent(subject)
    if percent is not None and percent > 75:
        problems.append(
            Problem(
                f"The .NET heap may take {percent} % of the limit.",
                path="runtime_env.DOTNET_GCHeapHardLimitPercent",
                value=f"{percent} %",
                limit="75 %",
            )
        )
    return judge(subject, "R06", problems)


DOTNET_VARIABLES = ("DOTNET_GCHeapHardLimitPercent", "COMPlus_GCHeapHardLimitPercent")


def dotnet_percent(subject: Subject) -> int | None:
    """The heap limit in percent (the variable is hexadecimal); None when not set."""
    for name in DOTNET_VARIABLES:
        value = (subject.variable(name) or "").lower().removeprefix("0x")
        if re.fullmatch(r"[0-9a-f]{1,2}", value):
            return int(value, 16)
    return None


def postgres_fits(subject: Subject) -> Verdict:
    """R08: shared buffers, work_mem of all connections and maintenance below 0.8 of the limit."""
    limit = subject.main_container.memory_limit_bytes
    if subject.component.third_party != "postgresql" or limit is None:
        return None
    need, stated = postgres_need(subject)
    problems = []
    if need > limit:
        what = "its settings" if stated else "its default buffers"
        problems.append(
            Problem(
                f"PostgreSQL needs {_mib(need)} for {what}; the limit is {_mib(limit)}.",
                path="resources.limits.memory",
                value=_mib(limit),
                limit=_mib(need),
            )
        )
    return judge(subject, "R08", problems)


def redis_fits(subject: Subject) -> Verdict:
    """R09: saving forks, and what changes meanwhile is held twice."""
    limit = subject.main_container.memory_limit_bytes
    if subject.component.third_party not in ("redis", "valkey") or limit is None:
        return None
    stated = redis_maxmemory(subject)
    problems = []
    if not stated:
        problems.append(
            Problem(
                "No maxmemory is set: Redis grows until it is killed at the limit.",
                path="command",
                value="not set",
                limit=_mib(int(limit * REDIS_FRACTION)),
                severity=Severity.WARN,
                fix=by_hand(
                    "set_maxmemory", "maxmemory", "not set", _mib(int(limit * REDIS_FRACTION))
                ),
            )
        )
    elif stated > limit * REDIS_FRACTION:
        problems.append(
            Problem(
                f"maxmemory {_mib(stated)} is above three quarters of the limit {_mib(limit)}.",
                path="resources.limits.memory",
                value=_mib(limit),
                limit=_mib(math.ceil(stated / REDIS_FRACTION)),
            )
        )
    return judge(subject, "R09", problems)


def memory_is_viable(subject: Subject) -> Verdict:
    """R11: below this the process does not even start."""
    found = minimum_memory_mib(subject)
    limit = subject.main_container.memory_limit_bytes
    if limit is None:
        return None
    if found is None:
        return Skipped("R11", "the policy knows no minimum for the runtime")
    word, mib = found
    problems = []
    if limit < mib * MIB:
        problems.append(
            Problem(
                f"The memory limit {_mib(limit)} is below the {mib}Mi that {word} needs to start.",
                path="resources.limits.memory",
                value=_mib(limit),
                limit=f"{mib}Mi",
            )
        )
    return judge(subject, "R11", problems)


def thread_pools_capped(subject: Subject) -> Verdict:
    """R12: numerical libraries start one thread per CPU of the node."""
    if subject.main_container.cpu_limit_millicores is None or not uses_native_pools(subject):
        return None
    problems = []
    if subject.variable("OMP_NUM_THREADS") is None and not subject.computed_variable(
        "OMP_NUM_THREADS"
    ):
        problems.append(
            Problem(
                "OMP_NUM_THREADS is not set: numerical libraries start a thread per CPU of the "
                "node and are throttled at the limit.",
                path="runtime_env.OMP_NUM_THREADS",
                value="not set",
                limit=str(native_threads(subject)),
            )
        )
    return judge(subject, "R12", problems)


def uses_native_pools(subject: Subject) -> bool:
    """Whether a Python component loads libraries with thread pools of their own."""
    names = {name.lower() for name in subject.component.libraries}
    return runtime_of(subject.component) is Runtime.PYTHON and bool(names & _NATIVE_POOLS)


def native_threads(subject: Subject) -> int:
    """Threads that suit the CPU limit, at least one."""
    return max(1, math.ceil((subject.main_container.cpu_limit_millicores or 0) / 1000))


def _worker_problems(subject: Subject) -> list[Problem]:
    need, limit = workers_need(subject), subject.main_container.memory_limit_bytes
    if need is None or limit is None or need <= limit:
        return []
    return [
        Problem(
            f"{workers(subject)} worker processes need at least {_mib(need)}; the limit is "
            f"{_mib(limit)}.",
            path="resources.limits.memory",
            value=_mib(limit),
            limit=_mib(need),
        )
    ]


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("R03", go_knows_limits),
    ("R04", node_fits),
    ("R05", python_fits),
    ("R06", dotnet_fits),
    ("R07", processes_fit),
    ("R08", postgres_fits),
    ("R09", redis_fits),
    ("R11", memory_is_viable),
    ("R12", thread_pools_capped),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
