import pytest

from dca.agent import NoMetrics
from dca.route import decide_route
from schemas.context import Component, FoundIn, RouteName
from schemas.ports import History

API = Component(name="api", found_in=(FoundIn.DOCKERFILE,))


class FakeMetrics:
    def __init__(self, days):
        self.days = days

    def history(self, component):
        return History(days=self.days, workload=f"shop/{component.name}")


def test_without_a_metrics_source_the_documents_decide_and_the_reason_is_given():
    route = decide_route(API, NoMetrics())
    assert route.name is RouteName.DOCS
    assert route.reason == "no metrics source is configured"
    assert route.confidence == 1.0


@pytest.mark.parametrize(("days", "name"), [(7.0, RouteName.METRICS), (30.0, RouteName.METRICS)])
def test_a_full_week_of_history_goes_the_metrics_way(days, name):
    assert decide_route(API, FakeMetrics(days)).name is name


@pytest.mark.parametrize(("days", "confidence"), [(6.99, 0.5), (3.5, 0.75), (0.0, 1.0)])
def test_too_little_history_goes_the_docs_way_with_less_confidence(days, confidence):
    route = decide_route(API, FakeMetrics(days))
    assert route.name is RouteName.DOCS
    assert route.confidence == confidence
    assert "7 are needed" in route.reason
    assert "shop/api" in route.reason
