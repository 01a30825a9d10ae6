"""What the user asks of measured numbers reaches the agent that makes them."""

from __future__ import annotations

from adapters.settings import Settings
from pipa.usage.settings import UsageSettings
from pipeline.wiring import agents


def test_the_settings_of_metrics_reach_the_usage_model():
    settings = Settings(
        metrics_risk="careful",
        metrics_min_change_percent=5,
        metrics_max_decrease_percent=30,
        knowledge="off",
    )
    _, pipa, _ = agents(settings)
    assert pipa.usage == UsageSettings("careful", 0.05, 0.3)


def test_the_defaults_of_both_are_the_same():
    assert agents(Settings(knowledge="off"))[1].usage == UsageSettings()
