"""How many pods: what the role allows, what availability asks for, what the load needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipa.demand import SERVING, STATEFUL, Situation
from pipa.tier import Tier
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import Component, Role, WorkloadKind
from schemas.plan import CountInterval
from schemas.trigger import Environment

_RUNS = (WorkloadKind.JOB, WorkloadKind.CRON_JOB, WorkloadKind.DAEMON_SET)
_SCHEDULERS = frozenset({"beat", "scheduler", "clock", "clockwork", "cron", "singleton"})
_EMBEDDED_STORES = frozenset({"sqlite", "h2", "leveldb", "boltdb", "badger", "rocksdb"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What limits the number of pods of a role."""

    floor: int
    """Pods for availability alone."""
    ceiling: int
    """Never more than this."""
    odd: bool = False
    """Members vote: only odd counts."""
    low: int = 1
    """The fewest that are defensible without a load."""
    high: int = 1
    """The most that are defensible without a load."""

    def fit(self, wanted: int) -> int:
        """The nearest allowed count that is not below what is wanted, as far as that goes."""
        count = min(max(wanted, self.floor, 1), self.ceiling)
        if self.odd and count % 2 == 0:
            count = count + 1 if count + 1 <= self.ceiling else count - 1
        return count


def bounds(component: Component, situation: Situation, sheet: Worksheet) -> Bounds:
    """Floor and ceiling of the component's own code (products have their own rule)."""
    reason = singleton_reason(component)
    if situation.autoscaled and component.role not in STATEFUL:
        reason = None  # what is scaled in fact has no volume that one pod must have to itself
    if component.kind in _RUNS:
        one = round(sheet.use("replicas.run").target)
        per = "node" if component.kind is WorkloadKind.DAEMON_SET else "run"
        sheet.step(
            "replicas", f"{component.kind.value}: {one} pod per {per}, not a count to choose."
        )
        return Bounds(one, one)
    if reason:
        one = round(sheet.use("replicas.singleton").target)
        sheet.step("replicas", f"Exactly {one} pod: {reason}.", component.evidence)
        return Bounds(one, one)
    key, why = _floor(component, situation, sheet)
    pods = sheet.use(key)
    floor = round(pods.target)
    sheet.step("replicas", f"At least {floor} for availability: {why}.", situation.about_use)
    stand_by = component.role is Role.CONTROLLER
    most = sheet.constants["replicas.controller_critical" if stand_by else "replicas.most"]
    return Bounds(floor, round(most.value), low=round(pods.low), high=round(pods.high))


def singleton_reason(component: Component) -> str | None:
    """Why there can be only one pod, or None."""
    if component.role in STATEFUL:
        return "it holds data and has no replication that this model could vouch for"
    stores = [use.name for use in component.uses if use.name.lower() in _EMBEDDED_STORES]
    if stores:
        return f"it writes to a file store of its own ({stores[0]})"
    if component.has_volume and component.kind is WorkloadKind.DEPLOYMENT:
        return "its volume can be mounted by one pod at a time"
    if hands_out_work(component):
        return "it hands out scheduled work, and two would hand it out twice"
    return None


def hands_out_work(component: Component) -> bool:
    """A scheduler such as Celery beat, by its start command or its name."""
    words = {word.lower() for word in component.start_command}
    return bool((words | set(component.name.split("-"))) & _SCHEDULERS)


def _floor(component: Component, situation: Situation, sheet: Worksheet) -> tuple[str, str]:
    """Id of the figure for availability, and why it is that one."""
    if situation.tier is Tier.SAMPLE:
        return "replicas.sample", "nobody depends on it"
    strict = needs_no_downtime(situation, sheet)
    in_production = situation.environment is Environment.PROD
    if situation.autoscaled and component.role in SERVING | {Role.WORKER}:
        return "replicas.autoscaled", "it is scaled with its load, so several share it"
    if component.role in SERVING and in_production:
        if strict:
            return "replicas.serving_critical", "one is replaced, one may fail, one must serve"
        if situation.installation:
            return "replicas.installation", "a product ships one, more are for whoever needs them"
        return "replicas.serving", "one may be replaced while the other serves"
    if component.role in SERVING:
        return "replicas.background", "a short outage is acceptable here"
    if component.role is Role.CONTROLLER:
        key = "replicas.controller_critical" if strict and in_production else "replicas.controller"
        return key, "one leader does the work"
    if component.role is Role.WORKER and situation.tier is Tier.PRODUCTION:
        return "replicas.background_production", "the queue is drained while one is replaced"
    return "replicas.background", "a short outage is acceptable here"


def needs_no_downtime(situation: Situation, sheet: Worksheet) -> bool:
    """An outage is expensive, or ruled out by the description, in production."""
    demand = situation.demand
    if situation.environment is not Environment.PROD:
        return False
    if situation.critical or demand.zero_downtime:
        return True
    if demand.availability is None:
        return False
    return demand.availability >= sheet.use("replicas.zero_downtime_availability").target


def for_load(needed_millicores: float, pod_millicores: float) -> int:
    """Pods that carry a load, by CPU: 3300m at 500m each are 7."""
    return max(1, math.ceil(round(needed_millicores / pod_millicores, 6)))


def interval(low: int, target: int, high: int) -> CountInterval:
    """An ordered interval around the target."""
    return CountInterval(low=min(low, target), target=target, high=max(high, target))


def count_text(by_load: int, chosen: int, pod: float) -> str:
    """The sentence that says how many pods the load needs."""
    some = "1 pod" if by_load == 1 else f"{by_load} pods"
    return f"{some} of {number(pod)}m would carry the load; {chosen} planned."
