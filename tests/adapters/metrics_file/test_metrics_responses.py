"""Answers of Prometheus as they came: whose they are, and what they measure."""

import json

import numpy as np
import pytest

from adapters.metrics_file import open_metrics_file
from adapters.metrics_file.metrics import Part, metric_of
from schemas.errors import InputFileError
from tests.adapters.metrics_file.files import NOW_S, FakeClock, answer, only, series, source

CPU, MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"


def test_a_counter_becomes_cores_and_the_owner_comes_from_the_pods_name():
    history, container = only(
        answer(series(CPU, [0, 60, 120, 240])), answer(series(MEMORY, [1e8, 2e8, 3e8, 2e8]))
    )
    assert str(history.key) == "shop/Deployment/api"
    assert (history.grid.step_s, history.grid.count, container.name) == (300, 4, "api")
    np.testing.assert_allclose(container.cpu_cores[0], [np.nan, 0.2, 0.2, 0.4])
    np.testing.assert_allclose(container.memory_bytes[0], [1e8, 2e8, 3e8, 2e8])
    assert history.origin == "metrics.json"
    assert history.sources == {"cpu": CPU, "memory": MEMORY}
    assert "throttling" in {item.what for item in history.missing}


def test_a_counter_that_falls_was_reset_and_a_long_gap_tells_no_rate():
    _, container = only(answer(series(CPU, [600, 660, 30, *[None] * 9, 4000, 4060])))
    row = container.cpu_cores[0]
    np.testing.assert_allclose(row[1:3], [0.2, 0.1])
    assert np.isnan(row[3:13]).all()
    assert row[13] == pytest.approx(0.2)


def test_owners_of_kube_state_metrics_win_over_names():
    owners = [
        series("kube_pod_owner", [1], owner_kind="ReplicaSet", owner_name="api-7d9f8b6c54"),
        series(
            "kube_replicaset_owner", [1], pod=None, replicaset="api-7d9f8b6c54",
            owner_kind="Rollout", owner_name="inventory",
        ),
    ]  # fmt: skip
    history, _ = only(answer(*owners, series(MEMORY, [1, 2])))
    assert str(history.key) == "shop/Rollout/inventory"


def test_a_query_that_took_the_name_away_still_tells_the_metric():
    document = {
        "query": f'sum by (namespace,pod,container) (rate({CPU}{{namespace="shop"}}[5m]))',
        "response": answer(series(None, [0.25, 0.5])),
    }
    _, container = only([document, answer(series(MEMORY, [1e8, 1e8]))])
    np.testing.assert_allclose(container.cpu_cores[0], [0.25, 0.5])


def test_recording_rules_of_the_kubernetes_mixin_are_known():
    rule = "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate"
    labels = {"workload": "inventory", "workload_type": "deployment"}
    history, container = only(answer(series(rule, [0.25, 0.5], **labels)))
    assert str(history.key) == "shop/Deployment/inventory"
    np.testing.assert_allclose(container.cpu_cores[0], [0.25, 0.5])


def test_copies_by_two_servers_count_once_and_cores_add_up():
    copies = [series(MEMORY, [1e8, 1e8], prometheus_replica=str(n)) for n in range(2)]
    cores = [
        series(CPU, [0, 30], cpu=f"cpu0{n}", prometheus_replica=str(copy))
        for n in range(2)
        for copy in range(2)
    ]
    _, container = only(answer(*copies, *cores))
    np.testing.assert_allclose(container.memory_bytes[0], [1e8, 1e8])
    np.testing.assert_allclose(container.cpu_cores[0], [np.nan, 0.2])


@pytest.mark.parametrize("label", ["", None], ids=["empty", "absent"])
def test_sums_of_pods_count_only_where_the_containers_are_not_told(label):
    whole = series(MEMORY, [5e8, 5e8], container=label)
    pause = series(MEMORY, [7e5, 7e5], container="POD")
    _, container = only(answer(series(MEMORY, [1e8, 1e8]), whole, pause))
    assert container.memory_bytes.max() == 1e8
    history, container = only(answer(whole, pause))
    assert (container.name, container.memory_bytes.max()) == ("pod", 5e8)
    assert "containers" in {item.what for item in history.missing}


def test_old_labels_are_known():
    old = {"pod": None, "container": None, "pod_name": "api-7d9f8b6c54-x2x4v"}
    _, container = only(answer(series(MEMORY, [1, 2], **old, container_name="main")))
    assert container.name == "main"


def test_requests_limits_kills_restarts_and_throttling_are_read():
    both = {"cpu": "0.25", "memory": "268435456"}
    result = [series(MEMORY, [1e8] * 4, image="ghcr.io/acme/api:1")]
    for what in ("requests", "limits"):
        name = f"kube_pod_container_resource_{what}"
        result += [series(name, [v], resource=r, unit="x") for r, v in both.items()]
    result += [
        series("container_oom_events_total", [0, 0, 1, 1]),
        series("kube_pod_container_status_restarts_total", [3, 3, 4, 5]),
        series("container_cpu_cfs_throttled_periods_total", [0, 30, 60, 60]),
        series("container_cpu_cfs_periods_total", [0, 300, 600, 900]),
        series("kube_pod_start_time", [NOW_S - 60], container=None),
    ]
    history, found = only(answer(*result))
    assert (found.cpu_request_cores, found.memory_limit_bytes) == (0.25, 268435456)
    assert found.requests_known
    assert [(kill.at_s, kill.limit_bytes) for kill in found.oom_kills] == [(NOW_S + 600, 2**28)]
    assert found.restarts == 2
    np.testing.assert_allclose(found.throttled[0], [np.nan, 0.1, 0.1, 0.0])
    assert found.image == "ghcr.io/acme/api:1"
    assert history.started_s == {"api-7d9f8b6c54-x2x4v": NOW_S - 60}
    assert [item.what for item in history.missing] == ["load"]


def test_the_load_is_what_the_destination_counted():
    counted = [
        series("istio_requests_total", [0, 3000, 6000], reporter=reporter)
        for reporter in ("source", "destination")
    ]
    history, _ = only(answer(series(MEMORY, [1e8] * 3), *counted))
    assert history.load.source == "istio_requests_total"
    np.testing.assert_allclose(history.load.requests_per_second[1:], [10, 10])


def test_no_numbers_are_unknown():
    _, container = only(answer(series(MEMORY, ["NaN", "1e8", "+Inf", "-Inf", "2e8"])))
    known = np.isfinite(container.memory_bytes[0])
    assert container.memory_bytes[0][known].tolist() == [1e8, 2e8]


@pytest.mark.parametrize(
    "form",
    [
        lambda a, b: json.dumps([a, b]),
        lambda a, b: f"{json.dumps(a)}\n{json.dumps(b)}\n",
        lambda a, b: json.dumps({"queries": [{"query": "x", "response": a}, {"response": b}]}),
        lambda a, b: json.dumps({"historical_metrics": {"queries": [a, b]}}),
    ],
    ids=["list", "lines", "queries", "payload"],
)
def test_several_answers_may_stand_in_one_file(tmp_path, form):
    path = tmp_path / "m.json"
    one, two = answer(series(CPU, [0, 60])), answer(series(MEMORY, [1e8, 1e8]))
    path.write_text(form(one, two))
    (listed,) = open_metrics_file(path, FakeClock()).workloads()
    assert str(listed.key) == "shop/Deployment/api"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"status": "error", "error": "too many samples"}, "is an error: too many samples"),
        ({"status": "success", "data": {}}, r"no data.result"),
        (answer({"values": []}), r"result\[0\].metric: no labels"),
        (answer({"metric": {"a": 1}, "values": []}), "label 'a' is no short text"),
        (answer({"metric": {}, "values": 3}), "neither values nor value"),
        (answer({"metric": {}, "values": [[1]]}), r"values\[0\]: not a time and a number"),
        (answer({"metric": {}, "values": [[1, "x"]]}), "not a time and a number"),
        (answer(series("up", [1])), "no CPU or memory usage .* it has up"),
        (answer(), "no CPU or memory usage"),
        (answer(series(MEMORY, [])), "there are no samples"),
    ],
)
def test_a_fault_of_an_answer_is_named_with_its_place(document, words):
    with pytest.raises(InputFileError, match=words):
        source(document)


def test_times_that_lie_far_apart_do_not_fill_the_memory():
    far = answer(series(MEMORY, [1, 2]), series(MEMORY, [1, 2], start=10, pod="other-0"))
    with pytest.raises(InputFileError, match="too much"):
        source(far)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (f"rate({CPU}[5m])", Part.CPU),
        (f"max_over_time({MEMORY}[5m])", Part.MEMORY),
        (f"{MEMORY} / {CPU}", None),
        ("container_memory_working_set_bytes_total", None),
        ('kube_pod_container_resource_limits{resource="cpu"}', Part.LIMIT),
        ("kube_pod_container_resource_requests_memory_bytes", Part.REQUEST),
        ("kube_pod_container_resource_requests", None),
        (
            "increase(container_cpu_cfs_throttled_periods_total[5m])"
            " / increase(container_cpu_cfs_periods_total[5m])",
            Part.THROTTLED,
        ),
    ],
)
def test_a_query_tells_its_metric_only_when_it_is_clear(query, part):
    found = metric_of({}, query)
    assert (found.part if found else None) == part
