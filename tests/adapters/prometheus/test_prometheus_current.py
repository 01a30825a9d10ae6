"""Requests, replicas, autoscalers and room, from labels old and new."""

import pytest

from adapters.prometheus.current import Objects, PodFacts, limits_of_cadvisor
from adapters.prometheus.decode import Sample
from adapters.prometheus.load import FAMILIES, MAX_SAMPLES, Told, latencies, points, rates, tellers
from adapters.prometheus.scope import Scope
from schemas.telemetry import RunningAutoscaler
from tests.adapters.prometheus.sources import keys

KEYS = keys("shop/Deployment/api", "shop/StatefulSet/db", "shop/Deployment/web")
BY_TEXT = {str(key): key for key in KEYS}
POD = {"namespace": "shop", "pod": "p", "container": "c"}


def facts(*series):
    found = PodFacts()
    for metric, labels, value in series:
        found.add({"__name__": metric, **labels}, value)
    return found


def objects(*series):
    found = Objects()
    for metric, labels, value in series:
        found.add({"__name__": metric, "namespace": "shop", **labels}, value, BY_TEXT)
    return found


@pytest.mark.parametrize(
    ("metric", "more"),
    [
        ("kube_pod_container_resource_requests", {"resource": "cpu", "unit": "core"}),
        ("kube_pod_container_resource_requests_cpu_cores", {}),
    ],
    ids=["new", "old"],
)
def test_requests_have_two_names(metric, more):
    found = facts((metric, POD | more, 0.5))
    assert found.resources["shop", "p", "c"].get("requests", "cpu") == 0.5
    assert found.resources["shop", "p", "c"].get("limits", "cpu") is None
    assert found.knows_resources


def test_labels_that_scraping_renamed_are_preferred():
    renamed = {"exported_namespace": "shop", "exported_pod": "p", "namespace": "monitoring"}
    found = facts(("kube_pod_start_time", renamed | {"pod": "ksm-0"}, 12.0))
    assert found.starts == {("shop", "p"): 12.0}


def test_limits_of_the_kernel_are_none_where_they_are_not_set():
    series = [
        ("a", "container_spec_memory_limit_bytes", 2**29),
        ("a", "container_spec_cpu_quota", 50_000),
        ("a", "container_spec_cpu_period", 100_000),
        ("b", "container_spec_memory_limit_bytes", 0),
        ("b", "container_spec_cpu_quota", -1),
        ("b", "container_spec_cpu_period", 100_000),
        ("c", "container_spec_memory_limit_bytes", 2.0**63),
    ]
    found = limits_of_cadvisor(
        Sample({"__name__": name, "namespace": "s", "pod": "p", "container": box}, 0, value)
        for box, name, value in series
    )
    amounts = {key[2]: one.amounts for key, one in found.items()}
    assert amounts == {"a": {("limits", "cpu"): 0.5, ("limits", "memory"): 2**29}, "b": {}, "c": {}}


@pytest.mark.parametrize(
    ("metric", "labels", "key"),
    [
        ("kube_deployment_spec_replicas", {"deployment": "api"}, 0),
        ("kube_statefulset_replicas", {"statefulset": "db"}, 1),
    ],
)
def test_wanted_replicas(metric, labels, key):
    assert objects((metric, labels, 3.0)).replicas == {KEYS[key]: 3}


HPA = "kube_horizontalpodautoscaler"
CPU = {"metric_name": "cpu", "metric_target_type": "utilization"}


def test_an_autoscaler_is_found_by_its_target():
    name = {"horizontalpodautoscaler": "scale-it"}
    target = {"scaletargetref_kind": "Deployment", "scaletargetref_name": "api"}
    found = objects(
        (f"{HPA}_info", name | target, 1),
        (f"{HPA}_spec_min_replicas", name, 2),
        (f"{HPA}_spec_max_replicas", name, 9),
        (f"{HPA}_spec_target_metric", name | CPU, 75),
        (f"{HPA}_spec_target_metric", name | CPU | {"metric_target_type": "average"}, 500),
        (f"{HPA}_spec_target_metric", name | CPU | {"metric_name": "memory"}, 80),
    )
    assert found.autoscaler(KEYS[0]) == RunningAutoscaler("scale-it", 2, 9, 75)
    assert found.autoscaler(KEYS[1]) is None


@pytest.mark.parametrize(
    ("name", "is_its"),
    [("api", True), ("api-hpa", True), ("hpa-api", True), ("api-v2", False), ("other", False)],
)
def test_an_autoscaler_without_a_target_is_found_by_its_name(name, is_its):
    found = objects(("kube_hpa_spec_min_replicas", {"hpa": name}, 2))
    assert (found.autoscaler(KEYS[0]) is not None) == is_its


def test_the_tightest_quota_counts_with_its_own_use():
    def quota(name, kind, value):
        labels = {"resourcequota": name, "resource": "requests.cpu", "type": kind}
        return "kube_resourcequota", labels, value

    found = objects(
        quota("wide", "hard", 20), quota("wide", "used", 19), quota("narrow", "hard", 5)
    )
    room = found.room("shop")
    assert (room.quota, room.quota_used) == ({"requests.cpu": 5}, {})
    assert found.room("other").quota == {}


def test_the_tightest_limit_range_counts():
    def limit(constraint, value, kind="Container"):
        labels = {"limitrange": str(value), "type": kind, "resource": "cpu"}
        return "kube_limitrange", labels | {"constraint": constraint}, value

    found = objects(limit("max", 4), limit("max", 2), limit("min", 1), limit("min", 0.5))
    found.add({"__name__": "kube_limitrange", **limit("max", 1, "Pod")[1]}, 1, {})
    assert found.room("shop").limit_range == {"max.cpu": 2, "min.cpu": 1}


def probed(metric, count, **labels):
    return Sample({"__name__": metric, "namespace": "shop", **labels}, 0, count)


PODS = {("shop", "p1"): KEYS[0], ("shop", "p2"): KEYS[0], ("shop", "q"): KEYS[1]}


def test_the_best_exporter_tells_the_load():
    istio = {"destination_workload": "db", "destination_workload_namespace": "shop"}
    found = tellers(
        [
            probed("http_server_requests_seconds_count", 4, pod="p1"),
            probed("http_requests_total", 2, pod="p1"),
            probed("http_requests_total", 3, pod="p2"),
            probed("http_request_duration_seconds_bucket", 30, pod="p2"),
            probed("http_requests_total", 9, pod="stranger"),
            probed("http_requests_total", 5, pod="q"),
            probed("istio_requests_total", 7, **istio),
            probed("nginx_ingress_controller_requests", 6, service="web-svc"),
            probed("nginx_ingress_controller_requests", 8, service="api"),
        ],
        KEYS,
        PODS,
    )
    told = {
        key.name: (one.family.requests, one.requests, one.buckets) for key, one in found.items()
    }
    assert told == {
        "api": ("http_requests_total", 5, 30),
        "db": ("istio_requests_total", 7, 0),
        "web": ("nginx_ingress_controller_requests", 6, 0),
    }


def test_a_native_histogram_tells_load_and_latency():
    found = tellers([probed("http_request_duration_seconds", 2, pod="p1")], KEYS, PODS)
    scope = Scope(KEYS)
    assert found[KEYS[0]].native
    assert "histogram_count(rate(http_request_duration_seconds{" in rates(scope, found, PODS, 300)
    assert "_bucket" not in latencies(scope, found, PODS, 300)


def test_every_family_makes_queries_for_its_workload_alone():
    for family in FAMILIES:
        told = {KEYS[0]: Told(family, 2, 3)}
        for text in (rates(Scope(KEYS), told, PODS, 300), latencies(Scope(KEYS), told, PODS, 300)):
            assert text.count("shop/Deployment/api") == 1
            assert "db" not in text
    assert latencies(Scope(KEYS), {KEYS[0]: Told(FAMILIES[0], 2, 0)}, PODS, 300) == ""


def test_very_many_series_cover_fewer_days():
    assert points(10, 300, 4032) == 4032
    assert 0 < points(MAX_SAMPLES // 1000, 300, 4032) < 4032
    assert points(MAX_SAMPLES, 300, 4032) == 0
    assert points(0, 300, 4032) == 0
