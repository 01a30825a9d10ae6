from __future__ import annotations

import pytest

from rva.limits import Limits, at_least, tier_of
from schemas.context import Criticality, Demand
from schemas.trigger import Environment

LOW, NORMAL, HIGH, CRITICAL = Criticality
PROD, STAGING, DEV = Environment.PROD, Environment.STAGING, Environment.DEV

TIERS = {
    "nothing_said": (Demand(), PROD, NORMAL),
    "stated": (Demand(criticality=CRITICAL), PROD, CRITICAL),
    "stated_low": (Demand(criticality=LOW), PROD, LOW),
    "zero_downtime": (Demand(zero_downtime=True), PROD, HIGH),
    "zero_downtime_lowers_nothing": (
        Demand(zero_downtime=True, criticality=CRITICAL),
        PROD,
        CRITICAL,
    ),
    "availability": (Demand(availability=0.9995), PROD, HIGH),
    "less_availability": (Demand(availability=0.999), PROD, NORMAL),
    "a_sample_is_low": (Demand(sample=True, zero_downtime=True), PROD, LOW),
    "dev_is_low": (Demand(criticality=CRITICAL), DEV, LOW),
    "staging_is_normal_at_most": (Demand(criticality=CRITICAL), STAGING, NORMAL),
    "staging_raises_nothing": (Demand(criticality=LOW), STAGING, LOW),
}


@pytest.mark.parametrize(("demand", "environment", "tier"), TIERS.values(), ids=TIERS)
def test_the_tier_follows_from_what_is_asked_and_where(build, demand, environment, tier):
    assert tier_of(build.component(demand=demand), environment) is tier


def test_a_setting_of_the_tier_goes_before_the_general_one():
    limits = Limits({"a": 1, "a.high": 2, "word": "x", "on": True})

    assert limits.number("a", HIGH) == 2
    assert limits.number("a", LOW) == 1
    assert limits.whole("absent") is None
    assert limits.text("word") == "x"
    assert limits.text("a") == ""
    assert limits.flag("on")
    assert not limits.flag("word")


def test_tiers_are_ordered():
    assert at_least(CRITICAL, HIGH)
    assert at_least(HIGH, HIGH)
    assert not at_least(NORMAL, HIGH)
