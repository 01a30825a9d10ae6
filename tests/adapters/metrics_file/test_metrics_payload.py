"""The historical_metrics of a trigger: forgiving about form, strict about numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.metrics_file import payload_source
from adapters.metrics_file.payload import ANY_COMPONENT, STATED_KIND
from dca.metrics import rules
from schemas.errors import InputFileError
from schemas.telemetry import NoHistory
from tests.adapters.metrics_file.files import NOW_S, FakeClock, only, source

MIB = 1 << 20


def test_both_sides_call_a_component_of_a_payload_alike():
    assert (rules.STATED_KIND, rules.ANY_COMPONENT) == (STATED_KIND, ANY_COMPONENT)


def test_arrays_of_the_only_component_end_now():
    history, container = only(
        {
            "window_days": 14,
            "step_seconds": 300,
            "cpu_cores": [0.1, 0.2, None, 0.4],
            "memory_bytes": [1e8, 1e8, 1e8, 2e8],
            "replicas": [2, 2, 3, 3],
            "requests_per_second": [10, 20, 30, 40],
        }
    )
    assert (history.key.kind, history.key.name) == (STATED_KIND, ANY_COMPONENT)
    assert (history.grid.step_s, history.grid.count, history.grid.end_s) == (300, 4, NOW_S)
    np.testing.assert_array_equal(container.cpu_cores, [[0.1, 0.2, np.nan, 0.4]])
    np.testing.assert_array_equal(history.replicas, [2, 2, 3, 3])
    np.testing.assert_array_equal(history.load.requests_per_second, [10, 20, 30, 40])
    assert history.sources["cpu"] == "metrics.json.cpu_cores"


def test_the_step_follows_from_the_window():
    history, _ = only({"window_days": 7, "cpu_cores": [0.1] * (7 * 24)})
    assert (history.grid.step_s, round(history.days, 1)) == (3600, 7.0)


@pytest.mark.parametrize(
    "given",
    [
        {"shop/Deployment/api": {"memory_bytes": [1, 2], "step_seconds": 60}},
        [{"workload": "shop/Deployment/api", "memory_bytes": [1, 2], "step_seconds": 60}],
    ],
    ids=["object", "list"],
)
def test_workloads_may_be_named(given):
    (listed,) = source({"workloads": given}).workloads()
    assert str(listed.key) == "shop/Deployment/api"


def test_components_may_be_named_in_a_whole_trigger():
    given = {"components": {"web": {"cpu_p95_cores": 1}, "api": {"cpu_p95_cores": 2}}}
    found = source({"app_metadata": {}, "historical_metrics": given})
    assert [item.key.name for item in found.workloads()] == ["api", "web"]


@pytest.mark.parametrize(
    "rows",
    [[[0.1, 0.2], [0.3, 0.4]], {"a": [0.1, 0.2], "b": [0.3, 0.4]}],
    ids=["list", "object"],
)
def test_each_pod_may_have_its_row(rows):
    if isinstance(rows, list):
        rows = [[*row, 0.5] for row in rows]
    _, container = only({"step_seconds": 60, "cpu_cores": rows})
    assert len(container.pods) == 2
    assert container.cpu_cores[1][0] == 0.3


@pytest.mark.parametrize(
    "samples",
    [
        [[NOW_S, 0.1], [NOW_S + 60, 0.2]],
        [[(NOW_S + 60) * 1000, 0.2], [NOW_S * 1000, 0.1]],
        [
            {"timestamp": "2026-01-19T00:00:00Z", "value": "100m"},
            {"timestamp": "2026-01-19T00:01:00+00:00", "value": "0.2"},
        ],
    ],
    ids=["pairs", "milliseconds, not in order", "objects with ISO times and quantities"],
)
def test_samples_may_carry_their_time(samples):
    history, container = only({"cpu_cores": samples})
    assert (history.grid.start_s, history.grid.step_s) == (NOW_S, 60)
    np.testing.assert_allclose(container.cpu_cores[0], [0.1, 0.2])


def test_units_and_quantities_are_converted():
    history, container = only(
        {
            "step_seconds": 60,
            "cpu_millicores": [100, 200],
            "memory_mib": [1, "2Mi"],
            "memory_limit_bytes": "512Mi",
            "cpu_request_cores": "250m",
            "container": "main",
            "replicas": 3,
        }
    )
    np.testing.assert_allclose(container.cpu_cores[0], [0.1, 0.2])
    np.testing.assert_allclose(container.memory_bytes[0], [MIB, 2 * MIB])
    assert (container.memory_limit_bytes, container.cpu_request_cores) == (512 * MIB, 0.25)
    assert history.replicas_wanted == 3


def test_kills_come_with_their_times():
    given = {"step_seconds": 60, "memory_bytes": [1, 2], "memory_limit_bytes": 300}
    history, container = only(given | {"oom_kills": [NOW_S - 60, NOW_S - 120]})
    assert [(x.at_s, x.limit_bytes) for x in container.oom_kills] == [
        (NOW_S - 120, 300),
        (NOW_S - 60, 300),
    ]
    assert "oom_kills" not in {item.what for item in history.missing}
    history, container = only(given | {"oom_kills": 0})
    assert (container.oom_kills, "oom_kills" in {x.what for x in history.missing}) == ((), False)


def test_percentiles_alone_are_a_summary_and_no_history():
    found = source({"cpu_p95_cores": 0.4, "memory_max_mib": 500, "window_days": 30, "replicas": 3})
    (listed,) = found.workloads()
    answer = found.read((listed.key,))[listed.key]
    assert isinstance(answer, NoHistory)
    usage = answer.usage
    assert (usage.cpu_cores.p95, usage.cpu_cores.maximum, usage.cpu_cores.p50) == (0.4, 0.4, 0.4)
    assert usage.memory_bytes.maximum == 500 * MIB
    assert (usage.days, usage.samples, usage.replicas.p50) == (30, 0, 3)
    assert any("p50" in text and "not given" in text for text in usage.missing)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "neither cpu_cores, memory_bytes nor a percentile"),
        ({"cpu_core": [1]}, "'cpu_core' is not a field"),
        ({"cpu_cores": [0.1]}, "step_seconds or window_days is needed"),
        ({"cpu_cores": [0.1, "x"], "step_seconds": 60}, r"cpu_cores\[1\]"),
        ({"cpu_cores": [0.1, True], "step_seconds": 60}, r"cpu_cores\[1\]: not a number"),
        ({"cpu_cores": [-1], "step_seconds": 60}, r"cpu_cores\[0\]: -1.0 is not a measurement"),
        ({"cpu_cores": ["nan"], "step_seconds": 60}, "nan is not a measurement"),
        ({"cpu_cores": [10**400], "step_seconds": 60}, "too large"),
        ({"cpu_cores": "x", "step_seconds": 60}, "not a list of samples"),
        ({"cpu_cores": [[NOW_S, 1], 2]}, "some samples have a time"),
        ({"cpu_cores": [["yesterday", 1]]}, "not a time"),
        ({"cpu_cores": [1], "step_seconds": 0}, "step_seconds: not a number above 0"),
        ({"cpu_cores": [1], "window_days": 999}, "apart; at most a day"),
        ({"cpu_cores": [], "step_seconds": 60}, "there are no samples"),
        ({"cpu_cores": [None], "step_seconds": 60}, "there are no samples"),
        ({"cpu_cores": [[0, 1], [1, 1], [2e10, 1]]}, "too much"),
        ({"cpu_p95_cores": 2, "cpu_max_cores": 1}, "the percentiles of cpu do not rise"),
        ({"cpu_p95_cores": 1, "throttled_share": 3}, "a share is at most 1"),
        ({"workloads": {}}, "0 workloads"),
        ({"workloads": 3}, "neither an object nor a list"),
        ({"workloads": {"a": 3}}, r"workloads.a: not an object"),
        ({"workloads": {"a b": {}}}, "neither namespace/Kind/name"),
        ({"workloads": {"a/b": {}}}, "neither namespace/Kind/name"),
        ({"workloads": [{}]}, "neither namespace/Kind/name"),
        ({"workloads": {}, "cpu_cores": []}, "stand side by side"),
        ({"cpu_cores": [1], "step_seconds": 1, "replicas": "many"}, "replicas: not a number"),
        ({"cpu_cores": [1], "step_seconds": 1, "container": ""}, "container: not a short text"),
        ({"cpu_cores": [1], "step_seconds": 1, "oom_kills": 2}, "oom_kills: beside samples"),
        ({"historical_metrics": [1]}, "historical_metrics: not an object"),
    ],
)
def test_a_fault_is_named_with_its_place(given, words):
    with pytest.raises(InputFileError, match=words):
        source(given)


def test_many_workloads_do_not_fill_the_memory():
    one = {"cpu_cores": [[0, 1], [1, 1], [150_000, 1]]}
    with pytest.raises(InputFileError, match="points in all"):
        source({"workloads": {f"w{n}": one for n in range(500)}})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "workloads",
                    "cpu_cores",
                    "memory_bytes",
                    "step_seconds",
                    "end",
                    "format",
                    "status",
                ]
                + [
                    "cpu_p95_cores",
                    "replicas",
                    "data",
                    "result",
                    "metric",
                    "values",
                    "queries",
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["cpu_cores", "step_seconds", "data", "status"]), _JSON))
def test_whatever_a_payload_holds_it_is_read_or_refused(given_):
    try:
        found = payload_source(given_, FakeClock())
    except InputFileError:
        return
    assert found.workloads()
