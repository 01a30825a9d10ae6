"""The agent: all components, and a failure stays with the one it belongs to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipa.agent import PipaAgent
from schemas.context import Demand, Role, WorkloadKind
from schemas.errors import SettingsError
from schemas.plan import DraftPlan


def test_every_component_has_a_plan_in_order(component, context):
    demand = Demand(peak_rps=100)
    parts = (
        component(name="web", language="TypeScript", role=Role.WEB_FRONTEND, demand=demand),
        component(name="api", language="Go", demand=demand),
        component(
            name="db",
            third_party="postgresql",
            role=Role.SQL_DATABASE,
            kind=WorkloadKind.STATEFUL_SET,
            demand=demand,
        ),
    )
    draft = PipaAgent().draft(context(*parts))
    assert [plan.component for plan in draft.components] == ["web", "api", "db"]
    assert draft.failures == ()
    assert DraftPlan.model_validate_json(draft.model_dump_json()) == draft


def test_each_citation_is_in_the_draft_once(component, context):
    parts = [component(name=name, language="Go") for name in ("a", "b")]
    draft = PipaAgent().draft(context(*parts))
    ids = [item.id for item in draft.evidence]
    cited = {id_ for plan in draft.components for step in plan.reasoning for id_ in step.evidence}
    assert len(ids) == len(set(ids))
    assert cited == set(ids)


def test_a_failing_component_does_not_sink_the_others(component, context, constants):
    without = {id_: item for id_, item in constants.by_id.items() if id_ != "memory.base.rust"}
    agent = PipaAgent(replace(constants, by_id=without))
    parts = [component(name="a", language="Go"), component(name="b", language="Rust")]
    draft = agent.draft(context(*parts))
    assert [plan.component for plan in draft.components] == ["a"]
    (failure,) = draft.failures
    assert (failure.component, failure.stage) == ("b", "pipa.capacity")
    assert "memory.base.rust" in failure.message


def test_even_a_defect_stays_with_its_component(component, context, constants, caplog):
    broken = dict(constants.by_id)
    broken["memory.base.rust"] = None
    agent = PipaAgent(replace(constants, by_id=broken))
    parts = [component(name="a", language="Rust"), component(name="b", language="Go")]
    draft = agent.draft(context(*parts))
    assert [plan.component for plan in draft.components] == ["b"]
    assert draft.failures[0].message.startswith("AttributeError")
    assert "component_failed" in caplog.text


def test_an_app_without_components_has_an_empty_draft(context):
    assert PipaAgent().draft(context()) == DraftPlan(components=())


def test_a_broken_installation_is_not_hidden(component, context, monkeypatch):
    def broken():
        raise SettingsError("memory.yaml cannot be read")

    monkeypatch.setattr("pipa.agent.load_constants", broken)
    with pytest.raises(SettingsError):
        PipaAgent().draft(context(component(language="Go")))
