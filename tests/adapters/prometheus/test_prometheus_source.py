"""Histories as a real Prometheus gives them."""

import subprocess
import sys

import numpy as np
import pytest

from adapters.prometheus import open_prometheus
from adapters.settings import Settings
from schemas.errors import SettingsError
from schemas.telemetry import NoHistory, WorkloadHistory
from tests.adapters.prometheus.sources import FakeClock, keys, source
from tests.prometheus_server import needs_prometheus, prometheus
from tests.prometheus_world import MIB, Autoscaling, Box, Workload, World

pytestmark = needs_prometheus

API = "shop/Deployment/api"
DAYS = 2.0
WORKLOADS = (
    Workload(
        "shop",
        "Deployment",
        "api",
        rollouts=1,
        containers=(
            Box("main", startup_memory=2.0),
            Box(
                "proxy",
                cpu_cores=0.05,
                cpu_limit=0.5,
                throttled=0.2,
                oom_after_s=(3600.0,),
                memory_limit=64 * MIB,
            ),
        ),
        autoscaling=Autoscaling(),
        requests_per_second=3.0,
    ),
    Workload("shop", "DaemonSet", "api-agent", replicas=1),
    Workload("shop", "StatefulSet", "db", istio=True, requests_per_second=1.0),
    Workload("shop", "CronJob", "nightly"),
    Workload("team", "Rollout", "api", replicas=1),
    Workload("team", "Deployment", "young", replicas=1, age_days=0.1),
)
KEYS = keys(
    API,
    "shop/DaemonSet/api-agent",
    "shop/StatefulSet/db",
    "shop/CronJob/nightly",
    "team/Rollout/api",
    "team/Deployment/young",
)
ROOM = {"quota": {"requests.cpu": 10.0}, "limit_range": {"max.cpu": 2.0, "min.memory": 1024.0}}
WORLDS = {
    "ordinary": World(WORKLOADS, DAYS, **ROOM),
    "duplicates": World(WORKLOADS, DAYS, scrape_s=120, duplicates=True, **ROOM),
    "old_names": World(WORKLOADS, DAYS, old_names=True, **ROOM),
    "exported": World(WORKLOADS, DAYS, scrape_s=120, exported=True, **ROOM),
}


@pytest.fixture(scope="module", params=WORLDS)
def world(request, tmp_path_factory):
    with prometheus(WORLDS[request.param], tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.fixture(scope="module")
def read(world, tmp_path_factory):
    """What one reading of all workloads gave."""
    reader = source(world.url, tmp_path_factory.mktemp("read"), metrics_days=3)
    return reader.read(KEYS)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    with prometheus(WORLDS["ordinary"], tmp_path_factory.mktemp("ordinary")) as served:
        yield served


class TestOneReading:
    def test_every_workload_has_a_history_without_anything_missing(self, read):
        assert all(isinstance(one, WorkloadHistory) for one in read.values())
        assert {str(key): one.missing for key, one in read.items() if one.missing} == {}

    def test_cpu_is_neither_doubled_by_duplicates_nor_by_pods_sums_nor_by_restarts(self, read):
        for box in read[KEYS[0]].containers.values():
            expected = {"main": 0.2, "proxy": 0.05}[box.name]
            assert np.nanmean(box.cpu_cores) == pytest.approx(expected, rel=0.02)
            assert np.nanmax(box.cpu_cores) < expected * 1.6

    def test_memory_is_the_largest_raw_sample_of_each_step(self, read):
        main = read[KEYS[0]].containers["main"]
        assert np.nanmedian(main.memory_bytes) == pytest.approx(200 * MIB)
        assert main.peak_bytes == pytest.approx([400 * MIB] * 4, rel=1e-6)
        assert np.nanmax(main.rss_bytes) == pytest.approx(320 * MIB, rel=1e-6)

    def test_pause_containers_and_sums_of_pods_are_no_containers(self, read):
        assert set(read[KEYS[0]].containers) == {"main", "proxy"}

    def test_pods_come_by_their_owners_the_oldest_first(self, read):
        history = read[KEYS[0]]
        pods = history.containers["main"].pods
        assert len(pods) == 4
        assert all("agent" not in pod for pod in pods)
        starts = [history.started_s[pod] for pod in pods]
        assert starts == sorted(starts)
        assert starts[0] < starts[2]

    def test_replicas_are_the_pods_that_ran(self, read):
        history = read[KEYS[0]]
        assert np.nanmedian(history.replicas) == 2
        assert history.replicas_wanted == 2
        assert np.isnan(history.replicas[0])  # before anything was scraped

    def test_throttling_is_a_share_and_only_of_limited_containers(self, read):
        containers = read[KEYS[0]].containers
        assert containers["main"].throttled is None
        assert np.nanmean(containers["proxy"].throttled) == pytest.approx(0.2)

    def test_oom_kills_have_their_time_and_limit(self, read, world):
        proxy = read[KEYS[0]].containers["proxy"]
        assert len(proxy.oom_kills) == 4
        assert {kill.limit_bytes for kill in proxy.oom_kills} == {64 * MIB}
        starts = [read[KEYS[0]].started_s[kill.pod] for kill in proxy.oom_kills]
        late = [kill.at_s - start for kill, start in zip(proxy.oom_kills, starts, strict=True)]
        assert late == pytest.approx([3600] * 4, abs=world.world.scrape_s + 300)
        assert proxy.restarts == 4
        assert read[KEYS[0]].containers["main"].oom_kills == ()
        assert read[KEYS[0]].containers["main"].restarts == 0

    def test_requests_and_limits_are_those_of_running_pods(self, read):
        proxy = read[KEYS[0]].containers["proxy"]
        assert proxy.requests_known
        assert proxy.cpu_request_cores == 0.25
        assert proxy.cpu_limit_cores == 0.5
        assert proxy.memory_request_bytes == pytest.approx(256 * MIB)
        assert proxy.memory_limit_bytes == 64 * MIB
        assert read[KEYS[0]].containers["main"].cpu_limit_cores is None

    def test_load_and_latency_come_from_the_application_or_the_mesh(self, read):
        api, database = read[KEYS[0]].load, read[KEYS[2]].load
        assert api.source == "http_requests_total"
        assert np.nanmedian(api.requests_per_second) == pytest.approx(6.0)
        assert np.nanmedian(api.latency_s) == pytest.approx(0.175)
        assert api.latency_quantile == 0.95
        assert database.source == "istio_requests_total"
        assert np.nanmedian(database.requests_per_second) == pytest.approx(2.0)
        assert np.nanmedian(database.latency_s) == pytest.approx(0.175)
        assert read[KEYS[1]].load is None

    def test_the_room_has_nodes_quota_and_limit_range(self, read):
        room = read[KEYS[0]].room
        assert room.node_cpu_cores == (4.0, 4.0)
        assert room.node_memory_bytes == pytest.approx((16384 * MIB, 16384 * MIB))
        assert room.quota == {"requests.cpu": 10.0}
        assert room.quota_used == {"requests.cpu": 5.0}
        assert room.limit_range == {"max.cpu": 2.0, "min.memory": 1024.0}

    def test_the_autoscaler_is_told(self, read):
        scaler = read[KEYS[0]].autoscaler
        assert (scaler.min_replicas, scaler.max_replicas) == (2, 6)
        assert scaler.target_cpu_percent == 70
        assert read[KEYS[1]].autoscaler is None

    def test_pods_that_lived_minutes_are_rows_like_others(self, read):
        job = read[KEYS[3]].containers["main"]
        assert len(job.pods) >= 45
        assert job.requests_known
        lives = np.isfinite(job.memory_bytes).sum(axis=1)
        assert lives.max() <= 4

    def test_a_young_workload_has_the_days_that_it_has(self, read):
        assert read[KEYS[5]].days == pytest.approx(0.1, abs=0.01)
        assert read[KEYS[0]].days == pytest.approx(DAYS, abs=0.01)

    def test_a_rollout_with_the_name_of_a_deployment_elsewhere_is_not_confused(self, read):
        assert len(read[KEYS[4]].containers["main"].pods) == 1


def test_all_workloads_are_listed(world, tmp_path):
    found = {str(one.key): one for one in source(world.url, tmp_path, metrics_days=3).workloads()}
    assert sorted(found) == sorted(map(str, KEYS))
    api = found[API]
    assert (api.containers, api.pods) == (("main", "proxy"), 4)
    assert api.images == ("registry.example/app:1.0",)
    assert api.days == pytest.approx(DAYS, abs=0.1)
    assert found["shop/CronJob/nightly"].days == pytest.approx(DAYS, abs=0.1)


def test_an_app_of_five_workloads_needs_twelve_requests_with_the_listing(ordinary, tmp_path):
    reader = source(ordinary.url, tmp_path)
    reader.workloads()
    before = len(reader.connection.answered_bytes)
    reader.read(KEYS[:3] + KEYS[4:])
    total = len(reader.connection.answered_bytes)
    assert total - before <= 10
    assert total <= 13  # one look at the job of minutes is the listing's


def test_an_unknown_workload_has_no_history_and_does_not_sink_the_others(ordinary, tmp_path):
    found = source(ordinary.url, tmp_path).read(keys(API, "shop/Deployment/absent"))
    assert isinstance(found[KEYS[0]], WorkloadHistory)
    absent = found[keys("shop/Deployment/absent")[0]]
    assert isinstance(absent, NoHistory)
    assert "no pod of shop/Deployment/absent was seen in the last 14 days" in absent.reason


@pytest.mark.parametrize(
    "name",
    ['a"} or vector(1) or x{y="', "a.*", "a|b", "[", "a\\", "$1", "a\nb", "a`b", "(" * 60],
    ids=["quote", "star", "either", "bracket", "backslash", "dollar", "line", "tick", "many"],
)
def test_names_cannot_change_a_query(ordinary, tmp_path, name):
    from schemas.usage import WorkloadKey

    key = WorkloadKey(namespace="shop", kind="Deployment", name=name)
    found = source(ordinary.url, tmp_path).read((KEYS[0], key))
    assert isinstance(found[key], NoHistory)
    assert isinstance(found[KEYS[0]], WorkloadHistory)
    assert found[KEYS[0]].missing == ()


def test_a_second_reading_takes_the_past_from_the_cache(ordinary, tmp_path):
    first, second = (source(ordinary.url, tmp_path) for _ in range(2))
    before, after = first.read(KEYS), second.read(KEYS)
    assert sum(second.connection.answered_bytes) < sum(first.connection.answered_bytes) / 4
    for key in KEYS:
        for name, box in before[key].containers.items():
            again = after[key].containers[name]
            np.testing.assert_array_equal(box.cpu_cores[:, :-6], again.cpu_cores[:, :-6])
            np.testing.assert_array_equal(box.memory_bytes[:, :-6], again.memory_bytes[:, :-6])


def test_the_same_comes_in_many_pieces_under_a_limit_on_samples(tmp_path):
    world = World(WORKLOADS[:3], DAYS, **ROOM)
    with prometheus(world, tmp_path / "a") as free:
        whole = source(free.url, tmp_path / "a", metrics_days=3)
        expected = whole.read(KEYS[:3])
        data = tmp_path / "a" / "data"
        from tests.prometheus_server import serve

        with serve(data, tmp_path / "b.log", "--query.max-samples=1500") as url:
            pieces = source(url, tmp_path / "b", metrics_days=3)
            found = pieces.read(KEYS[:3])
    assert len(pieces.connection.answered_bytes) > len(whole.connection.answered_bytes)
    for key in KEYS[:3]:
        assert [one for one in found[key].missing if one.what in ("cpu", "memory")] == []
        for name, box in expected[key].containers.items():
            memory = found[key].containers[name].memory_bytes
            np.testing.assert_array_equal(box.memory_bytes[:, :-6], memory[:, :-6])


def test_more_points_than_the_server_allows_come_in_pieces(ordinary, tmp_path):
    found = source(ordinary.url, tmp_path, metrics_days=3, metrics_step_seconds=15).read(KEYS[:1])
    history = found[KEYS[0]]
    assert history.grid.count == 17280
    assert history.missing == ()
    main = history.containers["main"]
    assert np.nanmean(main.cpu_cores) == pytest.approx(0.2, rel=0.03)


@pytest.mark.parametrize(("scrape_s", "step_s"), [(120, 60), (240, 300), (300, 120)], ids=str)
def test_windows_too_short_for_the_scrape_interval_are_widened(tmp_path, scrape_s, step_s):
    world = World((Workload("shop", "Deployment", "api"),), 1.0, scrape_s)
    with prometheus(world, tmp_path) as served:
        reader = source(served.url, tmp_path, metrics_days=1, metrics_step_seconds=step_s)
        found = reader.read(KEYS[:1])
    main = found[KEYS[0]].containers["main"]
    assert np.isfinite(main.cpu_cores).mean() > 0.9
    assert np.isfinite(main.memory_bytes).mean() > 0.9
    assert np.nanmean(main.cpu_cores) == pytest.approx(0.2, rel=0.02)


def test_gaps_stay_gaps(tmp_path):
    world = World((Workload("shop", "Deployment", "api"),), 2.0, gaps=((0.5, 1.0),))
    with prometheus(world, tmp_path) as served:
        history = source(served.url, tmp_path, metrics_days=2).read(KEYS[:1])[KEYS[0]]
    share = np.isfinite(history.containers["main"].memory_bytes).mean()
    assert share == pytest.approx(0.75, abs=0.02)
    assert np.isnan(history.replicas).mean() == pytest.approx(0.25, abs=0.02)


def test_without_kube_state_metrics_names_tell_the_owners_and_it_is_said(tmp_path):
    world = World(WORKLOADS[:4], DAYS, kube_state_metrics=False)
    with prometheus(world, tmp_path) as served:
        reader = source(served.url, tmp_path, metrics_days=3)
        listed = [str(one.key) for one in reader.workloads()]
        found = reader.read(KEYS[:4])
    assert listed == sorted(map(str, KEYS[:4]))
    history = found[KEYS[0]]
    assert len(history.containers["main"].pods) == 4
    assert history.containers["proxy"].restarts is None
    assert len(history.containers["proxy"].oom_kills) == 4
    assert {one.what for one in history.missing} == {"owners", "requests"}


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        (("container_cpu_usage",), {"cpu"}),
        (("container_memory_working",), {"memory"}),
        (("kube_pod_container_resource",), {"requests"}),
        (("container_oom", "kube_pod_container_status"), {"oom_kills"}),
        (("container_cpu_cfs",), {"throttling"}),
        (("kube_",), {"owners", "requests"}),
    ],
    ids=["cpu", "memory", "requests", "ooms", "throttling", "state"],
)
def test_what_is_not_scraped_is_said_and_the_rest_is_read(tmp_path, without, missing):
    world = World(WORKLOADS[:1], 0.5, without=without)
    if missing == {"throttling"}:
        assert WORKLOADS[0].containers[1].cpu_limit is not None
    with prometheus(world, tmp_path) as served:
        history = source(served.url, tmp_path, metrics_days=1).read(KEYS[:1])[KEYS[0]]
    assert {one.what for one in history.missing} == missing
    assert len(history.containers) == 2


def test_one_of_several_clusters_is_chosen_by_the_selector(tmp_path):
    world = World(WORKLOADS[:1], 0.5, labels='cluster="eu"')
    with prometheus(world, tmp_path) as served:
        here = source(served.url, tmp_path, metrics_days=1, prometheus_selector='cluster="eu"')
        there = source(served.url, tmp_path, metrics_days=1, prometheus_selector='cluster="us"')
        assert isinstance(here.read(KEYS[:1])[KEYS[0]], WorkloadHistory)
        assert isinstance(there.read(KEYS[:1])[KEYS[0]], NoHistory)


@pytest.mark.parametrize(
    ("ahead_s", "said"), [(0.0, False), (7200.0, True), (-86400.0, True)], ids=str
)
def test_the_window_ends_at_the_servers_time_whatever_ours_is(ordinary, tmp_path, ahead_s, said):
    reader = source(ordinary.url, tmp_path, clock=FakeClock(ahead_s))
    history = reader.read(KEYS[:1])[KEYS[0]]
    assert history.days == pytest.approx(DAYS, abs=0.02)
    assert any(one.what == "clock" for one in history.missing) == said


def test_everything_says_what_was_asked(ordinary, tmp_path):
    history = source(ordinary.url, tmp_path).read(KEYS[:1])[KEYS[0]]
    assert "container_cpu_usage_seconds_total" in history.sources["cpu"]
    assert {"cpu", "memory", "rss", "events", "load", "latency"} <= set(history.sources)
    assert history.origin == ordinary.url


def test_opening_asks_nothing_and_needs_a_url():
    assert open_prometheus(Settings(prometheus_url="http://no.invalid/x/"), FakeClock()).origin == (
        "http://no.invalid/x"
    )
    with pytest.raises(SettingsError):
        open_prometheus(Settings(), FakeClock())


def test_the_package_is_cheap_to_import():
    heavy = ("numpy", "requests", "prometheus_api_client", "orjson", "pandas", "schemas.telemetry")
    code = f"import sys, adapters.prometheus; sys.exit(', '.join({heavy} & sys.modules.keys()))"
    code = code.replace(str(heavy), str(set(heavy)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_opening_imports_neither_pandas_nor_matplotlib():
    code = (
        "import sys; from adapters.prometheus.source import PrometheusSource;"
        "sys.exit(', '.join({'pandas', 'matplotlib', 'chromadb'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""
