"""`size` with a model, behind a fake that speaks the part of Ollama's API that is used."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_MAIN = "import sys; from ci.cli import main; sys.exit(main(sys.argv[1:]))"
SHOP = Path(__file__).parents[2] / "examples" / "shop"


class FakeOllama(ThreadingHTTPServer):
    """Has one model, whose answers a function makes of the request."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self._send({"models": [{"name": "tiny:latest", "model": "tiny:latest"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(asked)
        if asked["model"] != "tiny":
            self._send({"error": f"model '{asked['model']}' not found"}, 404)
            return
        self._send(
            {
                "model": "tiny",
                "created_at": "2026-01-01T00:00:00Z",
                "message": {"role": "assistant", "content": self.server.answer(asked)},
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": 700,
                "eval_count": 90,
            }
        )

    def _send(self, document, status=200):
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def ollama():
    servers = []

    def start(answer):
        server = FakeOllama(answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


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


def agreeing(asked):
    """Reads nothing more, and repeats every target."""
    data = asked["messages"][1]["content"]
    if "estimate_low_target_high" not in data:
        return '{"statements": []}'
    facts = json.loads(data.removeprefix("<data>").removesuffix("</data>"))
    found = {k: v[1] for k, v in facts["estimate_low_target_high"].items()}
    found.setdefault("cpu_limit_millicores", 0)
    reasoning = [{"text": "The estimate holds.", "evidence": []}]
    return json.dumps({"reasoning": reasoning, "support": [], **found})


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
    for asked in server.requests:
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
