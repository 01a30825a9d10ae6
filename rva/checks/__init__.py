"""The checks, each a pure function of a subject; `CHECKS` is all of them in catalogue order."""

from __future__ import annotations

from rva.checks import availability, cluster, output, policy, runtime, technical
from rva.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *technical.CHECKS,
    *policy.CHECKS,
    *availability.CHECKS,
    *runtime.CHECKS,
    *cluster.CHECKS,
    *output.CHECKS,
)
BY_ID = {check.id: check for check in CHECKS}
