from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.policies import load_policies
from rva.policies import DEFAULT_POLICY
from rva.policies.cel import MAX_CHARACTERS, rule_checks, variables_of
from schemas.context import CurrentSizing, Role
from schemas.errors import SettingsError
from schemas.ports import Policy
from schemas.recommendation import Severity
from schemas.trigger import ClusterFacts


def rule(condition, **fields):
    values = {"id": "org.rule", "severity": "warn", "message": "Broken.", "source": "acme.yaml"}
    return Policy(condition=condition, **(values | fields))


def judged(build, condition, **fields):
    (check,) = rule_checks([rule(condition, **fields)])
    return check.run(build.subject())


HOLDING = {
    "numbers": "plan.replicas >= 2 && plan.memory_limit_bytes == 536870912",
    "words": 'component.role == "backend_api" && environment == "prod"',
    "tier": 'component.tier in ["normal", "high"]',
    "absent": "!has(plan.cpu_limit_millicores)",
    "arithmetic": "plan.memory_limit_bytes <= 4 * plan.memory_request_bytes",
    "match": 'component.name.matches("^[a-z]+$")',
    "map": "size(plan.runtime_env) == 0",
    "macro": '["api", "web"].exists(name, name == component.name)',
    "ternary": "has(plan.storage_bytes) ? plan.storage_bytes > 0 : true",
}


@pytest.mark.parametrize("condition", HOLDING.values(), ids=HOLDING)
def test_a_condition_that_is_true_passes(build, condition):
    assert judged(build, condition).passed


def test_a_condition_that_is_false_is_a_finding_in_the_rules_words(build):
    finding = judged(build, "plan.replicas > 5", severity="block")

    assert not finding.passed
    assert finding.severity is Severity.BLOCK
    assert finding.id == "org.rule"
    assert finding.message == "Broken."
    assert finding.limit == "plan.replicas > 5"
    assert finding.source == "acme.yaml"
    assert finding.fix is not None


UNDECIDED = {
    "unknown_name": "nothing == 1",
    "absent_field": "plan.cpu_limit_millicores < 100",
    "wrong_types": 'plan.replicas > "two"',
    "division": "1 / 0 == 1",
    "no_boolean": "plan.replicas",
    "bad_pattern": 'component.name.matches("(")',
}


@pytest.mark.parametrize("condition", UNDECIDED.values(), ids=UNDECIDED)
def test_a_rule_that_cannot_be_evaluated_blocks_whatever_its_severity(build, condition):
    finding = judged(build, condition, severity="info")

    assert not finding.passed
    assert finding.severity is Severity.BLOCK
    assert "could not be evaluated" in finding.message
    assert "org.rule" in finding.message


def test_a_rule_for_other_roles_says_nothing(build):
    assert judged(build, "false", roles=(Role.CACHE,)) is None
    assert not judged(build, "false", roles=(Role.BACKEND_API,)).passed


REFUSED = {
    "syntax": ("plan.replicas >", "not valid CEL"),
    "empty": ("  ", "empty"),
    "long": ("true || " * 300 + "true", "characters"),
    "deep": ("(" * 40 + "true" + ")" * 40, "nested"),
    "macros": ("[1].all(a, [1].all(b, [1].all(c, true)))", "more than 2"),
    "long_list": (f"[{'1,' * 100}1].all(a, a == 1)", "list"),
}


@pytest.mark.parametrize(("condition", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_condition_is_refused_with_file_rule_and_column(condition, reason):
    with pytest.raises(SettingsError) as caught:
        rule_checks([rule(condition)])

    assert "acme.yaml" in caught.value.message
    assert "org.rule" in caught.value.message
    assert "column" in caught.value.message
    assert reason in caught.value.message
    assert caught.value.exit_code == 2


def test_a_pattern_that_backtracks_elsewhere_is_linear_here(build):
    hostile = '("' + "a" * 900 + '!").matches("^(a+)+$") == false'

    assert len(hostile) < MAX_CHARACTERS
    assert judged(build, hostile).passed


def test_conditions_see_units_and_only_what_is_known(build):
    current = CurrentSizing(cpu_request=100)
    component = build.component(workload=build.workload(), current=current)
    facts = ClusterFacts(namespace="shop")

    seen = variables_of(build.subject(component, cluster=facts))

    assert seen["plan"]["cpu_request_millicores"] == 200
    assert "cpu_limit_millicores" not in seen["plan"]
    assert seen["current"] == {"cpu_request_millicores": 100}
    assert seen["cluster"] == {"namespace": "shop", "nodes": 0}
    assert seen["environment"] == "prod"


def test_the_rules_of_the_example_can_all_be_evaluated(build):
    example = Path(__file__).parents[3] / "examples" / "policies" / "organisation.yaml"
    policies = load_policies(DEFAULT_POLICY, example)

    findings = [check.run(build.subject()) for check in rule_checks(policies.rules)]

    assert [item.passed for item in findings if item is not None] == [True]
    database = build.subject(build.component(role=Role.SQL_DATABASE))
    assert [
        item.id
        for check in rule_checks(policies.rules)
        if (item := check.run(database)) and not item.passed
    ] == ["org.production-databases-have-a-volume"]


def test_heavy_libraries_are_not_imported_without_rules():
    heavy = "{'celpy', 'kubernetes_validate', 'jsonschema'}"
    code = f"import sys, rva.agent; sys.exit(bool({heavy} & set(sys.modules)))"
    root = Path(__file__).parents[3]

    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
