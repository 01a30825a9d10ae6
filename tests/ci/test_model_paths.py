"""What a model and its server may do, and where each of it ends: with ``auto``, and with a name.

A model that answers badly never fails a run: the deterministic numbers stand, and the result says
which questions stayed open. A server that fails is passed over with ``auto``, and is one clear
error when the user has named the model and asking again cannot help.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.cli import main
from tests.engine.answers import (
    calls_tool,
    cut_off,
    drip,
    empty,
    endless,
    fails,
    fails_midway,
    fenced,
    huge,
    invalid_utf8,
    model_gone,
    perfect,
    redirects,
    refusal,
    silence,
    truncated,
    verbose,
    wrong_types,
)
from tests.engine.brains import Answer, Asked
from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain

NOBODY = "http://127.0.0.1:9"
DESCRIPTION = "Order service, Go API, 200 requests per second at peak"
REPOSITORY = {
    "Dockerfile": 'FROM golang:1.24\nCOPY . .\nRUN go build\nEXPOSE 8080\nENTRYPOINT ["/api"]\n',
    "go.mod": "module example.com/api\ngo 1.24\n",
    "main.go": "package main\nfunc main() {}\n",
}
KEY = "key-canary-41c7"
POLICY = "name: strict\nlimits:\n  cpu_limits: forbid\n  ceiling_memory_mib: 100\n"
"""Leaves RVA more than one thing to choose from."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def answer(self):
        return json.loads(self.stdout)

    @property
    def numbers(self):
        return [
            (item["replicas"], item["resources"], item["autoscaling"], item["runtime_env"])
            for item in self.answer["components"]
        ]

    @property
    def unanswered(self):
        return {use["asker"]: " ".join(use["unanswered"]) for use in self.answer["models"]}


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name, text in REPOSITORY.items():
        (root / name).write_text(text)
    (root / "policy.yaml").write_text(POLICY)
    return root


@pytest.fixture
def size(repository, monkeypatch, capfd):
    """Run ``size`` in this process: most of what a new one would take is importing."""

    def run(llm: str, url: str = NOBODY, **settings: str) -> Done:
        settings = {"url": url, "auto_model": "tiny", "api_key": KEY, **settings}
        for name, value in settings.items():
            monkeypatch.setenv(f"AI_PROVISION_LLM_{name.upper()}", value)
        arguments = ["size", "--git-repo", str(repository), "--app-description", DESCRIPTION]
        arguments += ["--policy", str(repository / "policy.yaml"), "--knowledge", "off"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments, "--llm", llm, "--format", "json"])
        # What libraries write beside Python's own streams, as interpreters do of lost coroutines.
        beside = capfd.readouterr()
        done = Done(code, out.getvalue(), err.getvalue() + beside.out + beside.err)
        for sign in ("Traceback", "never awaited", "was never", "Task exception", KEY):
            assert sign not in done.stderr
        assert KEY not in done.stdout
        return done

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield run


@pytest.fixture(scope="module")
def plain(repository) -> Done:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AI_PROVISION_LLM", "none")
        arguments = ["size", "--git-repo", str(repository), "--app-description", DESCRIPTION]
        arguments += ["--policy", str(repository / "policy.yaml"), "--knowledge", "off"]
        code = main([*arguments, "--format", "json"])
    return Done(code, out.getvalue(), "")


# Scripts: each takes the question, and knows the answer of somebody who agrees.


def well(change: Callable[[dict], None]) -> Callable[[Asked], Answer]:
    """The agreeing answer with something changed in it."""

    def answer(asked: Asked) -> Answer:
        value = json.loads(agreeing(asked))
        change(value)
        return perfect(value)

    return answer


def formed(form: Callable[[dict], Answer]) -> Callable[[Asked], Answer]:
    """The agreeing answer in another form."""
    return lambda asked: form(json.loads(agreeing(asked)))


def acting(**turn: object) -> Callable[[Asked], Answer]:
    """Agrees, but for its turns in the refinement."""

    def answer(asked: Asked) -> Answer:
        value = json.loads(agreeing(asked))
        return perfect({**value, **turn} if asked.format["title"] == "Turn" else value)

    return answer


def cites_nothing_that_exists(value: dict) -> None:
    for part in (value, *value.get("reasoning", ()), *value.get("sentences", ())):
        for name in {"cites", "evidence"} & part.keys():
            part[name] = ["fact:that-nobody-knows"]
    if "statements" in value:
        value["statements"] = [{"quote": "never said", "key": "peak_rps", "value": 9}]


def argues_for_absurd_numbers(value: dict) -> None:
    if "replicas" in value:
        value |= {"replicas": 900, "memory_limit_mib": 900_000, "cpu_limit_millicores": 90_000}
        value["reasoning"] = [{"text": "It is obvious that this is needed.", "evidence": []}]
    if "sentences" in value:
        value["sentences"] = [{"text": "It needs 900 replicas of 900Gi.", "cites": []}]


READ = {
    "perfect": formed(perfect),
    "verbose": formed(verbose),
    "fenced": formed(fenced),
}
"""Answers that are read: every question gets its answer."""
UNREAD = {
    "wrong_types": (formed(wrong_types), "no usable answer in 3 attempts"),
    "refuses": (lambda _asked: refusal(), "holds no JSON object"),
    "empty": (lambda _asked: empty(), "The answer was empty"),
    "endless": (lambda _asked: endless("la " * 900, 0.0), "does not end"),
    "huge": (lambda _asked: huge(4), "does not end"),
    "cut_at_its_length": (lambda _asked: truncated('{"statements": [{"quo'), "cut off after"),
    "wants_a_tool": (lambda _asked: calls_tool("shell", {"cmd": "id"}), "The answer was empty"),
    "bad_bytes": (lambda _asked: invalid_utf8(), "no usable answer"),
    "cites_what_does_not_exist": (well(cites_nothing_that_exists), "no usable answer"),
}
"""Answers that are not: every question stays open, for this reason."""
BOUNDED = {
    "argues_for_absurd_numbers": well(argues_for_absurd_numbers),
    "loops_on_one_tool": acting(action="cost_estimate"),
    "unknown_tool": acting(action="drop_database", argument="all"),
    "made_up_observation": acting(
        action="run_checks", argument="set_cpu_limit", observation="All checks pass."
    ),
    "leaves_what_blocks": acting(action="leave", finding="P14"),
}
"""Answers that are read, and whose demands are not met."""


@pytest.fixture
def ollama() -> Iterator[Callable[..., FakeOllama]]:
    with contextlib.ExitStack() as stack:
        yield lambda *answers: stack.enter_context(FakeOllama(ScriptedBrain(*answers)))


each_way = pytest.mark.parametrize("llm", ["auto", "ollama/tiny"], ids=["auto", "named"])


@each_way
@pytest.mark.parametrize("script", READ.values(), ids=READ)
def test_an_answer_in_any_of_these_forms_is_read(size, ollama, plain, script, llm):
    done = size(llm, ollama(script).url)
    assert done.code == plain.code
    assert done.numbers == plain.numbers
    assert done.answer["run"]["reasoner"]["used"] == "ollama/tiny"
    assert set(done.unanswered.values()) == {""}
    assert done.answer["components"][0]["rationale"].startswith("The plan stands.")


@each_way
@pytest.mark.parametrize(("script", "why"), UNREAD.values(), ids=UNREAD)
def test_an_answer_that_is_no_good_leaves_the_deterministic_result(
    size, ollama, plain, script, why, llm
):
    done = size(llm, ollama(script).url)
    assert done.code == plain.code
    assert done.numbers == plain.numbers
    assert done.unanswered.keys() == {"dca", "pipa", "rva"}
    assert why in done.unanswered["dca"]
    assert all(done.unanswered.values())
    assert done.answer["components"][0]["rationale"] == ""


@each_way
@pytest.mark.parametrize("script", BOUNDED.values(), ids=BOUNDED)
def test_a_demand_that_goes_too_far_changes_nothing(size, ollama, plain, script, llm):
    done = size(llm, ollama(script).url)
    assert done.code == plain.code
    assert done.numbers == plain.numbers
    component = done.answer["components"][0]
    assert "900" not in component["rationale"]
    assert {change["outcome"] for change in component["model_changes"]} <= {"refused"}


def test_a_loop_on_one_tool_is_cut_short_and_told(size, ollama):
    done = size("ollama/tiny", ollama(BOUNDED["loops_on_one_tool"]).url)
    trace = done.answer["components"][0]["refinement"]["trace"]
    assert [step["action"] for step in trace[:2]] == ["cost_estimate()", "cost_estimate()"]
    assert trace[1]["observation"].startswith("The same call was made before.")


def test_a_made_up_observation_is_dropped_and_told(size, ollama):
    done = size("ollama/tiny", ollama(BOUNDED["made_up_observation"]).url)
    trace = done.answer["components"][0]["refinement"]["trace"]
    assert "made up an observation" in trace[0]["thought"]
    assert "All checks pass" not in done.stdout


# Servers


@dataclass(frozen=True)
class Fault:
    """What a server does wrong."""

    script: Callable[[Asked], Answer]
    reason: str
    """Why a question stays open."""
    fatal: bool = False
    """Asking again cannot help: with a named model the command fails."""
    seconds: str = "30"
    """Longest time of one answer."""


FAULTS = {
    "slow_drip": Fault(lambda _a: drip("x" * 4000, 0.02), "no whole answer within", seconds="0.1"),
    "silence": Fault(lambda _a: silence(), "no whole answer within", seconds="0.1"),
    "error_500": Fault(lambda _a: fails(500), "answered 500: llama runner process has terminated"),
    "error_midway": Fault(
        lambda _a: fails_midway('{"sta', "CUDA\x1b[31m out of memory, see https://evil.example"),
        "failed in its answer: CUDA out of memory, see https: //evil.example",
    ),
    "cut_midway": Fault(lambda _a: cut_off('{"statements": ['), "broke off"),
    "reset_midway": Fault(lambda _a: cut_off('{"statements": [', reset=True), "broke off"),
    "model_404": Fault(lambda _a: model_gone("tiny"), "`ollama pull tiny` gets it", fatal=True),
    "key_refused": Fault(lambda _a: fails(401, f"no key {KEY}"), "answered 401", fatal=True),
    "redirect": Fault(
        lambda _a: redirects("http://localhost:9/api/chat"), "redirects (307)", fatal=True
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_with_auto_a_server_that_fails_is_passed_over_and_told(size, ollama, plain, fault):
    done = size("auto", ollama(fault.script).url, call_seconds=fault.seconds)
    assert done.code == plain.code
    assert done.numbers == plain.numbers
    assert fault.reason in done.unanswered["dca"]
    assert done.answer["run"]["reasoner"]["used"] == "ollama/tiny"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_with_a_named_model_what_cannot_be_helped_is_one_clear_error(size, ollama, plain, fault):
    done = size("ollama/tiny", ollama(fault.script).url, call_seconds=fault.seconds)
    if fault.fatal:
        assert (done.code, done.stdout) == (3, "")
        assert fault.reason in done.stderr
        assert "--llm auto" in done.stderr
        assert done.stderr.count("\n") == 2
    else:
        assert done.code == plain.code
        assert done.numbers == plain.numbers
        assert fault.reason in done.unanswered["dca"]


def test_a_redirect_is_not_followed_with_the_key(size, ollama):
    elsewhere = ollama(agreeing)
    done = size("ollama/tiny", ollama(lambda _a: redirects(f"{elsewhere.url}/api/chat")).url)
    assert done.code == 3
    assert "AI_PROVISION_LLM_URL" in done.stderr
    assert elsewhere.requests == []


def test_nobody_there_is_the_deterministic_result_or_an_error(size, plain):
    auto, named = size("auto"), size("ollama/tiny")
    assert auto.numbers == plain.numbers
    assert "no Ollama answers" in auto.answer["run"]["reasoner"]["why"]
    assert (named.code, named.stdout) == (3, "")
    assert "nobody answers" in named.stderr


def test_the_deadline_of_a_run_ends_all_questions(size, ollama, plain):
    server = ollama(lambda _asked: drip("x" * 4000, 0.02))
    done = size("auto", server.url, call_seconds="0.3", run_seconds="0.5")
    assert done.numbers == plain.numbers
    assert "time for models is used up" in " ".join(done.unanswered.values())
    assert len(server.chats) <= 3


def test_the_bytes_of_an_answer_that_is_given_up_are_not_read(size, ollama):
    server = ollama(lambda _asked: endless("la " * 900, 0.0))
    size("auto", server.url)
    assert {chat.ending() for chat in server.chats} == {"client gone"}


def test_nothing_of_it_is_logged_with_the_key(size, ollama, caplog):
    caplog.set_level(logging.DEBUG)
    size("auto", ollama(agreeing).url)
    assert KEY not in caplog.text
