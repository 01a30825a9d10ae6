"""The command line as a person uses it: in a process of its own, on the bundled example."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.export import CONTRACTS, schema_text

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
DESCRIPTION = "Inventory service, 2000 QPS peak, React frontend + Go/Gin API + PostgreSQL backend"


def run(*arguments, stdin="", cwd=ROOT, env=None):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        check=False,
    )


def size(*arguments, **kwargs):
    return run(
        "size", "--git-repo", str(SHOP), "--app-description", DESCRIPTION, *arguments, **kwargs
    )


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    fresh = {"AI_PROVISION_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    done = size("--format", "json", env=fresh)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_json_validates_against_the_committed_schema(answer):
    Draft202012Validator(json.loads(schema_text(CONTRACTS["recommendation"]))).validate(answer)


def test_the_example_has_its_three_components(answer):
    roles = {c["role"]: c for c in answer["components"]}
    assert set(roles) == {"backend_api", "web_frontend", "sql_database"}
    api = roles["backend_api"]
    assert (api["language"], api["framework"]) == ("Go", "Gin")
    assert api["replicas"] >= 2
    assert roles["sql_database"]["replicas"] == 1
    assert roles["sql_database"]["kind"] == "StatefulSet"


def test_every_component_has_the_promised_fields(answer):
    promised = {
        "name", "source_path", "language", "framework", "role", "kind", "route", "replicas",
        "resources", "autoscaling", "confidence", "intervals", "reasoning", "evidence",
    }  # fmt: skip
    for component in answer["components"]:
        assert promised <= set(component)
        assert set(component["resources"]["requests"]) == {"cpu", "memory"}


def test_every_reasoning_step_cites_evidence_that_is_there(answer):
    for component in answer["components"]:
        known = {item["id"] for item in component["evidence"]}
        cited = {e for step in component["reasoning"] for e in step["evidence"]}
        assert cited <= known
        assert cited


def test_the_top_level_is_the_contract(answer):
    assert {"trigger", "components", "findings", "cost", "run"} <= set(answer)
    assert answer["run"]["reasoner"]["used"] == "none"
    assert [stage["name"] for stage in answer["run"]["stages"]] == ["dca", "pipa", "rva"]


def test_two_runs_differ_only_in_their_run_record(answer):
    again = json.loads(size("--format", "json").stdout)
    assert {**again, "run": None} == {**answer, "run": None}


@pytest.mark.parametrize("form", ["table", "yaml", "patch", "manifest"])
def test_each_format_prints_to_stdout_alone(form):
    done = size("--format", form)
    assert done.returncode == 0
    assert done.stdout.strip()
    assert done.stderr == ""


def test_out_holds_everything_and_explain_reads_it_back(tmp_path):
    done = size("--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        "recommendation.json",
        "patches",
        "manifests",
        "kustomize",
        "terraform",
        "ansible",
    } <= names
    told = run("explain", str(tmp_path / "out" / "recommendation.json"))
    assert told.returncode == 0
    assert "constant:" in told.stdout or "description:" in told.stdout


def test_explain_of_an_unknown_component_names_the_known_ones(tmp_path):
    size("--out", str(tmp_path / "out"))
    told = run("explain", str(tmp_path / "out"), "--component", "nobody")
    assert told.returncode == 2
    assert "postgres" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_trigger_on_stdin_is_read_with_a_checkout():
    repo = "https://github.com/acme/shop"
    trigger = f'/ai-provision\ngit_repo: "{repo}"\napp_description: "{DESCRIPTION}"\n'
    done = run("size", "--trigger", "-", "--checkout", str(SHOP), "--format", "json", stdin=trigger)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trigger"]["git_repo"] == repo


def test_check_fails_on_unsized_manifests():
    assert size("--check").returncode == 1


HERE = ("size", "--git-repo", ".", "--app-description", "x")


def remote(url):
    return ("size", f"--git-repo={url}", "--app-description", "x")


BAD = {
    "no command": ((), 2, "usage"),
    "unknown command": (("resize",), 2, "invalid choice"),
    "neither form": (("size",), 2, "--git-repo is missing"),
    "one field": (("size", "--git-repo", "."), 2, "--app-description is missing"),
    "empty description": ((*HERE[:-1], " "), 2, "app_description"),
    "both forms": (("size", "--git-repo", ".", "--trigger", "x"), 2, "brings both fields"),
    "no such trigger": (("size", "--trigger", "/nonexistent"), 2, "cannot be read"),
    "no such directory": (remote("./nowhere"), 2, "nowhere"),
    "file scheme": (remote("file:///etc"), 3, "https"),
    "ext transport": (remote("ext::sh -c id"), 3, "https"),
    "ssh": (remote("ssh://git@h/r"), 3, "https"),
    "scp form": (remote("git@h:r.git"), 3, "https"),
    "option": (remote("--upload-pack=id"), 3, "https"),
    "loopback": (remote("https://127.0.0.1/x"), 3, "127.0.0.1"),
    "model": ((*HERE, "--llm", "a/b"), 2, "there is no provider a"),
    "ref of a directory": ((*HERE, "--ref", "v1"), 2, "--ref"),
    "no such policy": ((*HERE, "--policy", "/no"), 2, "/no"),
    "no such prices": ((*HERE, "--prices", "/no"), 2, "/no"),
    "explain nothing": (("explain", "/nonexistent.json"), 2, "cannot be read"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_sentence_and_a_documented_code(arguments, code, words, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_trigger_may_not_name_a_local_directory(tmp_path):
    trigger = f'git_repo: "{SHOP}"\napp_description: "x"\n'
    done = run("size", "--trigger", "-", stdin=trigger, cwd=tmp_path)
    assert done.returncode in (2, 3)
    assert "https" in done.stderr


def test_a_recommendation_that_is_none_is_named(tmp_path):
    (tmp_path / "recommendation.json").write_text('{"components": []}')
    done = run("explain", str(tmp_path))
    assert done.returncode == 2
    assert "is not a recommendation" in done.stderr


def test_an_empty_repository_is_sized_from_its_description_with_low_confidence(tmp_path):
    (tmp_path / "empty").mkdir()
    done = run(
        "size", "--git-repo", str(tmp_path / "empty"), "--app-description", DESCRIPTION,
        "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["components"]
    assert all(c["found_in"] == ["description"] for c in answer["components"])
    assert all(c["confidence"] <= 0.4 for c in answer["components"])


def test_doctor_says_what_each_missing_thing_costs():
    done = run("doctor", "--format", "json")
    assert done.returncode == 0
    for item in json.loads(done.stdout):
        assert item["ok"] or item["cost"], item
    assert run("doctor").stdout.startswith("ai-provision ")


HEAVY = ("torch", "chromadb", "llama_index", "sentence_transformers", "transformers")
"""What a sizing with a whole index imports is in test_knowledge_commands.py."""
LIGHT = (
    "pydantic",
    "yaml",
    "workflows",
    "git",
    "tree_sitter",
    "celpy",
    "kubernetes_validate",
    "rich",
    "numpy",
    "onnxruntime",
    "httpx",
)


def _imported(code, *names):
    text = f"{code}\nimport sys; print([n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def test_help_imports_nothing_heavy_and_little_that_is_light():
    code = "from ci.cli import build_parser; build_parser().format_help()"
    assert _imported(code, *HEAVY, *LIGHT) == "[]"


def test_sizing_imports_no_model_library():
    code = (
        "import io, sys; from ci.cli import main; out, sys.stdout = sys.stdout, io.StringIO();"
        f"main(['size', '--git-repo', {str(SHOP)!r}, '--app-description', 'x']); sys.stdout = out"
    )
    assert _imported(code, *HEAVY) == "[]"
