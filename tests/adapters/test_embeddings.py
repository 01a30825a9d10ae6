"""Embedders: the same vectors from each, and clear words when one cannot be had."""

import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from adapters.embeddings import download, weights
from adapters.embeddings.choice import chroma_directory, export_directory, find_embedder
from adapters.embeddings.choice import prepare_embedder as prepare
from adapters.embeddings.files import MANIFEST, MODEL, TOKENIZER
from schemas.errors import EmbedderError, OutputError, SettingsError

pytestmark = pytest.mark.skipif(
    not weights.installed(), reason="the extra ai-provision[embeddings] is not installed"
)
ROOT = Path(__file__).parents[2]
TEXTS = (
    "memory",
    "How much memory does a Go service need at rest?",
    "PostgreSQL: shared_buffers 25% of 16 GiB — C++, C#, .NET; größe 内存 🚀",
    "",
    "word " * 400,
    "  spaces\tand\nlines  ",
)


def silent(_words):
    pass


@pytest.fixture(name="exported", scope="session")
def _exported(tmp_path_factory):
    cache = tmp_path_factory.mktemp("models")
    said = []
    embedder = prepare(cache, "auto", said.append)
    assert embedder.name == "all-MiniLM-L6-v2 (ONNX export)"
    assert said == ["exporting all-MiniLM-L6-v2 to ONNX (once)"]
    return cache


@pytest.fixture(name="cache")
def _cache(exported, tmp_path):
    """The export in a cache that a test may spoil."""
    target = export_directory(tmp_path)
    target.mkdir(parents=True)
    for name in (MODEL, TOKENIZER, MANIFEST):
        os.link(export_directory(exported) / name, target / name)
    return tmp_path


def test_the_export_gives_the_vectors_of_sentence_transformers(exported):
    ours = find_embedder(exported, "onnx")
    theirs = find_embedder(exported, "sentence-transformers")
    assert ours.space == theirs.space
    for text, mine, original in zip(TEXTS, ours.embed(TEXTS), theirs.embed(TEXTS), strict=True):
        assert max(abs(a - b) for a, b in zip(mine, original, strict=True)) < 1e-5, text
        assert sum(value * value for value in mine) == pytest.approx(1, abs=1e-5)


def test_a_vector_does_not_depend_on_its_neighbours(exported):
    embedder = find_embedder(exported, "auto")
    many = embedder.embed([*TEXTS, *(f"text number {n} " * (n % 7 + 1) for n in range(50))])
    for text, vector in zip(TEXTS, many, strict=False):
        alone = embedder.embed([text])[0]
        assert max(abs(a - b) for a, b in zip(vector, alone, strict=True)) < 1e-5
    assert embedder.embed([]) == []


def test_a_query_imports_neither_pytorch_nor_chroma(exported):
    code = (
        "import sys; from pathlib import Path;"
        "from adapters.embeddings.choice import find_embedder;"
        f"e = find_embedder(Path({str(exported)!r}), 'auto'); assert len(e.embed(['x'])[0]) == 384;"
        "print([n for n in ('torch', 'transformers', 'sentence_transformers', 'chromadb',"
        " 'llama_index') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


def test_a_cached_export_is_not_made_again(exported):
    said = []
    assert prepare(exported, "auto", said.append).space == weights.SPACE
    assert said == []


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_a_damaged_export_is_refused_by_queries(cache, name):
    path = export_directory(cache) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(EmbedderError, match=name):
        find_embedder(cache, "auto").embed(["x"])


def test_a_damaged_export_is_made_anew_by_a_build(cache, caplog):
    path = export_directory(cache) / MODEL
    path.unlink()
    path.write_bytes(b"cut")
    assert len(prepare(cache, "onnx", silent).embed(["x"])[0]) == 384
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_other_weights_are_refused_with_both_hashes(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"others")
    with pytest.raises(EmbedderError, match="is refused") as caught:
        weights.check_weights(tmp_path)
    assert weights.WEIGHTS_SHA256 in caught.value.message
    assert hashlib.sha256(b"others").hexdigest() in caught.value.message


def test_an_export_that_differs_is_thrown_away(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.embeddings.export.TOLERANCE", 0.0)
    with pytest.raises(SettingsError, match="differs from the original"):
        prepare(tmp_path, "onnx", silent)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.fixture(name="bare")
def _bare(tmp_path, monkeypatch):
    """Neither an export nor weights, and a home where Chroma has fetched nothing."""
    monkeypatch.setattr(weights, "_PACKAGES", ("no_such_package",))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "cache"


def test_without_weights_and_offline_there_are_words_alone(bare, monkeypatch, caplog):
    monkeypatch.setattr(download, "URL", "http://127.0.0.1:9/onnx.tar.gz")  # nobody answers
    said = []
    assert prepare(bare, "auto", said.append) is None
    assert len(said) == 1
    assert "downloading" in said[0]
    assert "words alone" in caplog.text
    assert not any(bare.rglob("*.onnx"))


def test_an_embedder_that_is_asked_for_and_absent_is_an_error(bare):
    with pytest.raises(SettingsError, match="AI_PROVISION_EMBEDDER is onnx") as caught:
        prepare(bare, "onnx", silent)
    assert "pip install" in caught.value.hint
    assert find_embedder(bare, "auto") is None
    assert find_embedder(bare, "sentence-transformers") is None


def test_none_is_none(exported):
    assert prepare(exported, "none", silent) is None
    assert find_embedder(exported, "none") is None


def archive_of(directory, names=(MODEL, TOKENIZER)):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name in names:
            tar.add(directory / name, f"onnx/{name}")
    return content.getvalue()


class FakeServer(http.server.BaseHTTPRequestHandler):
    """Serves one archive."""

    content = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_):
        pass


@pytest.fixture(name="server", scope="module")
def _server(exported):
    # A small stand-in for the model: what is tested is the way it takes, not what it computes.
    small = exported / "small"
    small.mkdir()
    (small / MODEL).write_bytes(b"model " * 1000)
    (small / TOKENIZER).write_bytes(b"{}")
    handler = type("Handler", (FakeServer,), {"content": archive_of(small)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/onnx.tar.gz", handler.content
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_published_model_is_fetched_checked_and_unpacked(bare, server):
    url, content = server
    said = []
    embedder = download.download_model(
        chroma_directory(bare), said.append, url=url, sha256=hashlib.sha256(content).hexdigest()
    )
    assert "downloading" in said[0]
    assert embedder.space != weights.SPACE
    assert find_embedder(bare, "auto").name == "all-MiniLM-L6-v2 (Chroma's ONNX model)"
    assert {path.name for path in chroma_directory(bare).iterdir()} == {MODEL, TOKENIZER, MANIFEST}


def test_what_chroma_has_fetched_already_is_not_fetched_again(bare, server, tmp_path):
    _, content = server
    known = tmp_path / download.CHROMA_ARCHIVE
    known.parent.mkdir(parents=True)
    known.write_bytes(content)
    said = []
    download.download_model(
        chroma_directory(bare),
        said.append,
        url="http://127.0.0.1:9/",
        sha256=hashlib.sha256(content).hexdigest(),
    )
    assert said == []


def test_another_archive_is_refused_and_nothing_stays(bare, server):
    with pytest.raises(EmbedderError, match="sha256"):
        download.download_model(chroma_directory(bare), silent, url=server[0], sha256="0" * 64)
    assert list((bare / "models").iterdir()) == []


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("MAX_ARCHIVE_BYTES", 10, "too large"), ("TIMEOUT_SECONDS", -1.0, "too slow")],
)
def test_a_download_without_end_is_cut(bare, server, monkeypatch, limit, value, words):
    monkeypatch.setattr(download, limit, value)
    with pytest.raises(EmbedderError, match=words):
        download.download_model(chroma_directory(bare), silent, url=server[0], sha256="")


def test_an_archive_of_something_else_is_refused(tmp_path):
    (tmp_path / MODEL).write_bytes(b"x")
    with pytest.raises(EmbedderError, match="cannot be taken"):
        download._extract(io.BytesIO(archive_of(tmp_path, (MODEL,))), tmp_path)
    with pytest.raises(EmbedderError, match="cannot be taken"):
        download._extract(io.BytesIO(b"no archive"), tmp_path)


def test_address_and_hash_are_those_of_chroma():
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    assert ONNXMiniLM_L6_V2.MODEL_DOWNLOAD_URL == download.URL
    assert ONNXMiniLM_L6_V2._MODEL_SHA256 == download.SHA256
    kept = ONNXMiniLM_L6_V2.DOWNLOAD_PATH / ONNXMiniLM_L6_V2.ARCHIVE_FILENAME
    assert kept.as_posix().endswith(download.CHROMA_ARCHIVE.as_posix())


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"):
        prepare(tmp_path / "file", "onnx", silent)


def test_a_manifest_that_is_none_is_no_model(cache):
    manifest = export_directory(cache) / MANIFEST
    manifest.unlink()
    manifest.write_text(json.dumps({"name": "x"}))
    assert find_embedder(cache, "auto") is None
    shutil.rmtree(export_directory(cache))
    assert find_embedder(cache, "auto") is None
