"""The leave-one-out of the benchmark leaves one out, and counts errors both ways."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.siblings import Search, by_plan, factor, leave_out, main, nezha, plan, sock_shop
from pipa.constants import load_constants

SEARCH = Search(3, None)


@pytest.fixture(name="shop")
def _shop(tmp_path):
    """Four services of a made-up run: three use alike."""
    used = {"orders": 300, "carts": 320, "shipping": 340, "payment": 10, "idle": 1}
    names = [f"{name}_{kind}" for name in used for kind in ("cpu", "mem")]
    rows = [",".join(["time", *names])]
    for moment in range(4):
        cells = [
            str(0.0 if name == "idle" else 2.0) if kind == "cpu" else str(mib * 2**20)
            for name, mib in used.items()
            for kind in ("cpu", "mem")
        ]
        rows.append(",".join([str(moment), *cells]))
    path = tmp_path / "carts-cpu" / "1"
    path.mkdir(parents=True)
    (path / "normal.csv").write_text("\n".join(rows) + "\n")
    (path / "anomalous.csv").write_text("not read")
    return tmp_path


def test_a_service_is_not_among_its_siblings(shop):
    services = list(sock_shop(shop))
    assert len(services) == 5
    orders = next(s for s in services if s.component.name == "orders")
    found = leave_out(orders, services, SEARCH, same_app=True)
    names = {item.id.split("/")[2] for item in found}
    assert "orders" not in names
    assert {"carts", "shipping"} <= names
    assert leave_out(orders, services, SEARCH, same_app=False) == []
    plain, both = plan(orders, (), load_constants()), plan(orders, found, load_constants())
    said = by_plan(both, load_constants())
    assert said.memory_mib > 0
    assert plain.influences == ()


def test_errors_count_both_ways():
    assert factor(100, 50) == factor(50, 100) == 2
    assert factor(100, None) == factor(0, 5) == math.inf


def test_the_command_prints_its_table(shop, tmp_path, capsys, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    arrow = pytest.importorskip("pyarrow")
    ids = [f"nezha/boutique/{name}" for name in ("frontend", "emailservice") for _ in range(3)]
    columns = {
        "series_id": ids,
        "timestamp_s": np.tile(np.arange(3) * 60, 2),
        "cpu_cores": np.full(6, 0.01),
        "memory_bytes": np.full(6, 5e7),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "nezha.parquet")
    assert [s.component.language for s in nezha(tmp_path / "nezha.parquet")] == ["Python", "Go"]
    arguments = ["siblings", "--traces", str(tmp_path), "--sock-shop", str(shop), "--each"]
    monkeypatch.setattr("sys.argv", [*arguments, "--settings"])
    assert main() == 0
    told = capsys.readouterr().out
    assert told.startswith("6 services, 1 idle ones left out; embedder: none")
    assert "capacity model" in told
    assert "other apps only" in told
