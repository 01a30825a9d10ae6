"""What an earlier sizing wrote into the repository is no evidence for the next one.

The amounts of today's manifests are shown and compared, not believed; a heap that merely follows
them is no more to be believed. Else a repository that has once been sized would grow with every
further sizing.
"""

from __future__ import annotations

from pipa.runtime import Runtime, detect
from pipa.words import mib
from pipa.worksheet import Worksheet
from schemas.context import Component
from schemas.quantities import MIB

_ROUNDED_BYTES = MIB
"""The flag is in whole MiB."""


def without_own_marks(component: Component, sheet: Worksheet) -> Component:
    """The component without a heap that is what `runtime_env` writes for today's limit."""
    if not _follows_limit(component, sheet):
        return component
    heap_mib = (component.runtime.heap_max_bytes or 0) / MIB
    text = (
        f"The heap of {mib(heap_mib)} is Node's share of the limit that the manifest states: it"
        " follows that limit, and says nothing of the need."
    )
    sheet.step("memory", text, component.runtime.evidence)
    runtime = component.runtime.model_copy(update={"heap_max_bytes": None})
    return component.model_copy(update={"runtime": runtime})


def _follows_limit(component: Component, sheet: Worksheet) -> bool:
    facts, current = component.runtime, component.current
    if detect(component).runtime is not Runtime.NODE or "NODE_OPTIONS" not in facts.environment:
        return False
    if not facts.heap_max_bytes or current is None or current.memory_limit is None:
        return False
    share = sheet.constants["runtime.node.old_space"].value
    return abs(facts.heap_max_bytes - share * current.memory_limit) <= _ROUNDED_BYTES
