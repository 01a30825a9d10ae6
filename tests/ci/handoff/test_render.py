import json
import unicodedata

import pytest
import yaml

from ci.handoff.render import render
from schemas.context import Role
from schemas.plan import Amounts, Autoscaling, Resources
from schemas.recommendation import Cost, Recommendation

FORMATS = ("table", "yaml", "json", "patch", "manifest")


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def row(text, name):
    return next(line for line in lines(text) if line.split()[:1] == [name])


def test_the_table_has_one_row_per_component(shop):
    text = render(shop, "table", width=120)
    assert row(text, "api").split() == [
        "api", "backend", "api", "3", "250m/500m", "512Mi/1Gi", "0.72", "docs", "1", "field",
    ]  # fmt: skip
    assert " 3-9 " in row(text, "web")
    assert " 1/- " in row(text, "postgres")
    assert row(text, "worker").endswith("new")
    assert "FAILED  legacy (pipa): no runtime is known" in text


def test_findings_come_worst_first_then_what_was_repaired(shop):
    text = render(shop, "table", width=120)
    block = text.index("BLOCK A13  postgres: one replica cannot give zero downtime")
    info = text.index("INFO R03  web: no readiness probe")
    fixed = text.index("fixed P01  api:")
    assert block < info < fixed
    assert "(found 1 replica, bound 2 replicas)" in text
    assert "[resources.limits.memory: not set -> 1Gi]" in text


def test_cost_names_unit_and_source(shop):
    text = " ".join(render(shop, "table", width=120).split())
    assert "per month 61.25 USD, 120.50 with all autoscalers at their maximum" in text
    assert "-12.00 against the current manifests" in text
    assert "unit USD per month of 730 hours" in text
    assert "source opencost default prices" in text
    assert "api unknown: no price for GPUs" in text


def test_an_unknown_cost_is_said_to_be_unknown(build):
    cost = Cost(unknown="no price list")
    text = render(build.recommendation(build.component(), cost=cost), "table", width=120)
    assert "unknown  no price list" in text


def test_what_was_not_checked_is_listed_by_reason(build):
    skipped = {"L02": "no cluster is known", "M01": "no history", "C01": "no cluster is known"}
    rec = build.recommendation(build.component(), checks_skipped=skipped)
    listed = lines(render(rec, "table", width=120))
    start = listed.index("Not checked")
    assert listed[start + 1 : start + 3] == [
        "  no cluster is known  C01, L02",
        "  no history  M01",
    ]


@pytest.mark.parametrize("width", [10, 72, 80, 100, 120, 200, 1000])
def test_the_table_keeps_to_its_width_and_breaks_no_amount(shop, width):
    text = render(shop, "table", width=width)
    assert max(map(len, lines(text))) <= max(72, min(width, 200))
    joined = ("250m/500m", "512Mi/1Gi", "1/-", "2Gi/2Gi")
    below = ("250m/", "500m", "512Mi/", "1Gi", "2Gi/")
    for part in (*(joined if width >= 80 else below), "0.72", "docs", "new", "backend"):
        assert part in text


def test_the_widest_amounts_fit_eighty_columns(build):
    amounts = Amounts(cpu=12_345, memory=(12_345 << 20))
    item = build.component(
        "inventory-api",
        role=Role.VECTOR_DATABASE,
        resources=Resources(requests=amounts, limits=amounts),
        autoscaling=Autoscaling(min_replicas=10, max_replicas=100, target_cpu_percent=70),
    )
    text = render(build.recommendation(item), "table", width=80)
    for part in ("inventory", "12345m/", "12345Mi/", "10-100", "docs", "new"):
        assert part in text
    assert max(map(len, lines(text))) <= 80


def test_there_is_colour_only_on_request(shop):
    plain = render(shop, "table", width=100)
    assert "\x1b" not in plain
    assert "\x1b[" in render(shop, "table", width=100, colour=True)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_no_format_lets_a_control_character_through(request, format_, which):
    text = render(request.getfixturevalue(which), format_, width=100)
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in bad]
    assert text.endswith("\n")


def test_markup_of_a_stranger_is_shown_as_text(hostile):
    assert "[bold red]markup[/]" in " ".join(render(hostile, "table", width=200).split())


def test_the_yaml_is_the_contract(shop):
    text = render(shop, "yaml")
    assert 'requests: {cpu: "250m", memory: "512Mi"}' in text
    loaded = yaml.safe_load(text)
    assert loaded["api"] == {
        "replicas": 3,
        "resources": {
            "requests": {"cpu": "250m", "memory": "512Mi"},
            "limits": {"cpu": "500m", "memory": "1Gi"},
        },
    }
    assert loaded["web"]["autoscaling"]["max_replicas"] == 9
    assert loaded["postgres"]["resources"]["limits"] == {"memory": "2Gi"}
    assert loaded.keys() == {item.name for item in shop.components}
    assert text.startswith("# legacy: not sized, no runtime is known\n")


def test_hostile_names_and_reasons_stay_in_their_place(hostile):
    loaded = yaml.safe_load(render(hostile, "yaml"))
    assert loaded.keys() == {item.name for item in hostile.components}


def test_the_json_reads_back_as_the_same_recommendation(shop):
    text = render(shop, "json")
    assert Recommendation.model_validate_json(text) == shop
    data = json.loads(text)
    api = data["components"][0]
    assert api["resources"]["requests"] == {"cpu": "250m", "memory": "512Mi"}
    assert {"trigger", "components", "findings", "cost", "run"} <= data.keys()


def test_patch_and_manifest_are_streams_of_documents(shop):
    patches = list(yaml.safe_load_all(render(shop, "patch")))
    assert [doc["metadata"]["name"] for doc in patches] == [
        item.target.name for item in shop.components if item.target
    ]
    manifests = list(yaml.safe_load_all(render(shop, "manifest")))
    assert [doc["kind"] for doc in manifests] == ["HorizontalPodAutoscaler", "Deployment"]


def test_nothing_of_a_sort_is_an_empty_text(build):
    rec = build.recommendation(build.component())
    assert render(rec, "patch") == ""
    assert render(rec, "manifest") == ""


def test_no_component_at_all_is_said(build):
    rec = build.recommendation(cost=Cost(unknown="nothing to price"))
    assert "No component was sized." in render(rec, "table", width=100)
    assert render(rec, "yaml") == "{}\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_recommendation_gives_the_same_text(shop, format_):
    again = Recommendation.model_validate_json(shop.model_dump_json())
    assert render(shop, format_, width=100) == render(again, format_, width=100)
