"""What a repair is: a pure function from a subject to a better plan, named from a closed list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from rva.subject import Subject
from schemas.plan import ComponentPlan


class Repair(StrEnum):
    """Everything that the loop may do to a plan."""

    CLAMP_TO_INTERVAL = "clamp_to_interval"
    WITHHOLD_TEXT = "withhold_text"
    SET_REQUESTS = "set_requests"
    SET_MEMORY_LIMIT = "set_memory_limit"
    SIZE_EXTRA_CONTAINER = "size_extra_container"
    RAISE_MEMORY_TO_MINIMUM = "raise_memory_to_minimum"
    RAISE_CPU_TO_MINIMUM = "raise_cpu_to_minimum"
    RAISE_LIMIT_TO_REQUEST = "raise_limit_to_request"
    EQUAL_MEMORY = "equal_memory"
    EQUAL_AMOUNTS = "equal_amounts"
    SET_CPU_LIMIT = "set_cpu_limit"
    RAISE_MEMORY_REQUEST = "raise_memory_request"
    CAP_TO_LIMIT_RANGE = "cap_to_limit_range"
    CAP_TO_CEILING = "cap_to_ceiling"
    CAP_TO_NODE = "cap_to_node"
    CAP_REPLICAS = "cap_replicas"
    SET_REPLICAS = "set_replicas"
    SET_HPA_BOUNDS = "set_hpa_bounds"
    SINGLE_REPLICA = "single_replica"
    ADD_PDB = "add_pdb"
    LOOSEN_PDB = "loosen_pdb"
    RAISE_CPU_LIMIT = "raise_cpu_limit"
    FIT_HEAP = "fit_heap"
    RAISE_MEMORY_FOR_RUNTIME = "raise_memory_for_runtime"
    SET_RUNTIME_ENV = "set_runtime_env"
    RAISE_MEMORY_TO_MEASURED = "raise_memory_to_measured"
    RAISE_CPU_TO_MEASURED = "raise_cpu_to_measured"
    KEEP_IN_FORCE = "keep_in_force"
    BOUND_DECREASE = "bound_decrease"


class Phase(IntEnum):
    """Order of repairs of equal severity: what others build on comes first, caps come late."""

    FORM = 0
    """Numbers inside their intervals, texts that may be shown."""
    MISSING = 1
    MINIMUM = 2
    RUNTIME = 3
    RELATION = 4
    """Equalities and ratios between amounts."""
    CAP = 5
    LIMIT = 6
    COUNT = 7
    ROOM = 8
    """Counts held against quota and nodes."""
    BESIDE = 9
    """What follows from the final numbers: budgets and variables."""


Operator = Callable[[Subject], ComponentPlan | None]
"""The repaired plan; None when this repair can do nothing for the subject."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The repair for one check."""

    repair: Repair
    phase: Phase
    apply: Operator
