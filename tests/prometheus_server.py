"""A real Prometheus on loopback, filled with the history of workloads that a test describes.

    world = World(workloads=(Workload("shop", "Deployment", "api"),), days=2)
    with prometheus(world, tmp_path) as server:
        server.url, server.end_s

What `World` leaves at its default is an ordinary cluster with cAdvisor and kube-state-metrics. The
history ends an hour after the moment at which it was made, because instant queries look back five
minutes only. One server per process: it listens on a port that the system chooses.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.prometheus_world import World, openmetrics

MISSING = next((name for name in ("prometheus", "promtool") if shutil.which(name) is None), None)
needs_prometheus = pytest.mark.skipif(
    MISSING is not None, reason=f"{MISSING} is not installed (Debian: apt install prometheus)"
)
_START_SECONDS = 30
_LISTENING = re.compile(r'msg="Listening on".*address=(?:127\.0\.0\.1|\[::1\]):(\d+)')
_CONFIG = "global: {scrape_interval: 1h}\nscrape_configs: []\n"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, and what it holds."""

    url: str
    world: World
    now_s: int
    """When the history was made; it begins `world.days` before."""
    log: Path = field(repr=False)


@contextmanager
def prometheus(world: World, directory: Path, *options: str) -> Iterator[Served]:
    """Serve a world from `directory`; the server ends with the block.

    Args:
        world: The workloads.
        directory: Where the blocks and the log are written; empty.
        options: Further options of the command, such as ``--query.max-samples=1000``.
    """
    if MISSING is not None:
        pytest.skip(f"{MISSING} is not installed (Debian: apt install prometheus)")
    now_s = int(time.time()) // 60 * 60
    data = directory / "data"
    write_blocks(world, now_s, data)
    with serve(data, directory / "prometheus.log", *options) as url:
        yield Served(url, world, now_s, directory / "prometheus.log")


def write_blocks(world: World, now_s: int, data: Path) -> None:
    """Turn a world into TSDB blocks of up to a week each."""
    text = data.parent / "world.om"
    data.mkdir(parents=True, exist_ok=True)
    with text.open("w") as file:
        for line in openmetrics(world, now_s):
            file.write(line)
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=168h"]
        + ["openmetrics", "-q", text, data],
        check=True,
        capture_output=True,
        text=True,
    )
    text.unlink()


@contextmanager
def serve(data: Path, log: Path, *options: str) -> Iterator[str]:
    """Run Prometheus over a directory of blocks; gives its URL."""
    config = log.with_suffix(".yml")
    config.write_text(_CONFIG)
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}"]
    command += ["--storage.tsdb.retention.time=10y", "--web.listen-address=127.0.0.1:0", *options]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        port = _port(process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=_START_SECONDS)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port it listens on, once it says that it is ready."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        listening = _LISTENING.search(text)
        if listening and "Server is ready to receive web requests" in text:
            return int(listening.group(1))
        time.sleep(0.02)
    raise RuntimeError(f"prometheus did not start:\n{log.read_text()[-2000:]}")
