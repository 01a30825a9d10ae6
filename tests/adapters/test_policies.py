from __future__ import annotations

from pathlib import Path

import pytest

from adapters.policies import load_policies
from schemas.context import Role
from schemas.errors import SettingsError

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "rva" / "policies" / "default.yaml"


def written(directory, text):
    file = directory / "acme.yaml"
    file.write_text(text)
    return file


def over(directory, text):
    return load_policies(DEFAULT, written(directory, text))


RULE = """
rules:
  - id: org.rule
    severity: warn
    message: Too much.
    condition: plan.replicas < 9
    roles: [cache]
"""


def test_the_default_policy_has_limits_for_every_tier_and_no_rules():
    policies = load_policies(DEFAULT)

    assert policies.name == "default"
    assert policies.limits["minimum_replicas.high"] == 2
    assert policies.limits["cpu_limits"] == "optional"
    assert policies.rules == ()
    assert policies.disabled == {}


def test_the_example_of_an_organisation_loads():
    policies = load_policies(DEFAULT, ROOT / "examples" / "policies" / "organisation.yaml")

    assert policies.name == "acme"
    assert policies.limits["cpu_limits"] == "require"
    assert policies.limits["minimum_replicas.high"] == 3
    assert policies.limits["minimum_replicas.normal"] == 2, "the rest is the default's"
    assert len(policies.rules) == 3
    assert set(policies.disabled) == {"P10"}


def test_one_value_for_all_tiers_replaces_those_of_the_default(tmp_path):
    limits = over(tmp_path, "limits: {minimum_replicas: 4}").limits

    assert limits["minimum_replicas"] == 4
    assert not any(key.startswith("minimum_replicas.") for key in limits)


def test_a_framework_may_get_a_minimum_of_its_own(tmp_path):
    limits = over(tmp_path, "limits: {minimum_memory_mib: {quarkus: 200}}").limits

    assert limits["minimum_memory_mib.quarkus"] == 200
    assert limits["minimum_memory_mib.jvm"] == 256


def test_a_rule_keeps_its_file_as_source(tmp_path):
    (rule,) = over(tmp_path, RULE).rules

    assert rule.id == "org.rule"
    assert rule.roles == (Role.CACHE,)
    assert rule.source.endswith("acme.yaml")


def test_a_switched_off_check_keeps_its_reason(tmp_path):
    assert over(tmp_path, "disabled: {P10: we have none}").disabled == {"P10": "we have none"}


REFUSED = {
    "unknown_section": ("limit: {}", "'limit' is not one of"),
    "unknown_setting": ("limits: {minimum_replica: 2}", "limits.minimum_replica is not a setting"),
    "unknown_tier": ("limits: {minimum_replicas: {gold: 2}}", "minimum_replicas.gold"),
    "another_type": ("limits: {minimum_replicas: two}", "must be float"),
    "another_word": ("limits: {cpu_limits: never}", "forbid, optional, require"),
    "a_number_for_yes": ("limits: {memory_limit_equals_request: 1}", "must be bool"),
    "negative": ("limits: {minimum_replicas: -1}", "not be negative"),
    "nested": ("limits: {minimum_replicas: {low: {a: 1}}}", "no number, word or yes/no"),
    "no_reason": ("disabled: {P10: }", "needs a reason"),
    "rules_are_no_list": ("rules: {a: 1}", "rules is no list"),
    "rule_is_no_mapping": ("rules: [a]", "rule 1 is no mapping"),
    "no_condition": (RULE.replace("condition: plan.replicas < 9", ""), "condition is missing"),
    "condition_is_no_text": (RULE.replace("plan.replicas < 9", "true"), "condition is missing"),
    "foreign_id": (RULE.replace("org.rule", "T01"), "must be org."),
    "unknown_severity": (RULE.replace("warn", "fatal"), "severity must be one of"),
    "unknown_role": (RULE.replace("cache", "king"), "roles must be a list of"),
    "unknown_key": (RULE.replace("message:", "text:"), "'text' is not one of"),
    "doubled": (RULE + RULE.replace("rules:\n", "").lstrip("\n"), "given twice"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_policy_is_refused_by_name(tmp_path, text, reason):
    with pytest.raises(SettingsError) as caught:
        over(tmp_path, text)

    assert reason in caught.value.message
    assert "acme.yaml" in caught.value.message
    assert caught.value.exit_code == 2


def test_a_slip_gets_the_nearest_setting_as_a_hint(tmp_path):
    with pytest.raises(SettingsError) as caught:
        over(tmp_path, "limits: {minimum_replicaz: 2}")

    assert caught.value.hint == "Did you mean minimum_replicas?"


def test_too_many_rules_are_refused(tmp_path):
    rules = "\n".join(
        f"  - {{id: org.r{i}, severity: warn, message: m, condition: 'true'}}" for i in range(201)
    )

    with pytest.raises(SettingsError, match="at most 200"):
        over(tmp_path, f"rules:\n{rules}")
