"""The figures of the model: complete, ordered, sourced, and refused when they are not."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from pipa.constants import Constants, load_constants
from pipa.libraries import _GROUPS
from pipa.runtime import Runtime
from pipa.tier import Tier
from schemas.context import Role, WorkloadKind
from schemas.errors import SettingsError
from schemas.evidence import EvidenceGrade, EvidenceKind

VARIANTS = [runtime.value for runtime in Runtime]
VARIANTS += ["node_ssr", "python_heavy", "jvm_spring", "jvm_native", "ruby_rails"]

GOOD = """
sources:
  s: {title: A source, url: "https://example.com/doc", grade: vendor}
constants:
  - {id: a.b, value: 2, low: 1, high: 3, unit: MiB, source: s, note: "why it is so"}
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_runtime_has_a_base_and_a_cost_per_request(constants: Constants, variant: str):
    assert constants[f"memory.base.{variant}"].unit == "MiB"
    assert constants[f"cpu.request.{variant}"].unit == "ms"


@pytest.mark.parametrize("runtime", list(Runtime))
@pytest.mark.parametrize("tier", [Tier.GENERAL, Tier.PRODUCTION])
def test_every_runtime_has_a_live_part_per_tier(constants: Constants, runtime: Runtime, tier: Tier):
    assert f"memory.live.{runtime.value}.{tier.value}" in constants


@pytest.mark.parametrize("runtime", list(Runtime))
def test_every_runtime_has_a_floor(constants: Constants, runtime: Runtime):
    assert f"memory.floor.{runtime.value}" in constants


@pytest.mark.parametrize("group", sorted(_GROUPS))
def test_every_group_of_libraries_has_a_figure(constants: Constants, group: str):
    assert f"memory.library.{group}" in constants


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_fallback_product_of_that_role(constants: Constants, role: Role):
    assert constants.products[f"fallback-{role.value.replace('_', '-')}"].role is role


def test_every_figure_is_ordered_and_has_an_https_source(constants: Constants):
    for constant in constants.by_id.values():
        assert constant.estimate.low <= constant.value <= constant.estimate.high, constant.id
        assert constant.source_url.startswith("https://"), constant.id
        assert constant.note, constant.id


def test_every_product_has_limits_over_requests_and_replicas_within_its_most(constants: Constants):
    for key, product in constants.products.items():
        development, production, most = product.replicas
        assert product.cpu_limit >= product.cpu_request, key
        assert product.memory_limit >= product.memory_request, key
        assert 1 <= development <= production <= most, key
        if product.odd:
            assert development % 2 == production % 2 == 1, key


def test_there_are_rules_for_well_over_eighty_products(constants: Constants):
    assert sum(not key.startswith("fallback-") for key in constants.products) >= 200


def test_single_writers_are_never_multiplied(constants: Constants):
    for key in ("postgresql", "mysql", "mariadb", "mssql", "neo4j", "redis"):
        assert constants.products[key].replicas[2] == 1, key
        assert constants.products[key].kind is WorkloadKind.STATEFUL_SET, key


def test_a_figure_becomes_evidence_with_its_range_and_source(constants: Constants):
    evidence = constants["runtime.go.memory_limit"].evidence()
    assert evidence.id == "constant:runtime.go.memory_limit"
    assert evidence.kind is EvidenceKind.CONSTANT
    assert evidence.grade is EvidenceGrade.VENDOR
    assert evidence.figures["value"] == 0.9
    assert evidence.source == "https://go.dev/doc/gc-guide"


def test_only_the_rules_that_a_vendor_states_carry_the_vendors_grade(constants: Constants):
    usual = constants.of_product("postgresql", "memory_request", "MiB")
    stated = constants.of_product("postgresql", "memory_per_connection", "MiB")
    assert usual.grade is EvidenceGrade.HEURISTIC
    assert stated.grade is EvidenceGrade.VENDOR
    assert stated.source_url == usual.source_url


def test_a_products_usual_size_has_the_spread_of_its_rule(constants: Constants):
    product = constants.products["postgresql"]
    figure = constants.of_product("postgresql", "memory_request", "MiB")
    assert figure.estimate.high == product.memory_request * product.spread


def test_an_unknown_figure_is_a_settings_error(constants: Constants):
    with pytest.raises(SettingsError, match="no.such.figure"):
        constants["no.such.figure"]
    with pytest.raises(SettingsError, match="throughput_seconds"):
        constants.of_product("redis", "throughput_seconds", "s")


def test_good_files_are_read(tmp_path: Path):
    (tmp_path / "a.yaml").write_text(GOOD)
    loaded = load_constants(tmp_path)
    assert loaded["a.b"].value == 2
    assert loaded["a.b"].source_title == "A source"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- just\n- a list\n", "should be"),
        ("sources: {s: [", "cannot be read"),
        (GOOD.replace("low: 1", "low: 9"), "not ordered"),
        (GOOD.replace("value: 2", "value: much"), "valid number"),
        (GOOD.replace("value: 2", "value: .nan"), "finite"),
        (GOOD.replace("source: s", "source: other"), "not declared"),
        (GOOD.replace("https://", "ftp://"), "pattern"),
        (GOOD.replace("unit: MiB", "unit: MiB, colour: red"), "not permitted"),
        (GOOD.replace("grade: vendor", "grade: rumour"), "Input should be"),
        (
            GOOD + GOOD.splitlines()[-1] + "\n",
            "twice",
        ),
    ],
    ids=["list", "syntax", "order", "text", "nan", "source", "url", "extra", "grade", "double"],
)
def test_a_bad_file_is_a_settings_error_that_names_it(tmp_path: Path, text: str, message: str):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_constants(tmp_path)
    assert "bad.yaml" in caught.value.message


def test_an_empty_directory_is_a_settings_error(tmp_path: Path):
    with pytest.raises(SettingsError, match="no constants"):
        load_constants(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    (tmp_path / "big.yaml").write_text("# " + "x" * (1 << 20))
    with pytest.raises(SettingsError, match="too large"):
        load_constants(tmp_path)


def test_the_garbage_collector_runs_again_after_a_bad_file(tmp_path: Path):
    (tmp_path / "bad.yaml").write_text("sources: [")
    with pytest.raises(SettingsError):
        load_constants(tmp_path)
    assert gc.isenabled()


def test_loading_is_cached():
    assert load_constants() is load_constants()


def test_a_rule_of_thumb_does_not_claim_that_a_page_states_it(constants):
    habit = constants["load.query_time"].evidence()
    assert habit.grade is EvidenceGrade.HEURISTIC
    assert habit.source.startswith("rule of thumb; compare https://")
    vendor = constants["cpu.utilisation"].evidence()
    assert vendor.grade is EvidenceGrade.VENDOR
    assert vendor.source.startswith("https://")
