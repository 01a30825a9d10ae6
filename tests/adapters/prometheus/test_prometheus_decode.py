"""Answers as arrays: whatever a server sends becomes numbers, NaN, or one kind of error."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.prometheus import decode
from adapters.prometheus.decode import decode_instant, decode_range, decode_series
from adapters.prometheus.failures import QueryFailed
from schemas.telemetry import Grid

GRID = Grid(1000, 10, 5)


def body(result, **more):
    return json.dumps({"status": "success", "data": {"result": result}, **more}).encode()


def row(values, **labels):
    return {"metric": labels, "values": values}


def test_samples_stand_at_their_places():
    found = decode_range(body([row([[1010, "1.5"], [1040, "2"]], pod="a")]), GRID)
    assert found.rows[0].labels == {"pod": "a"}
    np.testing.assert_array_equal(found.rows[0].values, [np.nan, 1.5, np.nan, np.nan, 2])


def test_a_full_row_is_taken_as_it_is():
    values = [[1000 + 10 * n, str(n)] for n in range(5)]
    assert decode_range(body([row(values)]), GRID).rows[0].values.tolist() == [0, 1, 2, 3, 4]


def test_samples_off_the_grid_are_dropped():
    values = [[900, "1"], [1000, "2"], [1050, "3"], [1e300, "4"]]
    found = decode_range(body([row(values)]), GRID).rows[0].values
    np.testing.assert_array_equal(found, [2, np.nan, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("text", ["+Inf", "-Inf", "Inf", "1e19", "-1e19"])
def test_infinite_and_enormous_samples_are_unknown_and_counted(text):
    found = decode_range(body([row([[1000, text], [1010, "NaN"], [1020, "1"]])]), GRID)
    np.testing.assert_array_equal(found.rows[0].values[:3], [np.nan, np.nan, 1])
    assert found.faulty == 1


def test_native_histograms_are_left_out_and_counted():
    histogram = {"metric": {}, "histograms": [[1000, {"count": "1", "sum": "2"}]]}
    assert decode_range(body([histogram, row([[1000, "1"]])]), GRID).skipped == 1
    assert decode_instant(body([{"metric": {}, "histogram": [1, {}]}])).skipped == 1


@pytest.mark.parametrize(
    "labels",
    [
        {"a": "x" * (decode.MAX_LABEL_CHARACTERS + 1)},
        {f"l{n}": "x" for n in range(decode.MAX_LABELS + 1)},
        {"a": 1},
        [],
        None,
    ],
    ids=["long", "many", "number", "list", "none"],
)
def test_series_with_unusable_labels_are_left_out(labels):
    found = decode_range(body([{"metric": labels, "values": [[1000, "1"]]}]), GRID)
    assert (found.rows, found.skipped) == ((), 1)


def test_instant_samples_that_are_no_numbers_are_left_out():
    values = ["1.5", "NaN", "+Inf", "x", None]
    found = decode_instant(body([{"metric": {"n": v or ""}, "value": [1, v]} for v in values]))
    assert [(one.at_s, one.value) for one in found.samples] == [(1.0, 1.5)]
    assert found.faulty == 4


def test_warnings_are_bounded_and_printable():
    found = decode_instant(body([], warnings=["a\x1b[0m\nb" + "c" * 999] * 9))
    assert len(found.warnings) == 5
    assert found.warnings[0].startswith("a[0m b")
    assert all(len(said) <= 200 for said in found.warnings)


def test_too_many_series_ask_for_fewer(monkeypatch):
    monkeypatch.setattr(decode, "MAX_SERIES", 2)
    with pytest.raises(QueryFailed, match="3 series"):
        decode_range(body([row([])] * 3), GRID)


def test_an_error_in_a_healthy_status_is_an_error():
    with pytest.raises(QueryFailed, match="not today"):
        decode_instant(json.dumps({"status": "error", "error": "not today"}).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["status", "data", "result", "metric", "values", "value", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(result=JSON, warnings=JSON)
def test_any_json_is_rows_or_a_failed_query(result, warnings):
    answer = json.dumps(
        {"status": "success", "data": {"result": result}, "warnings": warnings}
    ).encode()
    for read in (lambda: decode_range(answer, GRID), lambda: decode_instant(answer)):
        try:
            found = read()
        except QueryFailed:
            continue
        assert all(one.values.shape == (GRID.count,) for one in found.rows)
        assert all(np.isfinite(one.value) for one in found.samples)


@given(values=st.lists(JSON, max_size=6))
def test_any_samples_are_a_row(values):
    try:
        found = decode_range(body([row(values)]), GRID)
    except QueryFailed:
        return
    assert all(not np.isinf(one.values).any() for one in found.rows)


@given(st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
def test_any_bytes_are_a_failed_query(data):
    with pytest.raises(QueryFailed):
        decode_range(data, GRID)
    with pytest.raises(QueryFailed):
        decode_series(data)


def test_deep_nesting_is_a_failed_query():
    with pytest.raises(QueryFailed):
        decode_range(b'{"a":' * 100_000, GRID)
