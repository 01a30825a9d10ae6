"""Builds are incremental, whole or not at all, and nothing when nothing has changed."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from knowledge.index import generation, lock
from knowledge.index.build import Builder
from knowledge.index.chroma import ChromaServer, persistent_client, server_client
from knowledge.index.descriptions import described, entries
from knowledge.index.opening import INDEX
from knowledge.index.scoring import Mode
from knowledge.retriever import open_knowledge
from schemas.errors import OutputError, OutsideError
from schemas.knowledge import KnowledgeQuery
from tests.knowledge.index.fake_embedder import DIMENSIONS, FakeEmbedder
from tests.knowledge.index.sample import FACTS, write_corpus

ROOT = Path(__file__).parents[3]


class FakeClock:
    """Stands still."""

    def now(self):
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def monotonic(self):
        return 0.0


class Room:
    """A corpus, a cache and an embedder."""

    def __init__(self, path, server=None):
        self.facts = write_corpus(path / "facts")
        self.cache = path / "cache"
        self.embedder = FakeEmbedder()
        self.server = server
        self.progress = []

    def build(self, **options):
        builder = Builder(
            cache_directory=self.cache,
            prepare_embedder=lambda: self.embedder,
            clock=FakeClock(),
            server=self.server,
            facts=self.facts,
            progress=lambda *step: self.progress.append(step),
        )
        return builder.build(**options)

    def open(self):
        return open_knowledge(
            self.cache, facts=self.facts, embedder=self.embedder, server=self.server
        )

    def ids(self, text, **filters):
        (answer,) = self.open().search([KnowledgeQuery(text=text, **filters)])
        return [item.fact.id for item in answer.found]

    @property
    def generations(self):
        return [path for path in (self.cache / INDEX).iterdir() if path.is_dir()]


@pytest.fixture(name="room")
def _room(tmp_path):
    return Room(tmp_path)


@pytest.fixture(name="built")
def _built(room):
    room.build()
    room.embedder.embedded.clear()
    return room


def test_a_first_build_embeds_every_fact_and_is_searched(room):
    report = room.build()
    assert (report.changed, report.facts, report.embedded) == (True, len(FACTS), len(FACTS))
    knowledge = room.open()
    assert knowledge.state.degraded is None
    assert knowledge.state.embedder == "fake (fake@1)"
    found = knowledge.search([KnowledgeQuery(text="Frob keeps a cache of a quarter")])[0].found
    assert found[0].fact.id == "frob-cache"
    assert found[0].dense > 0.5
    assert room.progress[-1] == ("embedding facts", len(FACTS), len(FACTS))


def test_the_vectors_that_are_searched_are_those_of_chroma(built):
    (path,) = built.generations
    plain = np.fromfile(path / generation.VECTORS, "<f4").reshape(-1, DIMENSIONS)
    with persistent_client(path / generation.CHROMA) as client:
        collection = client.get_collection("facts", embedding_function=None)
        assert collection.configuration_json["hnsw"]["space"] == "cosine"
        stored = collection.get(include=["embeddings", "documents"])
    order = np.argsort(stored["ids"])
    assert np.abs(np.asarray(stored["embeddings"])[order] - plain).max() < 1e-6
    assert sorted(stored["ids"]) == [fact.id for fact in FACTS]


def test_a_build_without_changes_does_nothing_and_imports_nothing_heavy(built):
    before = built.generations
    report = built.build()
    assert (report.changed, report.embedded) == (False, 0)
    assert built.generations == before
    code = f"""
import sys
from pathlib import Path
from knowledge.index.build import Builder
from tests.knowledge.index.fake_embedder import FakeEmbedder
Builder(Path({str(built.cache)!r}), FakeEmbedder, None, facts=Path({str(built.facts)!r})).build()
print([n for n in ("chromadb", "llama_index", "torch") if n in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_changed_fact_replaces_its_old_self_and_alone_is_embedded(built):
    changed = FACTS[0].model_copy(update={"statement": "Frob eats bananas at night."})
    write_corpus(built.facts, (changed, FACTS[1]))
    report = built.build()
    assert (report.changed, report.embedded, report.removed) == (True, 1, 0)
    assert "bananas" in built.embedder.embedded[0]
    assert built.ids("frob bananas night")[0] == "frob-cache"
    assert built.ids("quarter") == []
    assert len(built.generations) == 1


def test_descriptions_of_the_components_are_embedded_beside_the_facts(built):
    (path,) = built.generations
    texts = described(fact.component for fact in FACTS).texts
    vectors = np.fromfile(path / generation.EVERYDAY, "<f4").reshape(-1, DIMENSIONS)
    assert len(vectors) == len(texts) > 0
    assert vectors[0] == pytest.approx(built.embedder.embed(texts[:1])[0], abs=1e-6)


def test_descriptions_are_carried_over(built):
    (built.facts / "vpa.yaml").unlink()
    (path,) = built.generations
    before = (path / generation.EVERYDAY).read_bytes()
    built.build()
    (path,) = built.generations
    assert built.embedder.embedded == []
    assert (path / generation.EVERYDAY).read_bytes() == before


def test_a_component_is_found_by_its_description(built):
    text = entries()["spring-boot"][0]
    assert built.ids(text) == ["spring-start"]


def test_a_description_lifts_nothing_past_the_filters_of_a_query(built):
    text = entries()["spring-boot"][0]
    assert "spring-start" not in built.ids(text, languages=("javascript",))


def test_a_description_is_not_looked_at_when_meanings_alone_are_compared(built):
    query = KnowledgeQuery(text=entries()["spring-boot"][0])
    (answer,) = built.open().in_mode(Mode.DENSE).search([query])
    assert answer.found == ()


def test_facts_without_a_described_component_have_no_descriptions(room):
    for name in ("nodejs", "spring-boot"):
        (room.facts / f"{name}.yaml").unlink()
    room.build()
    (path,) = room.generations
    assert not (path / generation.EVERYDAY).exists()
    assert room.open().state.degraded is None


def test_a_removed_fact_goes(built):
    (built.facts / "vpa.yaml").unlink()
    report = built.build()
    assert (report.facts, report.embedded, report.removed) == (len(FACTS) - 1, 0, 1)
    assert built.ids("recommender margin fifteen percent") == []


def test_another_space_embeds_everything_again(built):
    built.embedder = FakeEmbedder("fake@2")
    assert built.build().embedded == len(FACTS)
    assert built.open().state.degraded is None


def test_rebuild_computes_everything_anew(built):
    assert built.build(rebuild=True).embedded == len(FACTS)
    assert len(built.generations) == 1


def test_without_an_embedder_words_are_indexed_and_the_loss_is_said(room):
    room.embedder = None
    report = room.build()
    assert (report.changed, report.embedder) == (True, "none (BM25 alone)")
    assert "without an embedder" in room.open().state.degraded
    assert room.ids("frob cache")[0] == "frob-cache"
    assert room.build().changed is False


def test_a_query_with_another_embedder_says_so(built):
    built.embedder = FakeEmbedder("fake@2")
    state = built.open().state
    assert state.embedder == "none (BM25 alone)"
    assert "fake (fake@1), not with fake (fake@2)" in state.degraded


def test_a_stale_index_is_not_searched(built):
    write_corpus(built.facts, (FACTS[0].model_copy(update={"statement": "All new and shiny."}),))
    assert "facts have changed" in built.open().state.degraded
    assert built.ids("shiny") == ["frob-cache"]


def spoil(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def older(path):
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format": 0}))


DAMAGE = {
    "words": (generation.WORDS, spoil),
    "vectors": (generation.VECTORS, spoil),
    "descriptions": (generation.EVERYDAY, spoil),
    "no descriptions": (generation.EVERYDAY, Path.unlink),
    "cut vectors": (generation.VECTORS, lambda path: path.write_bytes(b"x")),
    "no vectors": (generation.VECTORS, Path.unlink),
    "no manifest": (generation.MANIFEST, Path.unlink),
    "broken manifest": (generation.MANIFEST, lambda path: path.write_text("{")),
    "older format": (generation.MANIFEST, older),
}


@pytest.mark.parametrize(("name", "harm"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_index_is_one_line_for_a_query_and_rebuilt_by_a_build(built, caplog, name, harm):
    harm(built.generations[0] / name)
    assert built.ids("frob cache")[0] == "frob-cache"
    assert len(caplog.records) == 1
    caplog.clear()
    assert built.build().changed
    assert len(caplog.records) == 1
    caplog.clear()
    assert built.open().state.degraded is None
    assert caplog.records == []


def test_chroma_files_that_are_damaged_only_cost_time(built):
    for path in (built.generations[0] / generation.CHROMA).rglob("*"):
        if path.is_file():
            path.write_bytes(b"nothing of use")
    write_corpus(built.facts, (FACTS[0].model_copy(update={"statement": "Something new here."}),))
    assert built.build().embedded > 1
    assert built.open().state.degraded is None


@pytest.mark.parametrize("text", ["", "../../etc", "/etc", "..", "gone", "\xff"])
def test_a_strange_current_file_is_no_index(built, text):
    (built.cache / INDEX / generation.CURRENT).write_bytes(text.encode("latin-1"))
    assert built.ids("frob cache")[0] == "frob-cache"
    assert built.build().changed
    assert built.open().state.degraded is None


def test_readers_find_a_whole_index_while_it_is_built_again_and_again(built):
    stop = threading.Event()
    wrong = []

    def read():
        while not stop.is_set():
            knowledge = built.open()
            if knowledge.state.degraded or not knowledge.search([KnowledgeQuery(text="frob")]):
                wrong.append(knowledge.state)

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(5):
        built.build(rebuild=True)
    stop.set()
    thread.join()
    assert wrong == []


def test_of_two_builders_at_once_one_does_the_work(room):
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(room.build())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.changed for report in reports) == [False, True]
    assert len(room.generations) == 1


def test_a_builder_that_hangs_is_not_waited_for_without_end(built, monkeypatch):
    monkeypatch.setattr(lock, "MAX_WAIT_SECONDS", 0.2)
    with lock.one_builder(built.cache / INDEX, print), pytest.raises(OutputError, match="another"):
        built.build()
    assert built.progress[-1][0].startswith("waiting for another process")


def test_a_cache_that_cannot_be_written_is_one_sentence(room):
    room.cache.write_text("a file")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        room.build()
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("limit", [1_000, 60_000, 100_000])
def test_a_full_disk_leaves_the_old_index(built, limit):
    """No file may grow over `limit` bytes, which is how a full disk looks to a writer."""
    write_corpus(built.facts, (FACTS[0].model_copy(update={"statement": "Something new here."}),))
    code = f"""
import signal, sys
from pathlib import Path
from tests.knowledge.index.test_build import Room
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = Room.__new__(Room)
room.facts, room.cache = Path({str(built.facts)!r}), Path({str(built.cache)!r})
from tests.knowledge.index.fake_embedder import FakeEmbedder
room.embedder, room.server, room.progress = FakeEmbedder(), None, []
from schemas.errors import OutputError
try:
    room.build()
except OutputError as error:
    print(error.message)
"""
    before = built.generations
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the index cannot be written in ")
    assert done.stdout.count("\n") == 1
    assert built.generations == before
    assert built.build().embedded == 1


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory):
    command = Path(sys.executable).parent / "chroma"
    if not command.exists():
        pytest.skip("the chroma command is not installed")
    port = free_port()
    path = tmp_path_factory.mktemp("chroma")
    process = subprocess.Popen(
        [command, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(path)},
    )  # fmt: skip
    server = ChromaServer(f"http://127.0.0.1:{port}", "secret-token")
    for _ in range(100):
        try:
            with server_client(server):
                break
        except OutsideError:
            time.sleep(0.1)
    yield server
    process.terminate()
    process.wait()


def collections(server):
    with server_client(server) as client:
        return {collection.name for collection in client.list_collections()}


def test_a_server_keeps_the_vectors_and_is_asked_by_every_machine(tmp_path, server):
    room = Room(tmp_path / "one", server)
    local = Room(tmp_path / "two")
    report = room.build()
    assert report.embedded == len(FACTS)
    assert report.location == server.url
    assert not (room.generations[0] / generation.VECTORS).exists()
    local.build()
    queries = [KnowledgeQuery(text=text) for text in ("Frob keeps a cache", "pizza", "idle frob")]
    remote = room.open()
    assert remote.state.degraded is None
    assert [
        [(item.fact.id, round(item.score, 2)) for item in answer.found]
        for answer in remote.search(queries)
    ] == [
        [(item.fact.id, round(item.score, 2)) for item in answer.found]
        for answer in local.open().search(queries)
    ]
    fresh = Room(tmp_path / "three", server)
    assert fresh.open().search(queries) == remote.search(queries)
    assert fresh.open().state.degraded is None


def test_a_server_is_updated_incrementally_and_old_collections_go(tmp_path, server):
    room = Room(tmp_path, server)
    room.build()
    assert room.build().changed is False
    for number in range(7):
        new = FACTS[0].model_copy(update={"statement": f"Statement number {number} here."})
        write_corpus(room.facts, (new, FACTS[1]))
        assert room.build().embedded == 1
    names = collections(server)
    assert all(name.startswith("ai-provision-") for name in names)
    assert len(names) <= 6
    own = next(name for name in names if room.open().state.fingerprint.startswith(name[13:]))
    with server_client(server) as client:
        client.delete_collection(own)
    assert room.build().changed is True


def test_a_server_without_these_facts_costs_one_line_and_the_meanings(tmp_path, server, caplog):
    room = Room(tmp_path, server)
    write_corpus(room.facts, (FACTS[0].model_copy(update={"statement": "Never seen before."}),))
    knowledge = room.open()
    knowledge.search([KnowledgeQuery(text="frob")])
    knowledge.search([KnowledgeQuery(text="frob")])
    assert len(caplog.records) == 1
    assert "has no index of these facts" in knowledge.state.degraded


@pytest.mark.parametrize("kind", ["nobody listens", "never answers", "answers nonsense"])
def test_a_server_that_fails_costs_one_line_and_the_meanings(tmp_path, kind, caplog, monkeypatch):
    monkeypatch.setattr("knowledge.index.chroma.QUERY_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def nonsense():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example ready\r\n")

        if kind == "nobody listens":
            listener.close()
        elif kind == "answers nonsense":
            threading.Thread(target=nonsense, daemon=True).start()
        room = Room(tmp_path, ChromaServer(f"http://127.0.0.1:{port}", "secret-token"))
        knowledge = room.open()
        answer = knowledge.search([KnowledgeQuery(text="frob cache")])[0]
        assert answer.found[0].fact.id == "frob-cache"
        with pytest.raises(OutsideError):
            room.build()
    assert len(caplog.records) == 1
    assert "Chroma server" in knowledge.state.degraded
    assert "secret-token" not in caplog.text + repr(room.server)
