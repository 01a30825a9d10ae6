"""Baselines never see their own owner, and say what their name says."""

import pytest

from pipeline.evaluation.baselines import Baselines
from pipeline.evaluation.scoring import FIELDS
from schemas.quantities import MIB
from tests.pipeline.evaluation.test_truth import row

CPU, MEMORY, _, _ = FIELDS
ROWS = [
    row(app="one/a", requests={"cpu": "100m"}, description="broker of messages in java"),
    row(app="one/b", requests={"cpu": "9000m"}, description="a shop front with pictures"),
    row(app="two/a", requests={"cpu": "300m"}, language="Java", description="java broker"),
    row(app="three/a", requests={"cpu": "500m"}, role="worker", description="shop pictures worker"),
    row(app="four/a", requests={"cpu": "700m"}, replicas=None, description="nothing alike"),
]


@pytest.fixture(scope="module")
def methods():
    return Baselines(ROWS).methods()


@pytest.mark.parametrize("name", Baselines(ROWS).methods())
def test_a_baseline_answers_for_every_row_and_never_from_its_own_owner(name):
    changed = [
        r if r["app"].split("/")[0] != "one" else {**r, "requests": {"cpu": "1"}} for r in ROWS
    ]
    before = Baselines(ROWS).methods()[name](ROWS[0]).amounts
    after = Baselines(changed).methods()[name](changed[0]).amounts
    assert before == after
    assert before[CPU]


def test_medians_are_of_rows_that_are_alike_else_of_all(methods):
    assert methods["one constant (median)"](ROWS[0]).amounts[CPU] == 500
    assert methods["median by language"](ROWS[2]).amounts[CPU] == 600  # no other Java: of all
    assert methods["median by role"](ROWS[0]).amounts[CPU] == 500
    assert methods["median by role"](ROWS[3]).amounts[CPU] == 500  # no other worker: of all


def test_the_nearest_description_gives_its_numbers(methods):
    assert methods["nearest description (TF-IDF)"](ROWS[0]).amounts[CPU] == 300
    assert methods["nearest description (TF-IDF)"](ROWS[1]).amounts[CPU] == 500


def test_fixed_baselines_state_published_sizes(methods):
    limit_range = methods["LimitRange 500m/512Mi"](ROWS[0])
    assert (limit_range.amounts[CPU], limit_range.amounts[MEMORY]) == (500, 512 * MIB)
    preset = methods["Bitnami preset by role"](ROWS[0])
    assert (preset.amounts[CPU], preset.amounts[MEMORY]) == (250, 256 * MIB)
