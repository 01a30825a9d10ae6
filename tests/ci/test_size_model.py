"""`size` with a model behind a fake Ollama."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain

_MAIN = "import sys; from ci.cli import main; sys.exit(main(sys.argv[1:]))"
SHOP = Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture
def ollama():
    """Starts a fake Ollama whose one model, ``tiny``, answers as a function says."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(FakeOllama(ScriptedBrain(answer)))


def size(*arguments, cache, url="http://127.0.0.1:9"):
    command = [sys.executable, "-c", _MAIN, "size", "--trigger", str(SHOP / "trigger.yaml")]
    command += ["--checkout", str(SHOP), "--knowledge", "off", "--format", "json", *arguments]
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(cache),
        "AI_PROVISION_LLM_URL": url,
        "AI_PROVISION_LLM_AUTO_MODEL": "tiny",
    }
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=120)


def numbers(answer):
    return [(c["name"], c["replicas"], c["resources"]) for c in answer["components"]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return json.loads(size("--llm", "none", cache=tmp_path_factory.mktemp("plain")).stdout)


def test_a_model_that_agrees_changes_no_number(ollama, plain, tmp_path):
    server = ollama(agreeing)
    done = size("--llm", "ollama/tiny", cache=tmp_path, url=server.url)
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert numbers(answer) == numbers(plain)
    assert answer["run"]["reasoner"]["used"] == "ollama/tiny"
    used = {use["asker"]: use for use in answer["models"]}
    assert used["dca"]["calls"] == 1
    assert used["pipa"]["calls"] == len(answer["components"])
    assert used["pipa"]["prompts"] == ["pipa.plan/1"]
    assert used["rva"]["calls"] >= len(answer["components"])
    assert all(c["rationale"] == "The plan stands." for c in answer["components"])
    for asked in (chat.body for chat in server.chats):
        assert asked["options"]["num_ctx"] == 8192
        assert asked["options"]["temperature"] == 0.0
        assert asked["keep_alive"] == "10m"
        assert asked["format"]["type"] == "object"


def test_a_model_that_talks_nonsense_changes_no_number_and_is_told(ollama, plain, tmp_path):
    nonsense = itertools.cycle(["", "I refuse.", "{}", "[[[[", '{"replicas": -1}'])
    server = ollama(lambda _asked: next(nonsense))
    answer = json.loads(size("--llm", "auto", cache=tmp_path, url=server.url).stdout)
    assert numbers(answer) == numbers(plain)
    assert all(use["unanswered"] for use in answer["models"])


def test_auto_without_a_server_is_the_deterministic_result_and_says_so(tmp_path):
    done = size("--llm", "auto", cache=tmp_path)
    answer = json.loads(done.stdout)
    assert answer["run"]["reasoner"]["used"] == "none"
    assert "no Ollama answers" in answer["run"]["reasoner"]["why"]
    assert answer["models"] == []


def test_a_named_model_that_is_not_there_is_one_clear_error(ollama, tmp_path):
    nobody = size("--llm", "ollama/tiny", cache=tmp_path)
    assert nobody.returncode == 3
    assert "nobody answers" in nobody.stderr
    assert "--llm auto" in nobody.stderr
    assert "Traceback" not in nobody.stderr
    absent = size("--llm", "ollama/huge", cache=tmp_path, url=ollama(agreeing).url)
    assert absent.returncode == 3
    assert "`ollama pull huge` gets it" in absent.stderr


def test_a_recorded_run_is_played_back_without_a_server(ollama, tmp_path):
    record = tmp_path / "exchanges.jsonl"
    server = ollama(agreeing)
    first = size("--llm", "ollama/tiny", "--record", str(record), cache=tmp_path, url=server.url)
    again = size("--llm", "ollama/tiny", "--replay", str(record), cache=tmp_path)
    assert numbers(json.loads(again.stdout)) == numbers(json.loads(first.stdout))
    both = size("--record", "a", "--replay", "b", cache=tmp_path)
    assert both.returncode == 2
    assert "exclude each other" in both.stderr
