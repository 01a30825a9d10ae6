"""The measured part of docs/evaluation.md is written by one command."""

import json
import shutil

import pytest

from bench.evaluation import DOCUMENT, main, with_table
from tests.ci.test_evaluate import ROOT
from tests.pipeline.evaluation.test_run import API
from tests.pipeline.evaluation.test_truth import row

BEFORE = "# Head\n<!-- measured -->\nold\n<!-- end -->\ntail\n"


@pytest.fixture
def arguments(tmp_path):
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "checkouts" / "Acme+shop")
    (tmp_path / "truth.jsonl").write_text(json.dumps(row(**API)))
    truth, checkouts = str(tmp_path / "truth.jsonl"), str(tmp_path / "checkouts")
    return ["--truth", truth, "--checkouts", checkouts, "--knowledge", "off"]


def test_only_the_measured_part_is_written_anew(tmp_path, arguments):
    document = tmp_path / "evaluation.md"
    document.write_text(BEFORE)
    assert main(arguments, document) == 0
    text = document.read_text()
    assert text.startswith("# Head\n<!-- measured -->\n```text\nleft out: ")
    assert text.endswith("```\n<!-- end -->\ntail\n")
    assert "median by role" in text
    assert "old" not in text.split("tail")[0].splitlines()


def test_a_run_that_fails_changes_nothing(tmp_path, arguments):
    document = tmp_path / "evaluation.md"
    document.write_text(BEFORE)
    assert main([*arguments, "--llm", "no model"], document) == 2
    assert document.read_text() == BEFORE


def test_the_document_has_its_part():
    text = DOCUMENT.read_text("utf-8")
    assert "new table" in with_table(text, "new table\n")
