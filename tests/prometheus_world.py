"""Describes workloads and what exporters would have scraped of them, as OpenMetrics text."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MIB = 1 << 20
DAY = 86400
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Box:
    """One container of a workload: what each of its pods uses."""

    name: str = "main"
    cpu_cores: float = 0.2
    """Mean over the day."""
    daily: float = 0.5
    """Relative height of the day's wave; the peak is at 18:00 UTC."""
    memory_bytes: float = 200 * MIB
    startup_memory: float = 1.0
    """Factor on memory in the first two minutes of a pod."""
    startup_cpu: float = 1.0
    """Factor on CPU in the first five minutes of a pod."""
    growth_per_day: float = 0.0
    """Memory that is never given back, relative to `memory_bytes`."""
    cpu_request: float | None = 0.25
    cpu_limit: float | None = None
    memory_request: float | None = 256 * MIB
    memory_limit: float | None = 512 * MIB
    throttled: float = 0.0
    """Share of CFS periods that are throttled; told only with a CPU limit."""
    oom_after_s: tuple[float, ...] = ()
    """Seconds after a pod's start at which it is killed for memory."""
    image: str = "registry.example/app:1.0"


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """An HPA."""

    minimum: int = 2
    maximum: int = 6
    cpu_percent: int = 70


@dataclass(frozen=True, slots=True)
class Workload:
    """What runs, and for how long."""

    namespace: str
    kind: str
    name: str
    replicas: int = 2
    containers: tuple[Box, ...] = (Box(),)
    rollouts: int = 0
    """All pods are replaced this many times, at even distances."""
    age_days: float | None = None
    """Since when it exists; from the beginning of the world when None."""
    autoscaling: Autoscaling | None = None
    requests_per_second: float = 0.0
    """Per pod, as ``http_requests_total`` of the application, with a histogram of latency."""
    istio: bool = False
    """The load is told by Istio (``istio_requests_total``), not by the application."""
    job_every_s: float = 3600
    """Distance of the runs of a CronJob; each lasts a tenth of it."""


@dataclass(frozen=True, slots=True)
class World:
    """A cluster and how it is watched."""

    workloads: tuple[Workload, ...]
    days: float = 2.0
    scrape_s: int = 60
    duplicates: bool = False
    """Two Prometheus replicas, two kube-state-metrics, two cAdvisor jobs: all series four times."""
    old_names: bool = False
    """Labels and names from before Kubernetes 1.16 and kube-state-metrics 2."""
    exported: bool = False
    """kube-state-metrics is scraped without ``honor_labels``: ``exported_pod`` and so on."""
    kube_state_metrics: bool = True
    gaps: tuple[tuple[float, float], ...] = ()
    """Stretches without any sample, as (from, to) in days since the beginning."""
    labels: str = ""
    """Further labels of all series, such as ``cluster="eu"``."""
    without: tuple[str, ...] = ()
    """Metrics that are not scraped: prefixes of their names."""
    nodes: int = 2
    node_cores: float = 4
    node_memory: float = 16384 * MIB
    quota: dict[str, float] = field(default_factory=dict)
    """Of each namespace: ``requests.cpu`` and so on."""
    limit_range: dict[str, float] = field(default_factory=dict)
    """Of each namespace: ``max.cpu``, ``defaultRequest.memory`` and so on."""
    ahead_s: int = 3600


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a workload."""

    workload: Workload
    name: str
    owner: tuple[str, str]
    """What kube_pod_owner tells: kind and name."""
    start_s: int
    end_s: int


Series = tuple[str, dict[str, str], Times, NDArray[np.float64]]


def openmetrics(world: World, now_s: int) -> Iterator[str]:
    """The whole world as OpenMetrics text."""
    for metric, labels, times, values in all_series(world, now_s):
        if metric.startswith(world.without) if world.without else False:
            continue
        for copy in _copies(world, labels):
            yield _lines(metric, copy, world.labels, times, values)
    yield "# EOF\n"


def all_series(world: World, now_s: int) -> Iterator[Series]:
    """All series once, without the gaps' samples."""
    for series in _all_series(world, now_s):
        metric, labels, times, values = series
        keep = np.ones(times.size, dtype=bool)
        for begin, end in world.gaps:
            start = now_s - world.days * DAY
            keep &= ~((times >= start + begin * DAY) & (times < start + end * DAY))
        yield metric, labels, times[keep], values[keep]


def pods_of(world: World, workload: Workload, now_s: int) -> list[Pod]:
    """All pods that ran, oldest first."""
    age_s = DAY * (world.days if workload.age_days is None else workload.age_days)
    start, end = int(now_s - age_s), now_s + world.ahead_s
    if workload.kind == "CronJob":
        return list(_runs(workload, start, end))
    edges = np.linspace(start, now_s, workload.rollouts + 2).astype(int).tolist()
    edges[-1] = end
    return [
        _pod(workload, generation, number, edges[generation : generation + 2])
        for generation in range(workload.rollouts + 1)
        for number in range(workload.replicas)
    ]


def _pod(workload: Workload, generation: int, number: int, life: list[int]) -> Pod:
    name, kind = workload.name, workload.kind
    tail = _hash(f"{name}/{generation}/{number}", 5)
    if kind in ("Deployment", "Rollout"):
        replica_set = f"{name}-{_hash(f'{name}/{generation}', 10)}"
        return Pod(workload, f"{replica_set}-{tail}", ("ReplicaSet", replica_set), *life)
    pod = f"{name}-{number}" if kind == "StatefulSet" else f"{name}-{tail}"
    return Pod(workload, pod, (kind, name), *life)


def _runs(workload: Workload, start: int, end: int) -> Iterator[Pod]:
    for at in np.arange(start, end, workload.job_every_s).astype(int).tolist():
        job = f"{workload.name}-{at // 60}"
        life = (at, int(at + workload.job_every_s / 10))
        yield Pod(workload, f"{job}-{_hash(job, 5)}", ("Job", job), *life)


def _hash(text: str, length: int) -> str:
    """As Kubernetes writes them: no vowels, so that no words arise."""
    digest = hashlib.sha256(text.encode()).digest()
    return "".join("bcdfghjklmnpqrstvwxz2456789"[byte % 27] for byte in digest[:length])


def _all_series(world: World, now_s: int) -> Iterator[Series]:
    for workload in world.workloads:
        pods = pods_of(world, workload, now_s)
        for pod in pods:
            times = _times(world, pod.start_s, pod.end_s)
            if not times.size:
                continue
            yield from _cadvisor(world, pod, times)
            yield from _load(world, pod, times)
            if world.kube_state_metrics:
                yield from _pod_state(world, pod, times)
        if world.kube_state_metrics:
            everything = _times(world, int(now_s - world.days * DAY), now_s + world.ahead_s)
            yield from _owners(world, pods)
            yield from _objects(world, workload, everything)
    if world.kube_state_metrics:
        everything = _times(world, now_s - DAY, now_s + world.ahead_s)
        yield from _cluster(world, everything)


def _times(world: World, start: int, end: int) -> Times:
    first = -(-start // world.scrape_s) * world.scrape_s
    return np.arange(first, end, world.scrape_s, dtype=np.int64)


def usage(box: Box, pod: Pod, times: Times) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """CPU in cores and working set in bytes at each moment."""
    age = (times - pod.start_s).astype(float)
    wave = np.sin((times % DAY) / DAY * 2 * np.pi - np.pi)
    cpu = box.cpu_cores * (1 + box.daily * wave)
    cpu = np.where(age < 300, cpu * box.startup_cpu, cpu)
    memory = box.memory_bytes * (1 + box.growth_per_day * age / DAY)
    memory = np.where(age < 120, memory * box.startup_memory, memory)
    return cpu, memory


def _cadvisor(world: World, pod: Pod, times: Times) -> Iterator[Series]:
    pod_label, container_label = (
        ("pod_name", "container_name") if world.old_names else ("pod", "container")
    )
    base = {"namespace": pod.workload.namespace, pod_label: pod.name, "node": "node-0"}
    base |= {"job": "kubelet", "metrics_path": "/metrics/cadvisor", "instance": "10.0.0.1:10250"}
    total_cpu, total_memory = np.zeros(times.size), np.zeros(times.size)
    for box in pod.workload.containers:
        cpu, memory = usage(box, pod, times)
        total_cpu, total_memory = total_cpu + cpu, total_memory + memory
        labels = {**base, container_label: box.name, "image": box.image, "cpu": "total"}
        labels["name"] = f"k8s_{box.name}_{pod.name}"
        counter = np.cumsum(cpu * world.scrape_s)
        for after in box.oom_after_s:  # a restart sets the counter back
            killed = times >= pod.start_s + after
            if killed.any() and not killed.all():
                counter = np.where(killed, counter - counter[np.argmax(killed)], counter)
        yield "container_cpu_usage_seconds_total", labels, times, counter
        del labels["cpu"]
        yield "container_memory_working_set_bytes", dict(labels), times, memory
        yield "container_memory_rss", dict(labels), times, memory * 0.8
        ooms = sum((times >= pod.start_s + after).astype(float) for after in box.oom_after_s)
        yield "container_oom_events_total", dict(labels), times, ooms + np.zeros(times.size)
        if box.cpu_limit is not None:
            periods = np.cumsum(np.full(times.size, world.scrape_s * 10.0))
            yield "container_cpu_cfs_periods_total", dict(labels), times, periods
            throttled = periods * box.throttled
            yield "container_cpu_cfs_throttled_periods_total", dict(labels), times, throttled
    pause = {**base, container_label: "POD", "image": "registry.k8s.io/pause:3.9"}
    for traps in (base, pause):  # the sum of the pod has no container
        small = traps is pause
        cores = np.full(times.size, 1e-5) if small else total_cpu
        bytes_ = np.full(times.size, 7e5) if small else total_memory * 1.1
        used = np.cumsum(cores * world.scrape_s)
        yield "container_cpu_usage_seconds_total", {**traps, "cpu": "total"}, times, used
        yield "container_memory_working_set_bytes", dict(traps), times, bytes_


def _ksm(world: World, namespace: str, **labels: str) -> dict[str, str]:
    """Labels as kube-state-metrics' series have them after scraping."""
    found = {"namespace": namespace, **labels}
    if world.exported:
        found = {
            f"exported_{name}" if name in ("namespace", "pod", "container", "job") else name: value
            for name, value in found.items()
        }
        found |= {"namespace": "monitoring", "pod": "kube-state-metrics-0", "container": "ksm"}
    return {**found, "job": found.get("job", "kube-state-metrics"), "instance": "10.0.0.2:8080"}


def _pod_state(world: World, pod: Pod, times: Times) -> Iterator[Series]:
    kind, name = pod.owner
    of_pod = _ksm(world, pod.workload.namespace, pod=pod.name)
    owner = {"owner_kind": kind, "owner_name": name, "owner_is_controller": "true"}
    yield "kube_pod_owner", of_pod | owner, times, np.ones(times.size)
    yield "kube_pod_start_time", of_pod, times, np.full(times.size, float(pod.start_s))
    for box in pod.workload.containers:
        labels = _ksm(world, pod.workload.namespace, pod=pod.name, container=box.name)
        yield from _resources(world, box, labels, times)
        killed = [pod.start_s + after for after in box.oom_after_s if after < pod.end_s]
        restarts = sum((times >= at).astype(float) for at in killed) + np.zeros(times.size)
        yield "kube_pod_container_status_restarts_total", labels, times, restarts
        dead = times >= killed[0] if killed else np.zeros(times.size, dtype=bool)
        if dead.any():
            reason = "kube_pod_container_status_last_terminated_reason"
            yield reason, labels | {"reason": "OOMKilled"}, times[dead], np.ones(dead.sum())
            latest = np.zeros(times.size)
            for at in killed:
                latest = np.where(times >= at, at, latest)
            stamp = "kube_pod_container_status_last_terminated_timestamp"
            yield stamp, labels, times[dead], latest[dead]


def _resources(world: World, box: Box, labels: dict[str, str], times: Times) -> Iterator[Series]:
    for what, cpu, memory in (
        ("requests", box.cpu_request, box.memory_request),
        ("limits", box.cpu_limit, box.memory_limit),
    ):
        for resource, unit, value in (("cpu", "core", cpu), ("memory", "byte", memory)):
            if value is None:
                continue
            metric = f"kube_pod_container_resource_{what}"
            extra = {"resource": resource, "unit": unit}
            if world.old_names:
                metric, extra = f"{metric}_{resource}_{unit}s", {}
            yield metric, labels | extra, times, np.full(times.size, float(value))


def _owners(world: World, pods: list[Pod]) -> Iterator[Series]:
    for owner in dict.fromkeys(pod.owner for pod in pods):
        kind, name = owner
        label = {"ReplicaSet": "replicaset", "Job": "job_name"}.get(kind)
        if label is None:
            continue
        lives = [pod for pod in pods if pod.owner == owner]
        times = _times(world, lives[0].start_s, lives[-1].end_s)
        workload = lives[0].workload
        labels = _ksm(world, workload.namespace) | {label: name}
        labels |= {"owner_kind": workload.kind, "owner_name": workload.name}
        labels |= {"owner_is_controller": "true"}
        metric = "kube_replicaset_owner" if kind == "ReplicaSet" else "kube_job_owner"
        yield metric, labels, times, np.ones(times.size)


def _objects(world: World, workload: Workload, times: Times) -> Iterator[Series]:
    wanted = {
        "Deployment": ("kube_deployment_spec_replicas", "deployment"),
        "StatefulSet": ("kube_statefulset_replicas", "statefulset"),
        "DaemonSet": ("kube_daemonset_status_desired_number_scheduled", "daemonset"),
    }.get(workload.kind)
    if wanted is not None:
        metric, label = wanted
        labels = _ksm(world, workload.namespace) | {label: workload.name}
        yield metric, labels, times, np.full(times.size, float(workload.replicas))
    hpa = workload.autoscaling
    if hpa is None:
        return
    prefix, label = (
        ("kube_hpa", "hpa")
        if world.old_names
        else ("kube_horizontalpodautoscaler", "horizontalpodautoscaler")
    )
    labels = _ksm(world, workload.namespace) | {label: f"{workload.name}-hpa"}
    target = {"scaletargetref_kind": workload.kind, "scaletargetref_name": workload.name}
    if not world.old_names:
        yield f"{prefix}_info", labels | target, times, np.ones(times.size)
    yield f"{prefix}_spec_min_replicas", labels, times, np.full(times.size, float(hpa.minimum))
    yield f"{prefix}_spec_max_replicas", labels, times, np.full(times.size, float(hpa.maximum))
    metric = {"metric_name": "cpu", "metric_target_type": "utilization"}
    percent = np.full(times.size, float(hpa.cpu_percent))
    yield f"{prefix}_spec_target_metric", labels | metric, times, percent


def _cluster(world: World, times: Times) -> Iterator[Series]:
    for number in range(world.nodes):
        for resource, unit, value in (
            ("cpu", "core", world.node_cores),
            ("memory", "byte", world.node_memory),
        ):
            labels = _ksm(world, "monitoring") | {"node": f"node-{number}"}
            metric = "kube_node_status_allocatable"
            if world.old_names:
                metric = f"{metric}_{resource}_{unit}s"
            else:
                labels |= {"resource": resource, "unit": unit}
            yield metric, labels, times, np.full(times.size, value)
    for namespace in sorted({workload.namespace for workload in world.workloads}):
        for resource, value in world.quota.items():
            labels = _ksm(world, namespace) | {"resourcequota": "team", "resource": resource}
            for kind, amount in (("hard", value), ("used", value / 2)):
                every = np.full(times.size, amount)
                yield "kube_resourcequota", labels | {"type": kind}, times, every
        for name, value in world.limit_range.items():
            constraint, resource = name.split(".", 1)
            labels = _ksm(world, namespace) | {"limitrange": "team", "type": "Container"}
            labels |= {"constraint": constraint, "resource": resource}
            yield "kube_limitrange", labels, times, np.full(times.size, value)


_BUCKETS = ((0.05, 0.5), (0.1, 0.9), (0.25, 1.0), (np.inf, 1.0))
"""Upper bound in seconds, share of the requests at most that slow: p95 is 0.175 s."""


def _load(world: World, pod: Pod, times: Times) -> Iterator[Series]:
    rate = pod.workload.requests_per_second
    if not rate:
        return
    total = np.cumsum(np.full(times.size, rate * world.scrape_s))
    if pod.workload.istio:
        labels = {"destination_workload": pod.workload.name, "reporter": "destination"}
        labels |= {"destination_workload_namespace": pod.workload.namespace}
        labels |= {"namespace": pod.workload.namespace, "pod": pod.name, "response_code": "200"}
        yield "istio_requests_total", labels, times, total
        yield "istio_requests_total", labels | {"reporter": "source"}, times, total
        metric, factor = "istio_request_duration_milliseconds", 1000.0
    else:
        labels = {"namespace": pod.workload.namespace, "pod": pod.name, "job": "app"}
        yield "http_requests_total", labels | {"code": "200"}, times, total
        metric, factor = "http_request_duration_seconds", 1.0
    for bound, share in _BUCKETS:
        le = "+Inf" if np.isinf(bound) else f"{bound * factor:g}"
        yield f"{metric}_bucket", labels | {"le": le}, times, total * share
    yield f"{metric}_count", labels, times, total


def _copies(world: World, labels: dict[str, str]) -> Iterator[dict[str, str]]:
    if not world.duplicates:
        yield labels
        return
    for replica in ("prometheus-0", "prometheus-1"):
        for suffix in ("", "-second"):
            other = {"prometheus_replica": replica, "job": labels.get("job", "") + suffix}
            yield {**labels, **other, "instance": labels.get("instance", "") + suffix}


def _lines(
    metric: str, labels: dict[str, str], more: str, times: Times, values: NDArray[np.float64]
) -> str:
    escaped = ",".join(
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"'))
        for name, value in labels.items()
    )
    head = f"{metric}{{{escaped}{',' + more if more else ''}}} "
    return "".join(
        f"{head}{value:.10g} {at}\n"
        for value, at in zip(values.tolist(), times.tolist(), strict=True)
    )
