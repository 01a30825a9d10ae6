"""The knowledge base and the memory as a person at the command line meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments, data):
    return subprocess.run(
        [
            sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())",
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AI_PROVISION_DATA_DIR": str(data)},
        check=False,
    )  # fmt: skip


def size(*arguments, data):
    return run(
        "size", "--trigger", "examples/shop/trigger.yaml", "--checkout", "examples/shop",
        *arguments, data=data,
    )  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """One run, and what explain tells of it."""
    data, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("out") / "out"
    done = size("--out", str(out), data=data)
    assert done.returncode == 0, done.stderr
    return data, out, done


def test_the_result_says_what_was_asked_and_which_knowledge_answered(searched):
    _, out, _ = searched
    answer = json.loads((out / "recommendation.json").read_text())
    assert answer["knowledge"]["facts"] > 300
    assert answer["run"]["settings"]["knowledge"].startswith(
        f"{answer['knowledge']['facts']} facts"
    )
    for component in answer["components"]:
        assert 1 <= len(component["retrieval"]) <= 3
        assert all(asked["query"] and asked["why"] for asked in component["retrieval"])
        known = {item["id"] for item in component["evidence"]}
        assert {id_ for asked in component["retrieval"] for id_ in asked["found"]} <= known


def test_the_database_of_the_example_is_asked_for_by_its_product(searched):
    _, out, _ = searched
    answer = json.loads((out / "recommendation.json").read_text())
    (database,) = [item for item in answer["components"] if item["third_party"] == "postgresql"]
    matches = {item["figures"].get("fact_match") for item in database["evidence"]}
    assert "product" in matches


def test_the_table_stays_short_and_explain_tells_it_all(searched):
    data, out, done = searched
    summary = " ".join(done.stdout.split()[-60:])  # it wraps where the terminal ends
    assert " facts used, " in summary
    assert done.stdout.count("fact:") == 0
    told = run("explain", str(out), data=data).stdout
    assert "\nKnowledge (" in told
    assert "Documents, most relevant first" in told


def test_a_second_run_meets_the_decision_of_the_first(searched):
    data, out, _ = searched
    first = json.loads((out / "recommendation.json").read_text())
    again = json.loads(size("--format", "json", data=data).stdout)
    api = next(item for item in again["components"] if item["name"] == "inventory-api")
    past = {item["id"]: item for item in api["evidence"] if item["kind"] == "decision"}
    assert f"decision:{first['run']['id']}/inventory-api" in past
    assert all(item["figures"]["outcome"] == "unknown" for item in past.values())
    before = {item["name"]: item["resources"] for item in first["components"]}
    assert {item["name"]: item["resources"] for item in again["components"]} == before


def test_the_flag_switches_it_off(tmp_path):
    answer = json.loads(size("--knowledge", "off", "--format", "json", data=tmp_path).stdout)
    assert answer["knowledge"] is None
    assert answer["run"]["settings"]["knowledge"] == "off"
    assert all(item["retrieval"] == [] for item in answer["components"])
    assert not any(note["code"] == "unknown.knowledge" for note in answer["notes"])


def test_a_run_that_cannot_be_remembered_warns_once_and_succeeds(tmp_path):
    blocked = tmp_path / "data"
    blocked.write_text("a file where the directory should be")
    done = size("--format", "yaml", data=blocked)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("warning: this run is not remembered: ")
    assert "inventory-api" in done.stdout
