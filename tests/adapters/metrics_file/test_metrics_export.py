"""Our own form: what is written is what is read."""

import gzip
import json
from dataclasses import fields

import numpy as np
import pytest

from adapters.metrics_file import open_metrics_file
from adapters.metrics_file.export import write_export
from adapters.metrics_file.export_format import FORMAT
from schemas.errors import InputFileError
from schemas.telemetry import Missing, Room, RunningAutoscaler
from tests.adapters.metrics_file.files import FakeClock, source
from tests.pipa.usage.histories import Fake, FakeWorkload, Life, day, kill


def rich():
    """A history with something in every field."""
    fake = Fake(
        days=2,
        lives=(Life(), Life(begin=0.5, end=1.2), Life(begin=1.9)),
        resident=1e8,
        throttled=0.125,
        raw_peak=1.3,
        oom_kills=(kill(5e8, at_day=1.1), kill(None, at_day=1.2)),
    )
    return FakeWorkload(
        containers=(fake, Fake(days=2, name="side", lives=fake.lives)),
        load=day(),
        replicas=day(),
        autoscaler=RunningAutoscaler("hpa", 2, 6, 70.0),
        room=Room(
            (4.0, 8.0), (1e10,), {"requests.cpu": 10.0}, {"requests.cpu": 5.0}, {"max.cpu": 2}
        ),
        missing=(Missing("latency", "no such metric"),),
    ).history()


def same(left, right):
    if isinstance(left, np.ndarray):
        assert isinstance(right, np.ndarray)
        np.testing.assert_array_equal(left, right)
    elif hasattr(left, "__dataclass_fields__"):
        assert type(left) is type(right)
        for field in fields(left):
            same(getattr(left, field.name), getattr(right, field.name))
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            same(left[key], right[key])
    else:
        assert left == right


@pytest.mark.parametrize("name", ["x.json", "x.json.gz"])
def test_a_file_gives_back_the_very_same_history(tmp_path, name):
    history = rich()
    path = tmp_path / name
    path.write_bytes(write_export([history], history.origin, packed=name.endswith(".gz")))
    found = open_metrics_file(path, FakeClock())
    (listed,) = found.workloads()
    assert (listed.key, listed.containers, listed.pods) == (history.key, ("app", "side"), 6)
    same(history, found.read((history.key,))[history.key])


def test_what_was_not_exported_is_told():
    found = source(json.loads(write_export([rich()], "x", packed=False)))
    key = rich().key.model_copy(update={"name": "other"})
    assert found.read((key,))[key].reason == "metrics.json does not hold it"


def test_the_same_histories_give_the_same_bytes():
    assert write_export([rich()], "x", packed=True) == write_export([rich()], "x", packed=True)


def test_pods_that_lived_briefly_take_little_room():
    lives = tuple(Life(begin=n / 100, end=n / 100 + 0.01) for n in range(100))
    fake = FakeWorkload(containers=(Fake(days=2, lives=lives),)).history()
    assert len(write_export([fake], "x", packed=False)) < 100_000


def document(**changes):
    told = json.loads(write_export([rich()], "x", packed=False))
    told["workloads"][0].update(changes)
    return told


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": "ai-provision-metrics/2"}, r"format: 'ai-provision-metrics/2' is not"),
        (document(workload="api"), r"workloads\[0\].workload: not namespace/Kind/name: 'api'"),
        (document(count=10**9), r"workloads\[0\].count: Input should be less than"),
        (document(count=3), r"workloads\[0\].containers\[0\].cpu_cores\[0\]: its values reach"),
        (document(step_s=0), r"workloads\[0\].step_s"),
        (document(extra=1), r"workloads\[0\].extra: Extra inputs"),
        (document(replicas={"at": -1, "values": []}), r"workloads\[0\].replicas.at"),
        (document(replicas={"values": ["a"]}), r"workloads\[0\].replicas.values\[0\]"),
        ({"format": FORMAT, "workloads": [{}]}, r"workloads\[0\].workload: Field required"),
        ({"format": FORMAT, "workloads": document()["workloads"] * 2}, "stands there twice"),
    ],
)
def test_a_fault_is_named_with_its_place(changed, words):
    with pytest.raises(InputFileError, match=words) as error:
        source(changed)
    assert error.value.exit_code == 2
    assert "docs/metrics.md" in error.value.hint


def test_rows_that_do_not_belong_to_pods_are_refused():
    told = document()
    told["workloads"][0]["containers"][0] |= {"pods": ["one"], "peak_bytes": None}
    with pytest.raises(InputFileError, match=r"containers\[0\].cpu_cores: 3 rows for 1 pods"):
        source(told)


def test_a_grid_that_would_fill_the_memory_is_refused():
    told = document(count=200_000)
    box = told["workloads"][0]["containers"][0]
    for name in ("cpu_cores", "memory_bytes"):
        box[name] = [{"values": []}] * 100
    box |= {"pods": [f"p{n}" for n in range(100)], "rss_bytes": None, "throttled": None}
    with pytest.raises(InputFileError, match="points in all"):
        source(told)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"{", "not JSON"),
        (b'{"cpu_cores": [NaN]}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (gzip.compress(b"{}")[:-4], "not a whole gzip file"),
        (b"\x1f\x8bxxxx", "not a whole gzip file"),
        (b"3", "neither an export"),
        (b'{"a": 1}\n{"b": 2}', "neither an export"),
        (b"[]", "neither an export"),
    ],
    ids=["empty", "cut", "nan", "deep", "cut gzip", "no gzip", "number", "lines", "list"],
)
def test_what_is_no_metrics_file_is_refused(tmp_path, content, words):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=words):
        open_metrics_file(path, FakeClock())


def test_a_packed_file_that_grows_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.metrics_file.reading.MAX_BYTES", 1000)
    path = tmp_path / "m.json.gz"
    path.write_bytes(gzip.compress(b" " * 100_000))
    with pytest.raises(InputFileError, match="larger than"):
        open_metrics_file(path, FakeClock())


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputFileError, match="No such file"):
        open_metrics_file(tmp_path / "nope", FakeClock())
