"""A Chroma server is shared by several machines, and its failure is one sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knowledge.index.chroma import ChromaServer, server_client
from knowledge.telemetry import collection
from knowledge.telemetry.index import Forget, UsageIndex
from knowledge.telemetry.shelf import ServerShelf
from schemas.errors import OutsideError, StoreError
from schemas.usage import Slice
from tests.knowledge.index.fake_embedder import FakeEmbedder
from tests.knowledge.telemetry.usages import FakeClock, component, slices, usage


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(name="process", scope="module")
def _process(tmp_path_factory):
    command = Path(sys.executable).parent / "chroma"
    if not command.exists():
        pytest.skip("the chroma command is not installed")
    port, path = free_port(), tmp_path_factory.mktemp("chroma")
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


@pytest.fixture(name="server")
def _server(process):
    """The server, with nothing of ours on it."""
    with server_client(process) as client:
        for each in collection.collections(client):
            client.delete_collection(each.name)
    return process


def opened(server, embedder=None, clock=None):
    return UsageIndex(ServerShelf(server), clock or FakeClock(), embedder)


def test_what_one_machine_remembers_another_finds(server):
    opened(server, FakeEmbedder()).remember([*slices(), usage("carts")])
    other = opened(server, FakeEmbedder())
    names = [item.usage.workload.name for item in other.similar(component("carts"))]
    assert names == ["carts", "orders"]
    found = other.slices(usage().workload, "app", "an OOM kill incident: killed for memory")
    assert found[0].slice is Slice.INCIDENT
    assert len(found) == len(Slice)
    assert other.find({"role": ("worker",)}) == []


def test_the_same_again_embeds_nothing_and_a_change_replaces(server):
    embedder = FakeEmbedder()
    index = opened(server, embedder)
    index.remember(slices())
    count = len(embedder.embedded)
    index.remember(slices())
    assert len(embedder.embedded) == count
    index.remember([usage(framework=None, days=20.0)])
    assert index.find({"slice": ("all",)}) == [usage(framework=None, days=20.0)]


def test_with_and_without_an_embedder_the_same_summaries_are_seen(server):
    embedder = FakeEmbedder()
    opened(server).remember([usage()])
    opened(server, embedder).remember([usage("carts")])
    for each in (opened(server), opened(server, embedder)):
        assert len(each.similar(component())) == 2
    opened(server, embedder).remember([usage()])
    assert len(opened(server).find({})) == 2


def test_age_and_purge_apply_to_the_server_too(server):
    clock = FakeClock()
    opened(server, clock=clock).remember(slices("old"))
    clock.pass_days(200)
    late = int(clock.now().timestamp())
    index = opened(server, clock=clock)
    index.remember([usage("a", end_s=late), usage("b", end_s=late)])
    assert [item.workload.name for item in index.find({})] == ["a", "b"]
    assert index.purge(Forget(workload="shop/Deployment/a")) == 1
    assert [item.workload.name for item in index.find({})] == ["b"]


def test_a_full_server_loses_the_oldest(server, monkeypatch):
    monkeypatch.setattr("knowledge.telemetry.index.MAX_SUMMARIES", 3)
    index = opened(server)
    end_s = usage().end_s
    index.remember([usage(f"s{n}", end_s=end_s - 86400 * (5 - n)) for n in range(5)])
    assert [item.workload.name for item in index.find({})] == ["s3", "s4"]


def test_a_server_that_is_away_is_one_sentence_without_its_token():
    server = ChromaServer(f"http://127.0.0.1:{free_port()}", "secret-token")
    for call in (
        lambda index: index.remember([usage()]),
        lambda index: index.similar(component()),
        lambda index: index.purge(Forget()),
    ):
        with pytest.raises(StoreError, match="Chroma server") as caught:
            call(opened(server))
        assert "\n" not in caught.value.message
        assert "secret-token" not in caught.value.render()
