"""Rows are sized from their repository alone, and never meet their own owner's facts."""

import json
import shutil
from pathlib import Path

import pytest

from adapters.settings import load_settings
from pipeline.evaluation.report import TOOL, Report, part
from pipeline.evaluation.run import (
    Evaluation,
    Outcome,
    Scope,
    Sizer,
    attempted,
    evaluate,
    prediction_line,
)
from pipeline.evaluation.table import table
from schemas.errors import InputFileError, SettingsError
from tests.pipeline.evaluation.test_truth import row

ROOT = Path(__file__).parents[3]
API = {"source_path": "api", "dockerfile": "api/Dockerfile"}
CANARY = """
component: gin
topic: frameworks
facts:
- id: canary-of-acme
  kind: benchmark
  statement: A process of the Gin framework written in Go holds this much when it is idle.
  figures: {memory_idle_mib: 90}
  applies_to: {languages: [go], frameworks: [gin]}
  source:
    url: https://github.com/ACME/elsewhere/blob/main/values.yaml
    title: The app's own chart
    grade: official_doc
    repository: acme/elsewhere
  confidence: high
"""


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "checkouts" / "Acme+shop")
    (tmp_path / "data" / "knowledge").mkdir(parents=True)
    (tmp_path / "data" / "knowledge" / "canary.yaml").write_text(CANARY)
    return tmp_path


def settings(place):
    return load_settings(
        {
            "AI_PROVISION_DATA_DIR": str(place / "data"),
            "AI_PROVISION_CACHE_DIR": str(place / "cache"),
        }
    )


def evaluation(place, rows, **scope) -> Evaluation:
    seen = []
    found = evaluate(
        rows,
        Sizer(Scope((place / "checkouts",), **scope), settings(place)),
        lambda *progress: seen.append(progress),
    )
    assert [total for _, _, total in seen] == [len(found.outcomes)] * len(seen)
    return found


def outcomes(place, rows, **scope):
    return evaluation(place, rows, **scope).outcomes


def test_facts_of_the_app_under_test_are_met_only_when_that_is_asked_for(place):
    rows = [row(**API)]
    (left_out,) = outcomes(place, rows)
    (met,) = outcomes(place, rows, leave_one_app_out=False)
    (excluded,) = outcomes(
        place,
        [row(app="Other/shop", source_repo="Acme/shop", **API)],
        leave_one_app_out=False,
        exclude_apps=frozenset({"acme/else"}),
    )
    ids = {item.id for item in met.answer.evidence}
    assert "fact:canary-of-acme" in ids
    assert met.own_facts == 1
    for outcome in (left_out, excluded):
        assert "canary" not in outcome.answer.model_dump_json()
        assert outcome.own_facts == 0


def test_nothing_is_remembered_of_an_evaluation(place):
    outcomes(place, [row(**API)])
    assert not list((place / "data").glob("*.sqlite*"))


def test_a_row_without_component_has_a_reason_and_counts_as_wrong(place):
    rows = [row(**API), row(source_path="nowhere", dockerfile=None), row(source_path=None)]
    found = evaluation(place, rows)
    assert found.outcomes[0].reason == ""
    assert "no component" in found.outcomes[1].reason
    summary = part(found, rows)
    assert (summary.rows, summary.predicted) == (2, 1)
    assert list(summary.reasons.values()) == [1]
    ours = next(item for item in summary.methods if item.name == TOOL)
    assert ours.scores.success <= 1 / 2
    assert ours.scores.fields["requests", "cpu"].unset == 1
    text = table(Report({"own code": summary}, without_source=1))
    assert "1 of 2 rows predicted: own code" in text
    assert "1 rows without source" in text


def test_a_repository_that_is_not_checked_out_is_named_and_judges_nobody(place):
    rows = [row(**API), *[row(app="Gone/app", source_path=".")] * 2]
    found = evaluation(place, rows)
    assert found.missing == {"Gone/app": 2}
    summary = part(found, rows)
    assert {item.rows for item in summary.methods} == {1}
    text = table(Report({"own code": summary}, without_source=0))
    assert "2 rows do not count, not checked out: Gone/app (2)" in text


def test_without_any_checkout_it_is_one_sentence(place):
    with pytest.raises(InputFileError, match="none of the 1 repositories is checked out"):
        outcomes(place, [row(app="Gone/app", source_path=".")])


def test_a_prediction_is_a_line_of_quantities_with_its_interval(place):
    (outcome,) = outcomes(place, [row(**API)])
    line = json.loads(json.dumps(prediction_line(outcome)))
    assert line["app"] == "Acme/shop"
    assert line["requests"].keys() == {"cpu", "memory"}
    assert line["requests"]["cpu"].endswith("m") or line["requests"]["cpu"].isdigit()
    assert line["interval"]["memory_limit"].keys() == {"low", "target", "high"}
    assert 0 < line["confidence"] <= 1


def test_the_same_rows_give_the_same_numbers(place):
    rows = [row(**API), row(app="Other/shop", source_repo="Acme/shop", **API)]
    first, second = (
        Report({"own code": part(evaluation(place, rows), rows)}, 0).as_json() for _ in "12"
    )
    assert first == second


def test_an_app_that_is_excluded_is_not_sized(place):
    rows = [row(**API), row(app="Other/shop", source_repo="Acme/shop", **API)]
    (found,) = outcomes(place, rows, exclude_apps=frozenset({"acme/shop"}))
    assert found.row["app"] == "Other/shop"


def test_nothing_to_size_is_no_error(place):
    assert outcomes(place, [row(source_path=None)]) == ()


def test_a_fault_of_the_tool_is_one_row_s_failure(caplog):
    def fail(_row) -> Outcome:
        raise ValueError("somewhere deep")

    found = attempted(row(), fail)
    assert (found.answer, found.reason) == (None, "the tool failed: ValueError")
    assert "row_failed" in caplog.text


def test_what_the_user_gave_wrong_ends_the_run():
    def refuse(_row) -> Outcome:
        raise SettingsError("the policy file cannot be read")

    with pytest.raises(SettingsError):
        attempted(row(), refuse)
