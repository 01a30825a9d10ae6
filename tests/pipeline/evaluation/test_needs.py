"""Memory limits beside what is known to be needed."""

import pytest

from pipeline.evaluation.needs import need_bytes, score_needs
from pipeline.evaluation.scoring import FIELDS, Prediction
from schemas.quantities import MIB
from tests.pipeline.evaluation.test_truth import row

DEMO = "open-telemetry/opentelemetry-helm-charts"
BOUTIQUE = "GoogleCloudPlatform/microservices-demo"


def limit(mib):
    return Prediction(dict.fromkeys(FIELDS, mib * MIB))


@pytest.mark.parametrize(
    ("subject", "mib"),
    [
        (row(app=DEMO, limits={"memory": "20Mi"}), 20),
        (row(app=DEMO.upper(), limits={"memory": "300Mi"}), 300),
        (row(app=DEMO, limits={}), None),
        (row(app=BOUTIQUE, service="checkoutservice", limits={"memory": "128Mi"}), 20),
        (row(app=BOUTIQUE, service="frontend", limits={"memory": "128Mi"}), None),
        (row(limits={"memory": "20Mi"}), None),
    ],
    ids=["tuned limit", "any case", "no limit", "autoscaled", "not autoscaled", "unknown app"],
)
def test_a_need_is_known_where_somebody_found_it_out(subject, mib):
    assert need_bytes(subject) == (None if mib is None else mib * MIB)


def test_a_limit_under_the_need_and_one_far_above_are_counted():
    known = row(app=DEMO, limits={"memory": "20Mi"})
    rows = [known, known, known, known, row()]
    found = score_needs(rows, [limit(19), limit(20), limit(80), limit(81), limit(1)])
    assert (found.n, found.below, found.wasted) == (4, 0.25, 0.25)


def test_a_component_that_was_not_found_is_not_judged():
    assert score_needs([row(app=DEMO), row()], [None, limit(1)]).n == 0
