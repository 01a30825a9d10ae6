"""What a person at a terminal sees while a run goes on."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ci.progress import Silent, Spoken, progress_on_terminal
from schemas.model import Asker
from tests.engine.answers import drip, perfect
from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain

ROOT = Path(__file__).parents[2]


def test_the_stage_and_the_model_that_is_waited_for_are_shown():
    shown = []
    progress = Spoken(shown.append)
    progress("estimating")
    progress.waiting(Asker.PIPA, "ollama/llama3.1", 0)
    progress.waiting(Asker.PIPA, "ollama/llama3.1", 212)
    progress("checking and refining")
    assert shown == [
        "estimating",
        "estimating; PIPA waits for ollama/llama3.1: nothing yet",
        "estimating; PIPA waits for ollama/llama3.1: 212 tokens so far",
        "checking and refining",
    ]


def test_without_a_terminal_nothing_is_said(capsys):
    with progress_on_terminal() as progress:
        assert isinstance(progress, Silent)
        progress("estimating")
        progress.waiting(Asker.RVA, "ollama/x", 3)
    assert capsys.readouterr() == ("", "")


class FakeTerminal:
    """Runs a command with stderr on a terminal of its own, and keeps what it shows."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        master, slave = pty.openpty()
        self._shown: list[bytes] = []
        reader = threading.Thread(target=self._read, args=(master,))
        reader.start()
        with open(slave, "wb", buffering=0) as stderr:  # noqa: PTH123 - a descriptor, not a path
            self.done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        reader.join()
        os.close(master)

    def _read(self, master: int) -> None:
        try:
            while piece := os.read(master, 65536):
                self._shown.append(piece)
        except OSError:  # Linux' word for the end of a terminal that nobody writes to any more
            return

    @property
    def shown(self) -> str:
        return b"".join(self._shown).decode("utf-8", "replace")


@pytest.mark.skipif(sys.platform != "linux", reason="the end of a terminal is told otherwise")
def test_on_a_terminal_one_sees_who_waits_for_which_model(tmp_path):
    (tmp_path / "Dockerfile").write_text('FROM golang:1.24\nENTRYPOINT ["/api"]\n')
    code = "import sys; from ci.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "size", "--git-repo", str(tmp_path), "--knowledge"]
    command += ["off", "--app-description", "A Go API", "--llm", "ollama/tiny", "--format", "json"]
    with FakeOllama(ScriptedBrain(perfect_slowly)) as server:
        environment = {**os.environ, "AI_PROVISION_LLM_URL": server.url, "TERM": "xterm"}
        environment |= {"COLUMNS": "120", "LINES": "24"}
        terminal = FakeTerminal(command, environment)
    assert terminal.done.returncode in (0, 1), terminal.shown
    assert terminal.done.stdout.startswith("{")
    assert "PIPA waits for ollama/tiny" in terminal.shown
    assert "tokens so far" in terminal.shown


def perfect_slowly(asked):
    """The agreeing answer over a few refreshes of the terminal (12 a second)."""
    text = agreeing(asked)
    whole = perfect(json.loads(text))
    return drip(text, 0.4 / (len(text) / 4)) if asked.format["title"] == "Proposal" else whole
