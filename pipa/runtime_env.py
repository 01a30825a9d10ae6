"""Variables that keep a runtime inside its limits; none that the repository sets already."""

from __future__ import annotations

import math
import re

from pipa.cpu import Subject
from pipa.libraries import COMPUTE_GROUPS
from pipa.runtime import Runtime
from pipa.words import mib, number
from pipa.worksheet import Worksheet
from schemas.quantities import MIB

_MILLICORES_PER_CORE = 1000
_JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS")
_THREADED_GROUPS = COMPUTE_GROUPS | {"numeric"}
_GO_VERSION = re.compile(r"^(?:go)?1\.(\d{1,4})")


def runtime_env(
    subject: Subject, memory_limit_bytes: int, cpu_limit_millicores: int | None, sheet: Worksheet
) -> dict[str, str]:
    """Variables for the runtime, each with a step that says why."""
    limit_mib = memory_limit_bytes / MIB
    rules = {
        Runtime.GO: _go,
        Runtime.NODE: _node,
        Runtime.JVM: _jvm,
        Runtime.DOTNET: _dotnet,
        Runtime.PYTHON: _python,
    }
    rule = rules.get(subject.profile.runtime)
    return rule(subject, limit_mib, cpu_limit_millicores, sheet) if rule else {}


def _go(subject: Subject, limit_mib: float, cpu: int | None, sheet: Worksheet) -> dict[str, str]:
    present, result = subject.component.runtime.environment, {}
    if "GOMEMLIMIT" not in present:
        share = sheet.use("runtime.go.memory_limit").target
        amount = int(limit_mib * share)
        result["GOMEMLIMIT"] = f"{amount}MiB"
        text = f"GOMEMLIMIT {amount}MiB is {number(share)} of the limit of {mib(limit_mib)}."
        sheet.step("runtime", text)
    if cpu is not None and "GOMAXPROCS" not in present and not _reads_limit(subject, sheet):
        cores = _cores(cpu)
        result["GOMAXPROCS"] = str(cores)
        text = (
            f"GOMAXPROCS {cores}: this Go, or an unknown one, may start a thread per core of the"
            " node and be throttled."
        )
        sheet.step("runtime", text, subject.component.evidence[:3])
    return result


def _reads_limit(subject: Subject, sheet: Worksheet) -> bool:
    match = _GO_VERSION.match(subject.component.language_version or "")
    aware = sheet.use("runtime.go.container_aware").target
    return match is not None and int(match.group(1)) >= aware


def _node(subject: Subject, limit_mib: float, _cpu: int | None, sheet: Worksheet) -> dict[str, str]:
    facts = subject.component.runtime
    if facts.heap_max_bytes or "NODE_OPTIONS" in facts.environment:
        return {}
    share = sheet.use("runtime.node.old_space").target
    amount = int(limit_mib * share)
    text = f"Node's old space {amount} MiB is {number(share)} of the limit of {mib(limit_mib)}."
    sheet.step("runtime", text)
    return {"NODE_OPTIONS": f"--max-old-space-size={amount}"}


def _jvm(subject: Subject, limit_mib: float, _cpu: int | None, sheet: Worksheet) -> dict[str, str]:
    facts = subject.component.runtime
    fixed = facts.heap_max_bytes or facts.heap_max_fraction
    taken = any(name in facts.environment for name in _JAVA_VARIABLES)
    if fixed or taken or subject.profile.variant == "jvm_native":
        return {}
    small = limit_mib <= sheet.use("runtime.jvm.small_container").target
    share = sheet.use("runtime.jvm.heap_small" if small else "runtime.jvm.heap").target
    stacks = (facts.threads or 0) * sheet.use("memory.thread.jvm").target
    percent = max(1, int(100 * (share - stacks / limit_mib)))
    text = (
        f"No heap is fixed, and HotSpot alone would take a quarter: MaxRAMPercentage {percent} of"
        f" {mib(limit_mib)} leaves room for metaspace, code cache and {mib(stacks)} of stacks."
    )
    sheet.step("runtime", text, facts.evidence)
    return {"JAVA_TOOL_OPTIONS": f"-XX:MaxRAMPercentage={percent}.0"}


def _dotnet(
    subject: Subject, _limit_mib: float, _cpu: int | None, sheet: Worksheet
) -> dict[str, str]:
    present = subject.component.runtime.environment
    if any("GCHeapHardLimit" in name for name in present):
        return {}
    percent = round(100 * sheet.use("runtime.dotnet.heap").target)
    text = f"The .NET heap may take {percent} % of the limit (the variable is hexadecimal)."
    sheet.step("runtime", text)
    return {"DOTNET_GCHeapHardLimitPercent": f"{percent:X}"}


def _python(
    subject: Subject, _limit_mib: float, cpu: int | None, sheet: Worksheet
) -> dict[str, str]:
    present = subject.component.runtime.environment
    threaded = _THREADED_GROUPS.intersection(subject.groups)
    if cpu is None or not threaded or "OMP_NUM_THREADS" in present:
        return {}
    cores = _cores(cpu)
    text = f"Native thread pools start a thread per core of the node; {cores} fit the CPU limit."
    sheet.step("runtime", text, subject.component.evidence[:3])
    return {"OMP_NUM_THREADS": str(cores)}


def _cores(cpu_millicores: int) -> int:
    return max(1, math.ceil(cpu_millicores / _MILLICORES_PER_CORE))
