"""Pods and workloads by owners and by names, and text in queries."""

import re
import shutil
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapters.prometheus import load, queries
from adapters.prometheus.discovery import selectors
from adapters.prometheus.pods import (
    Chains,
    by_name,
    guessed_workload,
    owner_pattern,
    pod_pattern,
)
from adapters.prometheus.promql import any_of, literal, matches, quoted, selector, tagged
from adapters.prometheus.scope import Scope
from schemas.usage import WorkloadKey
from tests.adapters.prometheus.sources import keys

SAFE = "bcdfghjklmnpqrstvwxz2456789"
names = st.from_regex(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True)
tails = st.text(SAFE, min_size=5, max_size=5)
hashes = st.text(SAFE, min_size=5, max_size=10)


def key(kind, name, namespace="shop"):
    return WorkloadKey(namespace=namespace, kind=kind, name=name)


def chains(*series):
    found = Chains()
    for metric, namespace, name, kind, owner in series:
        label = {"kube_replicaset_owner": "replicaset", "kube_job_owner": "job_name"}.get(metric)
        found.add(
            {
                "__name__": metric,
                "namespace": namespace,
                label or "pod": name,
                "owner_kind": kind,
                "owner_name": owner,
            }
        )
    return found


POD, SET, JOB = "kube_pod_owner", "kube_replicaset_owner", "kube_job_owner"


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (
            [(POD, "s", "p", "ReplicaSet", "api-1"), (SET, "s", "api-1", "Deployment", "api")],
            "s/Deployment/api",
        ),
        (
            [(POD, "s", "p", "ReplicaSet", "api-1"), (SET, "s", "api-1", "Rollout", "api")],
            "s/Rollout/api",
        ),
        (
            [(POD, "s", "p", "ReplicaSet", "x"), (SET, "s", "x", "<none>", "<none>")],
            "s/ReplicaSet/x",
        ),
        ([(POD, "s", "p", "ReplicaSet", "api-6d4cf56db6")], "s/Deployment/api"),
        ([(POD, "s", "p", "ReplicaSet", "bare")], "s/ReplicaSet/bare"),
        ([(POD, "s", "p", "StatefulSet", "db")], "s/StatefulSet/db"),
        ([(POD, "s", "p", "DaemonSet", "log")], "s/DaemonSet/log"),
        ([(POD, "s", "p", "Job", "j-1"), (JOB, "s", "j-1", "CronJob", "j")], "s/CronJob/j"),
        ([(POD, "s", "p", "Job", "once"), (JOB, "s", "once", "<none>", "<none>")], "s/Job/once"),
        ([(POD, "s", "p", "Job", "j-28412345")], "s/CronJob/j"),
        ([(POD, "s", "p", "Job", "once")], "s/Job/once"),
        ([(POD, "s", "p", "<none>", "<none>")], "s/Pod/p"),
        ([(POD, "s", "p", "Node", "n1")], "s/Pod/p"),
        ([(POD, "s", "p", "StrimziPodSet", "kafka")], "s/StrimziPodSet/kafka"),
        ([(POD, "s", "other", "StatefulSet", "db")], None),
        ([(POD, "t", "p", "StatefulSet", "db")], None),
        ([(POD, "s", "p", "Stateful Set", "db")], None),
        ([(POD, "s", "p", "StatefulSet", "a/b")], None),
    ],
)
def test_a_pod_belongs_to_what_stands_at_the_end_of_its_chain(series, expected):
    found = chains(*series).workload("s", "p")
    assert (None if found is None else str(found)) == expected


def test_an_owner_that_is_no_controller_does_not_count():
    found = Chains()
    found.add(
        {
            "__name__": POD,
            "namespace": "s",
            "pod": "p",
            "owner_kind": "Thing",
            "owner_name": "t",
            "owner_is_controller": "false",
        }
    )
    assert found.workload("s", "p") is None


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ("api-6d4cf56db6-x7k2d", "Deployment/api"),
        ("web-front-5c9f8-bcdfg", "Deployment/web-front"),
        ("old-1234567890-x7k2d", "Deployment/old"),
        ("db-0", "StatefulSet/db"),
        ("nightly-28412345-x7k2d", "CronJob/nightly"),
        ("agent-x7k2d", "DaemonSet/agent"),
        ("lonely", "Pod/lonely"),
    ],
)
def test_names_of_pods_tell_the_workload_where_nothing_else_does(pod, expected):
    assert str(guessed_workload("s", pod)) == f"s/{expected}"


@given(names, hashes, tails)
def test_every_pod_of_a_deployment_has_its_pattern(name, revision, tail):
    base = f"{name}-{revision}-"[:58]
    for kind in ("Deployment", "Rollout"):
        assert re.fullmatch(pod_pattern(key(kind, name)), base + tail)
        assert re.fullmatch(owner_pattern(key(kind, name)), f"{name}-{revision}")


@given(names, st.integers(0, 99), tails, st.integers(28_000_000, 31_000_000))
def test_every_pod_of_the_other_kinds_has_its_pattern(name, number, tail, minutes):
    for kind, pod in (
        ("StatefulSet", f"{name}-{number}"),
        ("DaemonSet", f"{name}-{tail}"),
        ("ReplicaSet", f"{name}-{tail}"),
        ("Job", f"{name}-{tail}"),
        ("Job", f"{name}-{number}-{tail}"),
        ("CronJob", f"{name}-{minutes}-{tail}"),
        ("Pod", name),
        ("StrimziPodSet", f"{name}-{number}"),
    ):
        assert re.fullmatch(pod_pattern(key(kind, name)), pod), kind


def test_a_pattern_does_not_take_the_pods_of_a_longer_name():
    api = re.compile(pod_pattern(key("Deployment", "api")))
    assert not api.fullmatch("api-v2-6d4cf56db6-x7k2d")
    assert not api.fullmatch("apis-6d4cf56db6-x7k2d")


def test_by_name_the_longest_workload_wins():
    asked = keys("s/Deployment/api", "s/DaemonSet/api-agent", "t/Deployment/api")
    pods = [("s", "api-6d4cf-x7k2d"), ("s", "api-agent-x7k2d"), ("t", "other")]
    found = by_name(pods, asked)
    assert found == {pods[0]: asked[0], pods[1]: asked[1]}


@given(st.text(max_size=40))
def test_a_quoted_text_ends_where_it_should(text):
    inner = quoted(text)[1:-1]
    assert not re.search(r'(?<!\\)(\\\\)*"', inner)
    assert "\n" not in inner


@given(st.text(max_size=40))
def test_a_literal_matches_itself_alone(text):
    assert re.fullmatch(literal(text), text, re.DOTALL)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_any_text_makes_a_query_that_prometheus_can_read(tmp_path):
    texts = ['a"b', "a\\", "a\nb", "}{", "$1", "(((", "a|b", "é", "\\d+", "[", "*", "`", "#", "\t"]
    asked = [selector("m", matches("l", any_of(map(literal, texts))))]
    asked += [selector("m", matches("l", literal(text)), 'c="d"') for text in texts]
    asked += [tagged("vector(1)", "l", text) for text in texts]
    assert complaints(asked, tmp_path) == ""


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("merge", [True, False], ids=["merged", "apart"])
@pytest.mark.parametrize("base", ["", 'cluster="eu"'], ids=["all", "cluster"])
def test_everything_that_is_asked_is_promql(tmp_path, base, merge):
    asked = keys("s/Deployment/a.b", "s/StatefulSet/c", "t/CronJob/d", "t/Pod/e", "t/Kafka/f")
    scope = Scope(asked, base, merge=merge)
    texts = [
        queries.cpu(300)(scope),
        queries.cpu(300, per_core=True)(scope),
        queries.largest("container_memory_rss", 300)(scope),
        queries.events(300)(scope),
        queries.scrapes(3600)(scope),
        queries.pod_values(scope),
        queries.spec_values(scope),
        queries.current_values(scope),
        load.probe(scope),
        *selectors(scope),
    ]
    for family in load.FAMILIES:
        for native in (False, True):
            told = {key: load.Told(family, 1, 1, native) for key in asked}
            texts += [load.rates(scope, told, {}, 300), load.latencies(scope, told, {}, 300)]
    assert complaints(texts, tmp_path) == ""
    if base:
        assert all(text.count(base) == text.count("{") for text in texts)


def complaints(texts, directory):
    """What promtool says against some queries."""
    rules = [{"record": f"r{n}", "expr": text} for n, text in enumerate(texts)]
    path = directory / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr
