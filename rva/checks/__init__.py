"""The checks, each a pure function of a subject; `CHECKS` is all of them."""

from __future__ import annotations

from rva.checks import (
    autoscaling,
    availability,
    cluster,
    jvm,
    metrics,
    output,
    policy,
    runtime,
    technical,
)
from rva.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *technical.CHECKS,
    *policy.CHECKS,
    *availability.CHECKS,
    *autoscaling.CHECKS,
    *jvm.CHECKS,
    *runtime.CHECKS,
    *cluster.CHECKS,
    *metrics.CHECKS,
    *output.CHECKS,
)
BY_ID = {check.id: check for check in CHECKS}
