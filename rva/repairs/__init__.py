"""The closed list of repairs; `REMEDIES` says which one answers which check."""

from __future__ import annotations

from rva.repairs import counts, runtimes, sizes
from rva.repairs.base import Phase, Remedy, Repair

REMEDIES: dict[str, Remedy] = {
    "L02": Remedy(Repair.CLAMP_TO_INTERVAL, Phase.FORM, sizes.clamp_to_interval),
    "L04": Remedy(Repair.WITHHOLD_TEXT, Phase.FORM, sizes.withhold_text),
    "P02": Remedy(Repair.SET_REQUESTS, Phase.MISSING, sizes.set_requests),
    "P05": Remedy(Repair.SET_REQUESTS, Phase.MISSING, sizes.set_requests),
    "T01": Remedy(Repair.SIZE_EXTRA_CONTAINER, Phase.MISSING, sizes.size_extra_containers),
    "T12": Remedy(Repair.SIZE_EXTRA_CONTAINER, Phase.MISSING, sizes.size_extra_containers),
    "A03": Remedy(Repair.SIZE_EXTRA_CONTAINER, Phase.MISSING, sizes.size_extra_containers),
    "P01": Remedy(Repair.SET_MEMORY_LIMIT, Phase.MISSING, sizes.set_memory_limit),
    "T02": Remedy(Repair.RAISE_MEMORY_TO_MINIMUM, Phase.MINIMUM, sizes.raise_memory_to_minimum),
    "T03": Remedy(Repair.RAISE_CPU_TO_MINIMUM, Phase.MINIMUM, sizes.raise_cpu_to_minimum),
    "R01": Remedy(Repair.FIT_HEAP, Phase.RUNTIME, runtimes.fit_jvm_heap),
    "R05": Remedy(Repair.RAISE_MEMORY_FOR_RUNTIME, Phase.RUNTIME, runtimes.fit_workers),
    "R07": Remedy(Repair.RAISE_MEMORY_FOR_RUNTIME, Phase.RUNTIME, runtimes.fit_workers),
    "R08": Remedy(Repair.RAISE_MEMORY_FOR_RUNTIME, Phase.RUNTIME, runtimes.fit_postgres),
    "R09": Remedy(Repair.RAISE_MEMORY_FOR_RUNTIME, Phase.RUNTIME, runtimes.fit_redis),
    "R10": Remedy(Repair.FIT_HEAP, Phase.RUNTIME, runtimes.fit_half_heap),
    "R11": Remedy(Repair.RAISE_MEMORY_TO_MINIMUM, Phase.RUNTIME, runtimes.raise_to_viable),
    "A16": Remedy(Repair.RAISE_CPU_LIMIT, Phase.RUNTIME, sizes.raise_start_cpu),
    "P03": Remedy(Repair.EQUAL_MEMORY, Phase.RELATION, sizes.equal_memory),
    "P04": Remedy(Repair.EQUAL_AMOUNTS, Phase.RELATION, sizes.equal_amounts),
    "P06": Remedy(Repair.SET_CPU_LIMIT, Phase.RELATION, sizes.follow_cpu_limit_policy),
    "P07": Remedy(Repair.RAISE_MEMORY_REQUEST, Phase.RELATION, sizes.raise_memory_request),
    "P08": Remedy(Repair.CAP_TO_LIMIT_RANGE, Phase.CAP, sizes.cap_to_limit_range),
    "C01": Remedy(Repair.CAP_TO_NODE, Phase.CAP, sizes.cap_to_node),
    "P14": Remedy(Repair.CAP_TO_CEILING, Phase.CAP, counts.cap_to_ceilings),
    "T04": Remedy(Repair.RAISE_LIMIT_TO_REQUEST, Phase.LIMIT, sizes.raise_limit_to_request),
    "A01": Remedy(Repair.SET_REPLICAS, Phase.COUNT, counts.set_replicas),
    "A05": Remedy(Repair.SET_HPA_BOUNDS, Phase.COUNT, counts.set_hpa_bounds),
    "A11": Remedy(Repair.SET_REPLICAS, Phase.COUNT, counts.keep_one_available),
    "A12": Remedy(Repair.SET_REPLICAS, Phase.COUNT, counts.odd_members),
    "A13": Remedy(Repair.SINGLE_REPLICA, Phase.COUNT, counts.single_replica),
    "A14": Remedy(Repair.SINGLE_REPLICA, Phase.COUNT, counts.single_replica),
    "P09": Remedy(Repair.CAP_REPLICAS, Phase.ROOM, counts.cap_replicas),
    "C02": Remedy(Repair.CAP_REPLICAS, Phase.ROOM, counts.cap_replicas),
    "A08": Remedy(Repair.ADD_PDB, Phase.BESIDE, counts.guard_disruption),
    "A09": Remedy(Repair.LOOSEN_PDB, Phase.BESIDE, counts.guard_disruption),
    "R03": Remedy(Repair.SET_RUNTIME_ENV, Phase.BESIDE, runtimes.set_go_variables),
    "R04": Remedy(Repair.SET_RUNTIME_ENV, Phase.BESIDE, runtimes.fit_old_space),
    "R06": Remedy(Repair.SET_RUNTIME_ENV, Phase.BESIDE, runtimes.fit_dotnet_heap),
    "R12": Remedy(Repair.SET_RUNTIME_ENV, Phase.BESIDE, runtimes.cap_thread_pools),
}
"""By check id. A check without an entry needs a person: its finding names what to do."""
