"""The telemetry index of the settings: where it is, what it costs to open, and what is shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from adapters.settings import Settings
from pipeline.knowledge_index import query_embedder
from pipeline.telemetry import open_telemetry
from tests.knowledge.telemetry.usages import FakeClock, component, usage

ROOT = Path(__file__).parents[2]


def test_it_is_kept_in_the_data_directory(tmp_path):
    settings = Settings(data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))
    index = open_telemetry(settings, FakeClock())
    assert list(tmp_path.iterdir()) == []
    index.remember([usage()])
    assert (tmp_path / "data" / "telemetry" / "usage.sqlite").is_file()
    assert open_telemetry(settings, FakeClock()).similar(component())[0].usage == usage()
    assert "without an embedder" in index.degraded


def test_its_clock_is_the_machines_own(tmp_path):
    settings = Settings(data_dir=str(tmp_path))
    open_telemetry(settings).remember([usage(end_s=1)])
    assert open_telemetry(settings).find({}) == []


def test_that_there_is_no_embedder_is_not_remembered(tmp_path, monkeypatch):
    settings = Settings(cache_dir=str(tmp_path))
    assert query_embedder(settings) is None
    made = object()
    monkeypatch.setattr("pipeline.knowledge_index.find_embedder", lambda *_: made)
    assert query_embedder(settings) is made
    assert query_embedder(settings) is query_embedder(settings)


def test_opening_imports_nothing_heavy(tmp_path):
    code = f"""
import sys
from adapters.settings import Settings
from pipeline.telemetry import open_telemetry
from tests.knowledge.telemetry.usages import component
open_telemetry(Settings(data_dir={str(tmp_path)!r})).similar(component())
print([n for n in ("chromadb", "llama_index", "onnxruntime", "numpy") if n in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
