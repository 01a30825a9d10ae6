import pytest

from dca.route import NO_SOURCE, route_by_days
from schemas.context import RouteName
from schemas.usage import WorkloadKey

KEY = WorkloadKey.parse("shop/Deployment/api")
MANIFEST = (1.0, "the manifest's namespace, kind and name")


def route(days, min_days=3.0, found=MANIFEST):
    return route_by_days(days, min_days, KEY, "app", found)


def test_without_a_metrics_source_the_documents_decide_and_the_reason_is_given():
    assert NO_SOURCE.name is RouteName.DOCS
    assert NO_SOURCE.reason == "no metrics source is configured"
    assert NO_SOURCE.confidence == 1.0


@pytest.mark.parametrize("days", [2.96, 3.0, 30.0])
def test_enough_history_goes_the_metrics_way(days):
    found = route(days)
    assert found.name is RouteName.METRICS
    assert (found.workload, found.container) == (KEY, "app")
    assert "3 days are enough" in found.reason


@pytest.mark.parametrize(("days", "confidence"), [(2.9, 0.52), (1.5, 0.75), (0.0, 1.0)])
def test_too_little_history_goes_the_docs_way_with_less_confidence(days, confidence):
    found = route(days)
    assert found.name is RouteName.DOCS
    assert found.confidence == confidence
    assert "3 days are needed, so it counts as evidence only" in found.reason
    assert "shop/Deployment/api" in found.reason


def test_a_short_history_still_names_the_workload_that_has_it():
    found = route(1.0)
    assert (found.workload, found.container) == (KEY, "app")


def test_the_boundary_is_a_setting():
    assert route(1.0, min_days=1.0).name is RouteName.METRICS
    assert route(13.0, min_days=14.0).name is RouteName.DOCS


def test_a_workload_that_is_not_certain_says_how_sure_it_is():
    found = route(14.0, found=(0.75, "the same name"))
    assert found.confidence == 0.75
    assert "found by the same name (75% sure)" in found.reason
