"""What reading usage history costs: wall time, requests, bytes, and the server's CPU time.

    python -m bench.metrics_read [--days 14] [--scrape 30] [--runs 5]

One app with five workloads in a real Prometheus on loopback, which is made first (about a minute).
The same containers are asked for in the same run as Robusta KRR 1.8 asks (strategy `simple`, step
75 s, six threads, seven queries per container, without its Kubernetes calls and its start), so that
the ratio can be compared between machines.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import requests

from adapters.prometheus.source import PrometheusSource
from adapters.settings import Settings
from schemas.telemetry import WorkloadHistory
from schemas.usage import WorkloadKey
from tests.prometheus_server import MISSING, Served, prometheus
from tests.prometheus_world import Autoscaling, Box, Workload, World

TARGET_S = 1.0
TARGET_REQUESTS = 12
KRR_THREADS = 6
KRR_STEP = "75s"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one way to read, once."""

    wall_s: float
    requests: int
    megabytes: float
    server_cpu_s: float


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--scrape", type=int, default=30)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    if MISSING is not None:
        print(f"metrics_read was not run: {MISSING} is not installed")
        return 0
    with tempfile.TemporaryDirectory() as directory:
        began = time.perf_counter()
        with prometheus(_world(given.days, given.scrape), Path(directory)) as served:
            print(f"made {given.days:g} days in {time.perf_counter() - began:.0f} s\n")
            _compare(served, given.days, given.runs, Path(directory))
    return 0


def _world(days: float, scrape_s: int) -> World:
    main = Box("main", startup_memory=1.5, cpu_limit=0.5, throttled=0.1)
    proxy = Box("proxy", cpu_cores=0.05, memory_bytes=60e6)
    killed = replace(proxy, oom_after_s=(7200.0,))
    return World(
        tuple(
            Workload(
                "shop",
                kind,
                name,
                containers=(main, killed if name == "worker" else proxy),
                rollouts=1,
                autoscaling=Autoscaling() if name == "api" else None,
                requests_per_second=5.0 if name in ("api", "web") else 0.0,
            )
            for kind, name in (
                ("Deployment", "api"),
                ("Deployment", "web"),
                ("Deployment", "worker"),
                ("StatefulSet", "db"),
                ("StatefulSet", "cache"),
            )
        ),
        days,
        scrape_s,
    )


def _compare(served: Served, days: float, runs: int, directory: Path) -> None:
    ways: dict[str, Callable[[int], Cost]] = {
        "read, nothing kept": lambda run: _read(served, days, directory / str(run), listed=False),
        "list and read": lambda run: _read(served, days, directory / f"l{run}", listed=True),
        "read again": lambda _: _read(served, days, directory / "0", listed=False),
        "as KRR asks": lambda _: _as_krr(served, days),
    }
    print(f"{'5 workloads, 10 containers':28}{'best s':>9}{'median s':>10}", end="")
    print(f"{'requests':>10}{'MB':>8}{'server CPU s':>14}{'target':>16}")
    for name, way in ways.items():
        way(runs)  # warms the page cache
        costs = [way(run) for run in range(runs)]
        walls = [cost.wall_s for cost in costs]
        last = costs[-1]
        target = f"{TARGET_S:g} s, {TARGET_REQUESTS}" if name == "read, nothing kept" else ""
        print(f"{name:28}{min(walls):9.3f}{statistics.median(walls):10.3f}", end="")
        print(f"{last.requests:10}{last.megabytes:8.1f}{last.server_cpu_s:14.2f}{target:>16}")


def _read(served: Served, days: float, cache: Path, *, listed: bool) -> Cost:
    """Our own way, in this process: imports are paid before."""
    settings = Settings(prometheus_url=served.url, metrics_days=days, cache_dir=str(cache))
    before = _server_cpu(served.url)
    source = PrometheusSource(settings, SystemClock())
    began = time.perf_counter()
    if listed:
        source.workloads()
    found = source.read(_keys(served))
    wall = time.perf_counter() - began
    for history in found.values():
        if not isinstance(history, WorkloadHistory) or history.missing:
            sys.exit(f"not everything was read: {history}")
    answers = source.connection.answered_bytes
    return Cost(wall, len(answers), sum(answers) / 1e6, _server_cpu(served.url) - before)


def _as_krr(served: Served, days: float) -> Cost:
    before = _server_cpu(served.url)
    queries = list(_krr_queries(served, days))
    session = requests.Session()

    def ask(query: str) -> int:
        form = {"query": query, "time": str(served.now_s)}
        answer = session.post(f"{served.url}/api/v1/query", data=form, timeout=300)
        answer.raise_for_status()
        answer.json()
        return len(answer.content)

    began = time.perf_counter()
    with ThreadPoolExecutor(KRR_THREADS) as pool:
        sizes = list(pool.map(ask, queries))
    wall = time.perf_counter() - began
    return Cost(wall, len(queries), sum(sizes) / 1e6, _server_cpu(served.url) - before)


def _krr_queries(served: Served, days: float) -> Iterator[str]:
    """The queries of `simple`, per container: four over subqueries, three for its pods."""
    span = f"{days:g}d"
    for workload in served.world.workloads:
        for box in workload.containers:
            where = f'namespace="shop",pod=~"{workload.name}-.*",container="{box.name}"'
            cpu = f"max(rate(container_cpu_usage_seconds_total{{{where}}}[{KRR_STEP}]))"
            memory = f"max(container_memory_working_set_bytes{{{where}}})"
            by = "by (container, pod, job)"
            yield f"quantile_over_time(0.95, {cpu} {by}[{span}:{KRR_STEP}])"
            yield f"count_over_time({cpu} {by}[{span}:{KRR_STEP}])"
            yield f"max_over_time({memory} {by}[{span}:{KRR_STEP}])"
            yield f"count_over_time({memory} {by}[{span}:{KRR_STEP}])"
            yield f'kube_replicaset_owner{{owner_name="{workload.name}",namespace="shop"}}[{span}]'
            owners = f'owner_name=~"{workload.name}.*",namespace="shop"'
            yield f"last_over_time(kube_pod_owner{{{owners}}}[{span}])"
            yield f"present_over_time(kube_pod_start_time{{{where.rpartition(',')[0]}}}[5m])"


def _keys(served: Served) -> tuple[WorkloadKey, ...]:
    return tuple(
        WorkloadKey(namespace=one.namespace, kind=one.kind, name=one.name)
        for one in served.world.workloads
    )


def _server_cpu(url: str) -> float:
    """Seconds of CPU that the server has used so far."""
    text = requests.get(f"{url}/metrics", timeout=10).text
    found = re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
