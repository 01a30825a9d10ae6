"""The knowledge commands as a person uses them: the real facts, the real model, real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.embeddings.weights import installed

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
QUESTION = "How much memory should PostgreSQL shared_buffers get?"


def run(*arguments, cache, data=None, **env):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AI_PROVISION_CACHE_DIR": str(cache),
            "AI_PROVISION_DATA_DIR": str(data or cache / "data"),
            **env,
        },
        check=False,
    )


def knowledge(*arguments, **options):
    return run("knowledge", *arguments, **options)


@pytest.fixture(name="words", scope="module")
def _words(tmp_path_factory):
    """A cache with an index of words alone."""
    cache = tmp_path_factory.mktemp("words")
    done = knowledge("build", cache=cache, AI_PROVISION_EMBEDDER="none")
    assert done.returncode == 0, done.stderr
    return cache


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory):
    """A cache with the whole index, as a first build makes it."""
    if not installed():
        pytest.skip("the extra ai-provision[embeddings] is not installed")
    cache = tmp_path_factory.mktemp("built")
    done = knowledge("build", cache=cache)
    assert done.returncode == 0, done.stderr
    assert "all-MiniLM-L6-v2 (ONNX export)" in done.stderr
    assert Path(done.stdout.strip()).is_dir()
    return cache


def test_a_search_shows_score_figures_source_and_grade(built):
    done = knowledge("search", QUESTION, cache=built)
    assert done.returncode == 0
    assert done.stderr == ""
    first = done.stdout.partition("\n\n")[0]
    assert "shared_buffers" in first
    assert "meaning 0." in first
    assert "https://" in first
    assert any(grade in first for grade in ("official_doc", "source_code", "project_doc"))


def test_json_is_the_whole_answer(built):
    done = knowledge("search", QUESTION, "--format", "json", "--limit", "3", cache=built)
    answer = json.loads(done.stdout)
    assert answer["knowledge"]["degraded"] is None
    assert 1 <= len(answer["found"]) <= 3
    scores = [item["score"] for item in answer["found"]]
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= item["dense"] <= 1 for item in answer["found"])


def test_nothing_relevant_is_said_on_stderr_and_no_error(built):
    done = knowledge("search", "best pizza dough recipe", cache=built)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no fact is relevant to this question\n"
    empty = knowledge("search", "best pizza dough recipe", "--format", "json", cache=built)
    assert json.loads(empty.stdout)["found"] == []


def test_filters_select(built):
    done = knowledge(
        "search", "resources", "--product", "Redis", "--kind", "chart_default",
        "--format", "json", cache=built,
    )  # fmt: skip
    found = json.loads(done.stdout)["found"]
    assert found
    for item in found:
        assert "redis" in item["fact"]["applies_to"]["products"]
        assert item["fact"]["kind"] == "chart_default"


def test_a_second_build_does_nothing_and_is_quick(built):
    before = os.times().children_user
    done = knowledge("build", cache=built)
    used = os.times().children_user - before
    assert "up to date" in done.stderr
    assert used < 2, f"{used:.1f} s of CPU time"


def test_stats_count_and_locate(built):
    done = knowledge("stats", "--format", "json", cache=built)
    found = json.loads(done.stdout)
    facts = found["knowledge"]["facts"]
    assert facts >= 400
    assert sum(found["facts"]["by topic"].values()) == facts
    assert sum(found["facts"]["by grade"].values()) == facts
    assert "memory_request_mib" in found["facts"]["by figure that moves numbers"]
    assert Path(found["index"]["location"]).is_dir()
    assert found["index"]["size_bytes"] > 1_000_000
    assert f"facts             {facts}" in knowledge("stats", cache=built).stdout


def doctor(cache, **env):
    done = run("doctor", "--format", "json", cache=cache, **env)
    assert done.returncode == 0, done.stderr
    return {item["name"]: item for item in json.loads(done.stdout)}


def test_doctor_names_embedder_and_index_or_what_is_lost(built, tmp_path):
    whole = doctor(built)
    assert whole["embedder"]["found"] == "all-MiniLM-L6-v2 (ONNX export)"
    assert whole["knowledge"]["ok"]
    nothing = doctor(tmp_path)
    assert not nothing["embedder"]["ok"]
    assert "knowledge build" in nothing["embedder"]["found"]
    assert "words alone" in nothing["knowledge"]["cost"]
    none = doctor(built, AI_PROVISION_EMBEDDER="none")
    assert "AI_PROVISION_EMBEDDER" in none["embedder"]["found"]


def test_list_and_show_agree(words):
    listed = json.loads(knowledge("list", "--topic", "sql", "--format", "json", cache=words).stdout)
    assert listed
    assert {fact["topic"] for fact in listed} == {"sql"}
    id_ = listed[0]["id"]
    assert json.loads(knowledge("show", id_, "--format", "json", cache=words).stdout) == listed[0]
    shown = knowledge("show", f"fact:{id_}", cache=words).stdout
    assert listed[0]["source"]["url"] in shown
    assert id_ in knowledge("list", "--component", listed[0]["component"], cache=words).stdout


def test_words_alone_are_named_and_the_loss_is_one_line(words):
    done = knowledge("search", QUESTION, "--format", "json", cache=words)
    answer = json.loads(done.stdout)
    assert answer["knowledge"]["embedder"] == "none (BM25 alone)"
    assert "shared_buffers" in answer["found"][0]["fact"]["statement"]
    assert done.stderr.startswith("warning: searched by words alone")
    assert done.stderr.count("\n") == 1


def test_a_damaged_index_is_exactly_one_line(words, tmp_path):
    cache = tmp_path / "cache"
    built = knowledge("build", cache=cache, AI_PROVISION_EMBEDDER="none")
    (Path(built.stdout.strip()) / "words.sqlite").write_bytes(b"garbage")
    done = knowledge("search", QUESTION, cache=cache)
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr.count("\n") == 1
    again = knowledge("build", cache=cache, AI_PROVISION_EMBEDDER="none")
    assert again.returncode == 0
    assert again.stderr.count("\n") == 2  # what was wrong, and what was done


def test_without_any_index_a_search_works_and_says_how_to_build_one(tmp_path):
    done = knowledge("search", QUESTION, cache=tmp_path)
    assert done.returncode == 0
    assert "shared_buffers" in done.stdout
    assert "ai-provision knowledge build" in done.stderr


BAD = {
    "no action": ((), {}, 2, "ACTION"),
    "role": (("search", "x", "--role", "king"), {}, 2, "backend_api"),
    "kind": (("list", "--kind", "rumour"), {}, 2, "vendor_guidance"),
    "limit": (("search", "x", "--limit", "0"), {}, 2, "between 1 and 100"),
    "long question": (("search", "x" * 2001), {}, 2, "at most 2000"),
    "unknown fact": (("show", "postgres-shared-bufers"), {}, 2, "postgres-shared-buffers"),
    "embedder": (("search", "x"), {"AI_PROVISION_EMBEDDER": "gpt"}, 2, "AI_PROVISION_EMBEDDER"),
    "server": (("build",), {"AI_PROVISION_CHROMA_URL": "ftp://x"}, 2, "AI_PROVISION_CHROMA_URL"),
    "secret in url": (
        ("build",), {"AI_PROVISION_CHROMA_URL": "http://me:canary@x:1"}, 2, "CHROMA_URL",
    ),
    "full": (("build",), {"AI_PROVISION_CACHE_DIR": "/proc/nothing"}, 3, "cannot be"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "env", "code", "words_"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_sentence(arguments, env, code, words_, words):
    done = knowledge(*arguments, cache=words, **env)
    assert done.returncode == code, done.stderr
    assert words_ in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert done.stdout == ""


HEAVY = ("torch", "transformers", "sentence_transformers", "llama_index", "chromadb", "scipy")


@pytest.mark.parametrize(
    "arguments",
    [
        ("knowledge", "search", QUESTION),
        ("knowledge", "stats"),
        ("knowledge", "build"),
        ("size", "--git-repo", str(SHOP), "--app-description", "PostgreSQL and a Go API"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_with_a_current_index_nothing_heavy_is_imported(built, arguments):
    code = (
        "import io, sys; from ci.cli import main; out, sys.stdout = sys.stdout, io.StringIO();"
        f"code = main({list(arguments)!r}); sys.stdout = out; assert code == 0;"
        f"print([n for n in {HEAVY!r} if n in sys.modules], 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=ROOT, check=True,
        env={**os.environ, "AI_PROVISION_CACHE_DIR": str(built),
             "AI_PROVISION_DATA_DIR": str(built / "data")},
    )  # fmt: skip
    searched = arguments[:2] == ("knowledge", "search") or arguments[0] == "size"
    assert done.stdout == f"[] {searched}\n"


def test_a_question_without_words_is_refused(tmp_path):
    done = knowledge("search", "  ", cache=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error[usage]: the question is empty")
    assert done.stdout == ""
