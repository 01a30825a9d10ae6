"""How much memory a runtime needs inside its limit; shared by the checks and their repairs.

What a JVM uses beside its heap follows cloudfoundry/java-buildpack-memory-calculator: metaspace
(about 100 MB for a typical Spring Boot app), one 1 MiB stack per thread, direct memory 10 MB; the
code cache's reserved 240 MB are mostly untouched, so 64 MiB stand for it and for the collector.
"""

from __future__ import annotations

import math

from rva.runtimes import (
    HALF_HEAP_PRODUCTS,
    Runtime,
    command_words,
    image_name,
    jvm_settings,
    runtime_of,
    runtime_of_language,
    settings,
    size_bytes,
)
from rva.subject import DATABASES, Subject
from schemas.context import Role
from schemas.quantities import GIB, MIB

JVM_METASPACE_BYTES = 100 * MIB
JVM_STACK_BYTES = MIB
JVM_DIRECT_BYTES = 10 * MIB
JVM_RESERVE_BYTES = 64 * MIB
JVM_DEFAULT_THREADS = 50
"""Where nothing says how many: compiler and collector threads and a small pool."""
JVM_DEFAULT_HEAP_FRACTION = 0.25
"""Of the memory that the JVM sees (JDK ergonomics, ``MaxRAMPercentage``)."""
LARGEST_COMPRESSED_HEAP_BYTES = 31 * GIB
"""Above about 32 GB the JVM doubles the size of its pointers (Elasticsearch, heap size)."""
OLD_SPACE_FRACTION = 0.75
"""``--max-old-space-size`` over memory (Node.js CLI documentation: 1536 MB of 2 GB)."""
REDIS_FRACTION = 0.75
"""``maxmemory`` over memory, the rest for fragmentation and copies while saving."""
POSTGRES_FRACTION = 0.8
"""PostgreSQL's own buffers over memory, the rest for processes and the page cache."""
_POSTGRES_DEFAULTS = {
    "shared_buffers": 128 * MIB,
    "work_mem": 4 * MIB,
    "maintenance_work_mem": 64 * MIB,
}
_POSTGRES_CONNECTIONS = 100


def jvm_overhead(subject: Subject) -> int:
    """Bytes a JVM uses beside its heap."""
    runtime = subject.component.runtime
    threads = max(JVM_DEFAULT_THREADS, min(runtime.threads or 0, 2000))
    return JVM_METASPACE_BYTES + threads * JVM_STACK_BYTES + JVM_DIRECT_BYTES + JVM_RESERVE_BYTES


def jvm_heap(subject: Subject, limit_bytes: int) -> int:
    """Largest heap in bytes under a limit: ``-Xmx``, else the fraction, else a quarter."""
    flags = jvm_settings(subject)
    if flags.heap_max_bytes is not None:
        return flags.heap_max_bytes
    return int(limit_bytes * (flags.heap_max_fraction or JVM_DEFAULT_HEAP_FRACTION))


def is_half_heap(subject: Subject) -> bool:
    """Whether the product needs as much memory beside the heap as in it."""
    return subject.component.third_party in HALF_HEAP_PRODUCTS


def redis_maxmemory(subject: Subject) -> int | None:
    """``--maxmemory`` of the command in bytes; None when not given."""
    found = [size_bytes(v) for k, v in settings(command_words(subject)) if k == "maxmemory"]
    return found[-1] if found else None


def postgres_need(subject: Subject) -> tuple[int, bool]:
    """Bytes that PostgreSQL's settings add up to, and whether the command states any of them.

    Stated settings count in full: shared buffers, work_mem for every connection, maintenance.
    With the defaults only what is surely used counts: shared buffers and maintenance.
    """
    given = dict(settings(command_words(subject)))
    stated = [key for key in (*_POSTGRES_DEFAULTS, "max_connections") if key in given]
    sizes = {
        key: size_bytes(given.get(key, "")) or default
        for key, default in _POSTGRES_DEFAULTS.items()
    }
    need = sizes["shared_buffers"] + sizes["maintenance_work_mem"]
    if stated:
        text = given.get("max_connections", "")
        connections = int(text) if text.isascii() and text.isdigit() else _POSTGRES_CONNECTIONS
        need += min(connections, 100_000) * sizes["work_mem"]
    return math.ceil(need / POSTGRES_FRACTION), bool(stated)


def minimum_memory_mib(subject: Subject) -> tuple[str, int] | None:
    """The policy's smallest viable memory, with the word it stands under; None when there is none.

    The most particular word wins: framework, product, machine learning, then the runtime.
    """
    limits = subject.world.limits
    for word in _words(subject):
        value = limits.whole(f"minimum_memory_mib.{word}")
        if value is not None:
            return word, value
    return None


def _words(subject: Subject) -> list[str]:
    component = subject.component
    runtime = runtime_of(component)
    words = [_key(component.framework), _key(component.third_party)]
    if runtime is Runtime.JVM and (component.role in DATABASES or is_half_heap(subject)):
        words.append("jvm_database")
    if component.role is Role.ML_INFERENCE and component.third_party is None:
        words.append("machine_learning")
    if runtime is Runtime.STATIC:
        words.append(_key(image_name(component.base_image or "")))
    if runtime is Runtime.UNKNOWN:
        # A product keeps its own settings, but what it is written in starts in no less.
        runtime = runtime_of_language(component.language)
    return [word for word in (*words, runtime.value) if word]


def _key(value: str | None) -> str:
    return "_".join((value or "").lower().replace("-", " ").split())


def workers(subject: Subject) -> int:
    """Worker processes of the main container; 1 when nothing says more."""
    declared = subject.variable("WEB_CONCURRENCY") or ""
    from_variable = int(declared) if declared.isascii() and declared.isdigit() else 0
    count = subject.component.runtime.workers or min(from_variable, 4096)
    return max(1, count)


def workers_need(subject: Subject) -> int | None:
    """Bytes that all workers need at least; None when the policy knows no floor per worker."""
    floor = subject.world.limits.whole(
        f"minimum_worker_memory_mib.{runtime_of(subject.component).value}"
    )
    return None if floor is None else floor * MIB * workers(subject)
