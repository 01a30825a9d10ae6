"""Rows are sized from their repository alone, and never meet their own owner's facts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.settings import load_settings
from pipeline.evaluation.report import TOOL, report, table
from pipeline.evaluation.run import Scope, evaluate, prediction_line
from schemas.errors import InputFileError
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


def outcomes(place, rows, **scope):
    seen = []
    found = evaluate(
        rows,
        Scope((place / "checkouts",), **scope),
        settings(place),
        lambda *progress: seen.append(progress),
    )
    assert [total for _, _, total in seen] == [len(found)] * len(seen)
    return found


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
    for outcome in (left_out, excluded):
        assert "canary" not in outcome.answer.model_dump_json()


def test_nothing_is_remembered_of_an_evaluation(place):
    outcomes(place, [row(**API)])
    assert not list((place / "data").glob("*.sqlite*"))


def test_a_row_without_checkout_or_component_has_a_reason_and_counts_as_wrong(place):
    rows = [
        row(**API),
        row(app="Gone/app", source_path="."),
        row(source_path="nowhere", dockerfile=None),
        row(source_path=None),
    ]
    found = outcomes(place, rows)
    reasons = [item.reason for item in found]
    assert reasons[0] == ""
    assert "Gone/app is not checked out" in reasons
    assert any("no component" in reason for reason in reasons)
    summary = report(rows, found)
    assert (summary.rows, summary.scored, summary.without_source) == (3, 1, 1)
    ours = next(item for item in summary.methods if item.name == TOOL)
    assert ours.scores.success <= 1 / 3
    assert ours.scores.fields["requests", "cpu"].unset == 2
    text = table(summary)
    assert "1 of 3 rows with source predicted" in text
    assert "Gone/app is not checked out" in text


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


def run(place, *arguments):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from ci.cli import main; sys.exit(main())",
            "eval",
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AI_PROVISION_DATA_DIR": str(place / "data"),
            "AI_PROVISION_CACHE_DIR": str(place / "cache"),
        },
        check=False,
    )


def test_the_command_prints_one_table_or_json_and_writes_predictions(place):
    (place / "truth.jsonl").write_text(json.dumps(row(**API)) + "\n")
    arguments = ("--truth", "truth.jsonl", "--checkouts", "checkouts")
    done = run(place, *arguments, "--predictions", "p.jsonl")
    assert done.returncode == 0, done.stderr
    assert "LimitRange 500m/512Mi" in done.stdout
    assert len((place / "p.jsonl").read_text().splitlines()) == 1
    again = json.loads(run(place, *arguments, "--json").stdout)
    assert again["scored"] == 1
    assert {item["name"] for item in again["methods"]} >= {TOOL, "median by role"}


def test_a_bad_line_is_named_and_nothing_is_written(place):
    (place / "truth.jsonl").write_text(json.dumps(row(**API)) + "\n{\n")
    done = run(
        place, "--truth", "truth.jsonl", "--checkouts", "checkouts", "--predictions", "p.jsonl"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error[truth.row]: truth.jsonl:2 is no JSON object")
    assert not (place / "p.jsonl").exists()
