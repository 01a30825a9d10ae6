"""``eval`` as a person uses it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci.evaluate import write_predictions
from pipeline.evaluation.report import THINKING, TOOL
from pipeline.evaluation.run import Outcome
from pipeline.evaluation.whole import CHARTS, IMAGES, SOURCE
from schemas.errors import OutputError
from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain
from tests.pipeline.evaluation.test_images import CACHE, LINE
from tests.pipeline.evaluation.test_run import API
from tests.pipeline.evaluation.test_truth import row

ROOT = Path(__file__).parents[2]
ARGUMENTS = ("--truth", "truth.jsonl", "--checkouts", "checkouts")


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "examples" / "shop", tmp_path / "checkouts" / "Acme+shop")
    return tmp_path


def write(path, *rows):
    path.write_text("".join(f"{json.dumps(item)}\n" for item in rows))


def run(place, *arguments):
    return subprocess.run(
        [
            *(sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())"),
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


def test_one_command_prints_every_method_and_writes_the_predictions(place):
    write(place / "truth.jsonl", row(**API), row(app="two/x", tier="production", source_path="x"))
    done = run(place, *ARGUMENTS, "--predictions", "p.jsonl")
    assert done.returncode == 0, done.stderr
    for words in (
        "left out: facts and product rules of a row's own owner",
        "1 of 1 rows predicted",
        "not checked out: two/x (1)",
        "LimitRange 500m/512Mi",
        "best of the baselines",
        "twins of two teams",
        "memory limit, all",
    ):
        assert words in done.stdout
    (line,) = map(json.loads, (place / "p.jsonl").read_text().splitlines())
    assert (line["app"], line["service"]) == ("Acme/shop", "api")
    assert done.stderr == ""


def test_all_of_it_is_json_too_with_images_charts_and_the_community_s_own_text(place):
    # The row's numbers in the words of the manifest: 0.1 is 100m.
    stated = {"api": {"resources": {"requests": {"cpu": 0.1, "memory": "128Mi"}}}}
    (place / "whole" / "Acme+shop").mkdir(parents=True)
    (place / "whole" / "Acme+shop" / "values.yaml").write_text(json.dumps(stated))
    located = row(
        **API,
        limits={},
        manifest_path="values.yaml",
        locator={"type": "values", "path": "api", "key": "resources"},
    )
    write(place / "truth.jsonl", located, CACHE)
    write(place / "charts.jsonl", LINE)
    extra = ("--third-party", "--charts", "charts.jsonl", "--manifests", "whole")
    done = run(place, *ARGUMENTS, *extra, "--json", "--knowledge", "off")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["conditions"]["knowledge"] == "off"
    assert list(found["parts"]) == [SOURCE, IMAGES, CHARTS]
    source = found["parts"][SOURCE]
    assert source["sections_from_manifests"] == 1
    methods = {item["name"]: item for item in source["methods"]}
    assert methods.keys() >= {TOOL, "median by role", "Bitnami preset by role"}
    ours = methods[TOOL]
    assert ours["fields"]["requests.cpu"].keys() >= {"n", "unset", "factor", "bias", "covered"}
    assert 0 < ours["similarity"]["bleu"] <= 1
    assert found["without_source"] == 0


def test_one_that_stands_apart_is_left_out(place):
    write(place / "truth.jsonl", row(**API), row(app="two/shop", source_repo="Acme/shop", **API))
    done = run(place, *ARGUMENTS, "--json", "--exclude-app", "ACME/shop", "--no-leave-one-app-out")
    found = json.loads(done.stdout)
    assert found["parts"][SOURCE]["rows"] == 1
    assert found["conditions"]["left out"] == "all past decisions"
    assert found["conditions"]["excluded"] == "acme/shop"


def test_not_one_prediction_is_exit_code_1(place):
    write(place / "truth.jsonl", row(source_path="nowhere"))
    done = run(place, *ARGUMENTS)
    assert done.returncode == 1
    assert "0 of 1 rows predicted" in done.stdout
    write(place / "truth.jsonl", row(source_path=None))
    assert run(place, *ARGUMENTS).returncode == 1


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (
            json.dumps(row(**API)) + "\n{\n",
            (),
            "error[truth.row]: truth.jsonl:2 is no JSON object",
        ),
        (json.dumps(row(service=None)), (), "error[truth.row]: truth.jsonl:1 has no service"),
        (json.dumps(row(app="Gone/x")), (), "none of the 1 repositories is checked out below"),
        (json.dumps(row(**API)), ("--charts", "gone.jsonl"), "the charts gone.jsonl cannot be"),
        (json.dumps(row(**API)), ("--exclude-app", "shop"), "--exclude-app 'shop' is not OWNER/"),
        (json.dumps(row(**API)), ("--llm", "llama3.1"), "--llm"),
    ],
    ids=["no JSON", "missing field", "no checkout", "no charts", "no app", "no model name"],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_written(place, text, arguments, words):
    (place / "truth.jsonl").write_text(text)
    done = run(place, *ARGUMENTS, "--predictions", "p.jsonl", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert done.stdout == ""
    assert not (place / "p.jsonl").exists()


def test_predictions_that_cannot_be_written_leave_nothing_behind(tmp_path):
    outcome = Outcome(row(), None, "it was not sized")
    with pytest.raises(OutputError, match="cannot be written"):
        write_predictions(tmp_path / "gone" / "p.jsonl", [outcome])
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_predictions(tmp_path / "taken", [outcome])
    assert [item.name for item in tmp_path.iterdir()] == ["taken"]
    write_predictions(tmp_path / "p.jsonl", [outcome])
    assert json.loads((tmp_path / "p.jsonl").read_text())["error"] == "it was not sized"


def test_a_model_stands_beside_the_tool_without_one_with_what_it_cost(place, monkeypatch):
    write(place / "truth.jsonl", row(**API), CACHE)
    with FakeOllama(ScriptedBrain(agreeing)) as fake:
        monkeypatch.setenv("AI_PROVISION_LLM_URL", fake.url)
        given = ("--llm", "ollama/tiny", "--knowledge", "off", "--third-party")
        done = run(place, *ARGUMENTS, *given, "--json", "--predictions", "p.jsonl")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["conditions"]["model"] == "ollama/tiny"
    # One question per agent and row, and RVA's summary: the neighbours of a row cost nothing.
    assert found["conditions"]["model of pipa"].startswith("ollama/tiny, 2 calls (0 again)")
    for part in found["parts"].values():
        methods = {item["name"]: item for item in part["methods"]}
        assert methods[THINKING]["fields"] == methods[TOOL]["fields"]
    lines = [json.loads(line) for line in (place / "p.jsonl").read_text().splitlines()]
    assert all(line["with_model"]["requests"] == line["requests"] for line in lines)


def test_a_named_model_that_is_not_there_ends_the_evaluation(place, monkeypatch):
    monkeypatch.setenv("AI_PROVISION_LLM_URL", "http://127.0.0.1:9")
    write(place / "truth.jsonl", row(**API))
    done = run(place, *ARGUMENTS, "--llm", "ollama/tiny", "--predictions", "p.jsonl")
    assert (done.returncode, done.stdout) == (3, "")
    assert "nobody answers" in done.stderr
    assert not (place / "p.jsonl").exists()
