"""How long a person waits: whole commands, Python's start included, best and median of several.

    python -m bench.speed [--runs 7]

`--help` and the example's sizing are the two that have a target. A bare interpreter is timed in
the same run, so that the ratio can be compared between machines.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOL = str(Path(sys.executable).parent / "ai-provision")
EXAMPLE = ["--trigger", "examples/shop/trigger.yaml", "--checkout", "examples/shop"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as directory:
        out = str(Path(directory, "out"))
        commands = {
            "python -c pass": ([sys.executable, "-c", "pass"], None),
            "ai-provision --help": ([TOOL, "--help"], 0.3),
            "ai-provision --version": ([TOOL, "--version"], 0.3),
            "size the example": ([TOOL, "size", *EXAMPLE], 1.5),
            "size the example --out": ([TOOL, "size", *EXAMPLE, "--out", out], 1.5),
        }
        seconds = {name: _times(command, runs) for name, (command, _) in commands.items()}
    base = statistics.median(seconds["python -c pass"])
    print(f"{'command':28}{'best s':>9}{'median s':>10}{'× python':>10}{'target s':>10}")
    for name, (_, target) in commands.items():
        median = statistics.median(seconds[name])
        print(
            f"{name:28}{min(seconds[name]):9.3f}{median:10.3f}{median / base:10.1f}"
            f"{target if target is not None else '':>10}"
        )
    print(f"\n{'inside one process':28}{'best ms':>9}{'target ms':>22}")
    for name, (work, target_ms) in _parts().items():
        print(f"{name:28}{_best_ms(work, runs):9.1f}{target_ms:22}")
    return 0


def _parts() -> dict[str, tuple[Callable[[], object], int]]:
    """What a sizing is made of, each with what it should take at most."""
    from dca.description import read_description
    from pipa.capacity import size_component
    from pipa.constants import DIRECTORY, load_constants
    from schemas.context import AppContext, Component, Demand, FoundIn, RepositoryFacts, Role
    from schemas.trigger import Trigger

    constants = load_constants()
    found = (FoundIn.DOCKERFILE,)
    demand = Demand(peak_rps=100)
    parts = tuple(
        Component(name=f"c{n}", found_in=found, language="Go", role=Role.BACKEND_API, demand=demand)
        for n in range(10)
    )
    text = "Order service in Go with PostgreSQL, 2k rps at peak, p99 under 50 ms. " * 280
    context = AppContext(
        trigger=Trigger(git_repo=".", app_description=text[:100]),
        repository=RepositoryFacts(url="."),
        reading=read_description(text[:100]),
        components=parts,
    )
    return {
        "load the constants, cold": (lambda: load_constants.__wrapped__(DIRECTORY), 60),
        "estimate ten components": (
            lambda: [size_component(part, context, constants) for part in parts],
            50,
        ),
        "read 19,600 characters": (lambda: read_description(text), 50),
    }


def _best_ms(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken) * 1000


def _times(command: list[str], runs: int) -> list[float]:
    """Wall seconds of each run, after one that warms the caches."""
    taken = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        taken.append(time.perf_counter() - started)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return taken[1:]


if __name__ == "__main__":
    sys.exit(main())
