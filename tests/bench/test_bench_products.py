"""The bench of third-party products leaves out what it says it leaves out."""

from __future__ import annotations

import json

import pytest

from bench import products as bench
from bench.products import Bench, component_for
from pipa.constants import load_constants
from pipa.observations import source_of
from schemas.context import Role, WorkloadKind


def row(component="postgresql", repository="someone/charts", **fields):
    return {
        "component": component,
        "role": "sql_database",
        "source_repo": repository,
        "profile": "default",
        "workload_kind": "StatefulSet",
        "replicas": 1,
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"cpu": None, "memory": "512Mi"},
        **fields,
    }


ROWS = [
    row(),
    row(repository="other/charts", requests={"cpu": "1", "memory": "1Gi"}),
    row("mysql", "third/charts", requests={"cpu": "400m", "memory": None}),
    row("postgresql", "bitnami/charts", profile="preset nano"),
]


@pytest.fixture(scope="module")
def measured():
    return Bench(ROWS)


def test_a_row_becomes_the_component_that_deploys_it():
    component = component_for(row("redis", role="cache", workload_kind="Sidecar", profile="ha"))
    assert (component.third_party, component.role) == ("redis", Role.CACHE)
    assert component.kind is WorkloadKind.DEPLOYMENT
    assert component.demand.sample is False
    assert component_for(row("unheard-of")).third_party == "unheard-of"
    assert component_for(row(profile="demo")).demand.sample is True


def test_no_fact_of_the_rows_own_repository_is_found(measured):
    component = component_for(row())
    _, everything = measured._documented(component, "nobody/nothing")
    repositories = {source_of(item.source) for item in everything}
    assert "zalando/postgres-operator" in repositories
    for repository in repositories:
        found, evidence = measured._documented(component, repository)
        assert repository not in {source_of(item.source) for item in evidence}
        assert {item.id for item in evidence} == set(found.documents)


def test_no_rule_that_cites_the_repository_is_used(measured):
    constants = load_constants()
    cited = {
        key: source_of(constants.sources[product.source].url)
        for key, product in constants.products.items()
        if product.source.startswith("chart-")
    }
    for key, repository in cited.items():
        left = measured._uncited(row(key, repository)).products
        assert key not in left
        assert all(
            source_of(constants.sources[p.source].url) != repository or k[:9] == "fallback-"
            for k, p in left.items()
        )


def test_without_rules_only_the_middles_of_the_other_repositories_are_left(measured):
    left = measured._ruleless(ROWS[0]).products
    assert all(key.startswith("fallback-") for key in left)
    fallback = left["fallback-sql-database"]
    assert (fallback.cpu_request, fallback.memory_request) == (400, 640)


def test_the_same_product_elsewhere_is_the_median_of_the_others(measured):
    assert measured._same(ROWS[1], ("requests", "cpu")) == 100
    assert measured._same(ROWS[2], ("requests", "cpu")) is None


def test_shares_count_factors_both_ways():
    figures = bench._shares(ROWS[:2], ("requests", "cpu"), lambda *_: 200.0)
    assert figures["n"] == 2
    assert figures["within_2"] == 0.5
    assert figures["within_4"] == 0.5
    assert figures["factor"] == pytest.approx(10**0.5)
    assert bench._shares(ROWS[:1], ("limits", "cpu"), lambda *_: 1.0) == {"n": 0}


def test_the_command_prints_tables_and_writes_files(tmp_path, capsys, monkeypatch):
    charts, rows, figures = (tmp_path / name for name in ("c.jsonl", "r.jsonl", "f.json"))
    table = row("preset-nano", workload_kind="any")
    charts.write_text("".join(f"{json.dumps(item)}\n" for item in [*ROWS, table]))
    command = ["products", "--charts", str(charts), "--rows", str(rows), "--json", str(figures)]
    monkeypatch.setattr("sys.argv", command)
    assert bench.main() == 0
    printed = capsys.readouterr().out
    assert "rules citing it dropped, facts" in printed
    assert "same product elsewhere" in printed
    assert "replicas, " in printed
    assert len(rows.read_text().splitlines()) == len(ROWS)
    assert set(json.loads(figures.read_text())) == {"sizes", "replicas"}
