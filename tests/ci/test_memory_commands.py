"""``feedback`` and ``memory`` as a person uses them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.store import SqliteDecisions
from schemas.ports import DecisionFilter
from tests.adapters.test_store import decision

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path):
    store = SqliteDecisions(tmp_path / "decisions.sqlite")
    store.put([decision("run1"), decision("run1", "w\x1b[31meb"), decision("run2")])
    return tmp_path


def run(data, *arguments):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        cwd=data,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AI_PROVISION_DATA_DIR": str(data)},
        check=False,
    )


def kept(data):
    return SqliteDecisions(data / "decisions.sqlite").find(DecisionFilter())


def test_feedback_is_remembered_and_listed(data):
    done = run(data, "feedback", "run1", "--component", "api", "--memory-peak", "127Mi")
    assert (done.returncode, done.stdout) == (0, "run1 api: too_small\n")
    listed = run(data, "memory", "list")
    assert "too_small" in listed.stdout
    assert "\x1b" not in listed.stdout
    found = json.loads(run(data, "memory", "list", "--run", "run1", "--format", "json").stdout)
    assert [item["outcome"] for item in found if item["component"] == "api"] == ["too_small"]


def test_an_export_holds_every_decision_and_appears_whole(data):
    done = run(data, "memory", "export", "--file", "out.jsonl")
    assert done.returncode == 0
    lines = (data / "out.jsonl").read_text().splitlines()
    assert len(lines) == 3
    assert "wrote 3 decisions" in done.stderr
    assert run(data, "memory", "export", "--component", "api").stdout.count("\n") == 2
    refused = run(data, "memory", "export", "--file", "no/such/directory/out.jsonl")
    assert refused.returncode == 3
    assert refused.stderr.startswith("error[output.failed]: no/such/directory/out.jsonl cannot")


def test_purge_forgets_what_it_is_told_and_nothing_without_a_word(data):
    refused = run(data, "memory", "purge")
    assert refused.returncode == 2
    assert "--all" in refused.stderr
    assert len(kept(data)) == 3
    assert run(data, "memory", "purge", "--run", "run2").stdout == "1 decisions forgotten\n"
    assert run(data, "memory", "purge", "--all").returncode == 0
    assert kept(data) == ()
    assert "no decision is remembered" in run(data, "memory", "list").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("feedback", "nope", "--outcome", "good"), 2, "no decision is remembered for run nope"),
        (("feedback", "run1"), 2, "the feedback says nothing"),
        (("feedback", "run1", "--cpu-p95", "much"), 2, "much"),
        (("memory", "list", "--before", "monday"), 2, "--before monday is not a date"),
    ],
    ids=["unknown run", "nothing said", "no amount", "no date"],
)
def test_what_cannot_be_used_is_one_sentence(data, arguments, code, words):
    done = run(data, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
