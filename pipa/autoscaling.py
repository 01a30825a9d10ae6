"""Whether a component is scaled by load, and between which counts."""

from __future__ import annotations

import math

from pipa.demand import SERVING, Situation
from pipa.replicas import Bounds
from pipa.tier import Tier
from pipa.worksheet import Worksheet
from schemas.context import Component, Role, WorkloadKind
from schemas.plan import Autoscaling, CountInterval

_SCALED = SERVING - {Role.ML_INFERENCE}


def autoscale(
    component: Component,
    situation: Situation,
    bounds: Bounds,
    replicas: CountInterval,
    sheet: Worksheet,
) -> Autoscaling | None:
    """A horizontal autoscaler for stateless serving components whose load is known or spiky."""
    wanted = situation.spiky or situation.load is not None
    stateless = component.kind is WorkloadKind.DEPLOYMENT and not component.has_volume
    if (
        component.role not in _SCALED
        or situation.tier is Tier.SAMPLE
        or not (wanted and stateless)
        or bounds.ceiling < 2
    ):
        return None
    growth = sheet.use("autoscaling.growth").target
    most = min(bounds.ceiling, max(replicas.high, math.ceil(replicas.target * growth)))
    # Three times more than planned is the edge of what the estimate can vouch for.
    most = min(most, math.ceil(replicas.target * sheet.use("autoscaling.growth").high))
    least = max(bounds.floor, replicas.target)
    if situation.spiky:
        quiet = sheet.use("autoscaling.quiet").target
        least = max(bounds.floor, math.ceil(replicas.target * quiet))
    target = round(sheet.use("autoscaling.target").target)
    why = "spiky" if situation.spiky else "stated, and may grow"
    sheet.step(
        "autoscaling",
        f"The load is {why}: between {least} and {max(least, most)} pods at {target} % of the CPU"
        f" request, from {replicas.target} planned pods.",
        situation.about_load,
    )
    return Autoscaling(min_replicas=least, max_replicas=max(least, most), target_cpu_percent=target)
