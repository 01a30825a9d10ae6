"""The metrics route from end to end: a real Prometheus, the example, and a person's commands."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.cli import main
from tests.prometheus_server import needs_prometheus, prometheus
from tests.prometheus_world import MIB, Autoscaling, Box, Workload, World

ROOT = Path(__file__).parents[2]
EXAMPLE = ("size", "--trigger", "examples/shop/trigger.yaml", "--checkout", "examples/shop")
QUIET = ("--knowledge", "off", "--format", "json")
API = Workload(
    "shop",
    "Deployment",
    "inventory-api",
    replicas=3,
    containers=(
        Box(
            "inventory-api",
            cpu_cores=0.3,
            memory_bytes=150 * MIB,
            cpu_limit=1.0,
            image="ghcr.io/acme/inventory-api:1.4.0",
        ),
        Box("istio-proxy", cpu_cores=0.02, memory_bytes=40 * MIB, image="istio/proxyv2:1.22"),
    ),
    rollouts=1,
    autoscaling=Autoscaling(),
    requests_per_second=50,
)
DATABASE = Workload(
    "shop",
    "StatefulSet",
    "orders-db",
    replicas=1,
    containers=(Box("db", memory_bytes=600 * MIB, image="docker.io/bitnami/postgresql:16"),),
)
STRANGER = Workload("blog", "Deployment", "storefront", replicas=2)
WORLD = World((API, DATABASE, STRANGER), days=4, scrape_s=120)


@pytest.fixture
def directories(tmp_path):
    return {
        "AI_PROVISION_DATA_DIR": str(tmp_path / "data"),
        "AI_PROVISION_CACHE_DIR": str(tmp_path / "cache"),
    }


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(directories, monkeypatch):
    """Run a command in this process: most of what a new one would take is importing."""
    monkeypatch.chdir(ROOT)

    def call(*arguments, **settings):
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in {**directories, **settings}.items():
                patch.setenv(name, value)
            code = main(arguments)
        return Done(code, out.getvalue(), err.getvalue())

    return call


def sized(done):
    """Components by name, and the whole answer."""
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return {item["name"]: item for item in answer["components"]}, answer


def numbers_of(done):
    """All that is decided and all that was measured, by component."""
    keep = ("route", "replicas", "resources", "autoscaling", "intervals", "confidence", "usage")
    return {name: {key: part[key] for key in keep} for name, part in sized(done)[0].items()}


def served(world, tmp_path_factory, *options):
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("prometheus is not installed (Debian: apt install prometheus)")
    return prometheus(world, tmp_path_factory.mktemp("server"), *options)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(WORLD, tmp_path_factory) as one:
        yield one


@needs_prometheus
class TestServer:
    def test_a_running_service_is_sized_by_its_history(self, run, server):
        parts, answer = sized(run(*EXAMPLE, "--prometheus-url", server.url, "--format", "json"))
        api = parts["inventory-api"]
        assert (api["route"], api["usage"]["container"]) == ("metrics", "inventory-api")
        assert api["usage"]["days"] == pytest.approx(4, abs=0.1)
        # 300m on average with a wave of half as much: p95 is near 1.5 times the mean.
        assert api["usage"]["cpu_cores"]["p95"] == pytest.approx(0.448, rel=0.02)
        assert api["usage"]["memory_bytes"]["maximum"] == pytest.approx(150 * MIB)
        assert api["usage"]["requests_per_second"]["p95"] == pytest.approx(150, rel=0.05)
        assert 440 <= int(api["resources"]["requests"]["cpu"].removesuffix("m")) <= 560
        assert 150 <= int(api["resources"]["requests"]["memory"].removesuffix("Mi")) <= 200
        assert answer["run"]["settings"]["metrics"] == server.url

    def test_a_product_beside_it_is_found_by_its_image_and_a_stranger_is_not_taken(
        self, run, server
    ):
        parts, answer = sized(run(*EXAMPLE, "--prometheus-url", server.url, "--format", "json"))
        assert parts["postgres"]["route"] == "metrics"
        assert parts["postgres"]["usage"]["workload"]["name"] == "orders-db"
        # The only workload called so runs in another app's namespace, and its name is common.
        assert parts["storefront"]["route"] == "docs"
        (note,) = [note for note in answer["notes"] if note["code"] == "unknown.workload"]
        assert note["component"] == "storefront"
        assert "--workload storefront=blog/Deployment/storefront" in note["message"]

    def test_the_user_may_choose_the_workload(self, run, server):
        chosen = ("--workload", "storefront=blog/deployment/storefront")
        parts, _ = sized(run(*EXAMPLE, "--prometheus-url", server.url, *chosen, "--format", "json"))
        assert parts["storefront"]["route"] == "metrics"
        assert "--workload names it" in parts["storefront"]["route_reason"]

    def test_explain_shows_the_route_and_the_promql(self, run, server, tmp_path):
        out = tmp_path / "out"
        done = run(*EXAMPLE, "--prometheus-url", server.url, "--out", str(out))
        assert done.returncode == 0, done.stderr
        told = run("explain", str(out), "--component", "inventory-api").stdout
        words = " ".join(told.split())
        assert "route metrics: 4.0 days of history of shop/Deployment/inventory-api" in words
        assert "3 days are enough" in words
        assert "rate(container_cpu_usage_seconds_total{" in words
        assert "measured: 4.0 days" in words

    def test_too_little_history_is_evidence_and_the_boundary_is_a_setting(self, run, server):
        short = {"AI_PROVISION_PROMETHEUS_URL": server.url, "AI_PROVISION_METRICS_MIN_DAYS": "7"}
        parts, _ = sized(run(*EXAMPLE, "--format", "json", **short))
        api = parts["inventory-api"]
        assert api["route"] == "docs"
        assert "4.0 days of history" in api["route_reason"]
        assert "7 days are needed, so it counts as evidence only" in api["route_reason"]
        assert api["usage"]["days"] == pytest.approx(4, abs=0.1)

    def test_an_export_gives_the_same_numbers_as_the_server(self, run, server, tmp_path):
        file = tmp_path / "shop.json.gz"
        for _ in range(3):  # between the two readings the clock may pass the end of a step
            done = run(
                "metrics", "export", "--prometheus-url", server.url, "--namespace", "shop",
                "--out", str(file),
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert "wrote 2 workloads" in done.stderr
            one = numbers_of(run(*EXAMPLE, "--prometheus-url", server.url, *QUIET))
            two = numbers_of(run(*EXAMPLE, "--metrics", str(file), *QUIET))
            if one["inventory-api"]["usage"]["end_s"] == two["inventory-api"]["usage"]["end_s"]:
                break
        assert one == two

    def test_a_report_is_drawn_on_request(self, run, server, tmp_path):
        page = tmp_path / "deep" / "report.html"
        done = run(*EXAMPLE, "--prometheus-url", server.url, "--report", str(page))
        assert done.returncode == 0, done.stderr
        assert f"wrote {page}" in done.stderr
        assert "inventory-api" in page.read_text()

    def test_what_was_measured_is_remembered_for_services_alike(self, run, server, tmp_path):
        sized(run(*EXAMPLE, "--prometheus-url", server.url, "--format", "json"))
        listed = json.loads(run("knowledge", "telemetry", "list", "--format", "json").stdout)
        assert {item["workload"]["name"] for item in listed} == {"inventory-api", "orders-db"}
        other = tmp_path / "repo"
        shutil.copytree(ROOT / "examples/shop/api", other)
        (other / "main.go").write_text((other / "main.go").read_text() + "\n// another service\n")
        done = run(
            "size", "--git-repo", str(other), "--app-description", "Go/Gin API", "--format", "json"
        )
        parts, _ = sized(done)
        (new,) = parts.values()
        alike = [e for e in new["evidence"] if e["kind"] == "metrics"]
        assert alike
        assert alike[0]["id"].startswith("metrics:shop/Deployment/inventory-api/inventory-api#like")
        assert alike[0]["figures"]["cpu_p95_cores"] == pytest.approx(0.448, rel=0.02)

    def test_list_and_doctor_show_what_the_server_has(self, run, server):
        listed = run("metrics", "list", "--prometheus-url", server.url)
        assert re.search(
            r"^shop/Deployment/inventory-api +inventory-api, istio-proxy +4\.0 +6$",
            listed.stdout,
            re.MULTILINE,
        )
        found = json.loads(
            run("metrics", "list", "--namespace", "blog", "--format", "json",
                AI_PROVISION_PROMETHEUS_URL=server.url).stdout
        )  # fmt: skip
        assert [item["workload"] for item in found] == ["blog/Deployment/storefront"]
        told = json.loads(
            run("doctor", "--format", "json", AI_PROVISION_PROMETHEUS_URL=server.url).stdout
        )
        (metrics,) = [item for item in told if item["name"] == "metrics"]
        assert metrics["ok"]
        assert metrics["found"] == f"3 workloads on {server.url}"

    def test_a_workload_that_is_not_there_is_told_with_the_nearest(self, run, server, tmp_path):
        done = run(
            "metrics", "export", "--prometheus-url", server.url, "--workload",
            "shop/Deployment/inventory", "--out", str(tmp_path / "x.json"),
        )  # fmt: skip
        assert done.returncode == 2
        assert "has nothing of shop/Deployment/inventory" in done.stderr
        assert "It has shop/Deployment/inventory-api" in done.stderr


@needs_prometheus
@pytest.mark.parametrize(
    "changes",
    [
        {"duplicates": True},
        {"old_names": True},
        {"kube_state_metrics": False},
        {"without": ("container_cpu_cfs", "container_oom", "kube_hpa", "http_requests")},
    ],
    ids=["HA duplicates", "old names", "no kube-state-metrics", "missing metrics"],
)
def test_another_way_of_watching_gives_the_same_use(run, tmp_path_factory, changes):
    world = World((API,), days=4, scrape_s=300, **changes)
    with served(world, tmp_path_factory) as server:
        parts, _ = sized(run(*EXAMPLE, "--prometheus-url", server.url, "--format", "json"))
    api = parts["inventory-api"]
    assert api["route"] == "metrics"
    assert api["usage"]["cpu_cores"]["p95"] == pytest.approx(0.448, rel=0.05)
    assert api["usage"]["memory_bytes"]["maximum"] == pytest.approx(150 * MIB)
    assert api["usage"]["replicas"]["p50"] == 3
    if "without" in changes:
        assert any("throttling" in text for text in api["usage"]["missing"])


def test_a_server_that_is_down_is_a_note_and_everything_is_sized(run):
    parts, answer = sized(
        run(*EXAMPLE, "--prometheus-url", "http://127.0.0.1:9", "--format", "json")
    )
    assert {item["route"] for item in parts.values()} == {"docs"}
    (note,) = [note for note in answer["notes"] if note["code"] == "unknown.metrics"]
    assert "127.0.0.1:9" in note["message"]
    assert "refused" in note["message"]


def test_export_from_a_server_that_is_down_fails_as_an_outside_system(run, tmp_path):
    done = run(
        "metrics", "export", "--prometheus-url", "http://127.0.0.1:9", "--namespace", "x",
        "--out", str(tmp_path / "x"),
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("error[metrics.")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--metrics", "nope.json"), "error[metrics.file]"),
        (("--metrics", "pyproject.toml"), "not JSON"),
        (("--metrics", "x", "--prometheus-url", "http://a"), "two sources"),
        (("--prometheus-url", "ftp://a"), "is not an http or https URL"),
        (("--prometheus-url", "http://u:secret@a"), "without credentials"),
        (("--workload", "api"), "error[usage]: --workload not [COMPONENT=]namespace/Kind/name"),
    ],
)
def test_what_the_user_names_wrongly_is_a_usage_error_before_anything_is_done(run, flags, words):
    done = run(*EXAMPLE, *flags)
    assert done.returncode == 2
    assert words in done.stderr
    assert "secret" not in done.stderr
    assert done.stdout == ""


def test_a_workload_for_a_component_that_does_not_exist_is_a_usage_error(run, tmp_path):
    file = tmp_path / "m.json"
    file.write_text('{"cpu_p95_cores": 0.2}')
    done = run(*EXAMPLE, "--metrics", str(file), "--workload", "nope=a/Deployment/b")
    assert done.returncode == 2
    assert "there is no such component" in done.stderr
    assert "inventory-api" in done.stderr


def test_metrics_without_a_source_says_how_to_name_one(run):
    done = run("metrics", "list", AI_PROVISION_PROMETHEUS_URL="")
    assert done.returncode == 2
    assert "no metrics server is set" in done.stderr


class TestPayload:
    """A trigger as JSON, whose historical_metrics are the only source."""

    @staticmethod
    def trigger(tmp_path, metrics):
        path = tmp_path / "trigger.json"
        metadata = {
            "git_repo": "https://github.com/acme/supermarket-shop",
            "app_description": "Inventory service, Go/Gin API, 200 QPS",
        }
        path.write_text(json.dumps({"app_metadata": metadata, "historical_metrics": metrics}))
        return ("size", "--trigger", str(path), "--checkout", "examples/shop", "--format", "json")

    def test_arrays_of_a_named_component_are_its_history(self, run, tmp_path):
        week = [0.2 + 0.1 * (hour % 24 >= 12) for hour in range(24 * 8)]
        given = {
            "components": {
                "inventory-api": {
                    "step_seconds": 3600,
                    "cpu_cores": week,
                    "memory_bytes": [2.0e8] * len(week),
                    "replicas": 3,
                }
            }
        }
        parts, _ = sized(run(*self.trigger(tmp_path, given)))
        api = parts["inventory-api"]
        assert api["route"] == "metrics"
        assert "8.0 days of history" in api["route_reason"]
        assert api["usage"]["cpu_cores"]["maximum"] == pytest.approx(0.3)
        assert parts["storefront"]["route"] == "docs"

    def test_percentiles_are_evidence_of_the_docs_route(self, run, tmp_path):
        given = {"components": {"inventory-api": {"cpu_p95_cores": 0.4, "memory_max_mib": 300}}}
        parts, _ = sized(run(*self.trigger(tmp_path, given)))
        api = parts["inventory-api"]
        assert api["route"] == "docs"
        assert "only percentiles" in api["route_reason"]
        assert api["usage"]["memory_bytes"]["maximum"] == 300 * MIB

    def test_what_cannot_be_read_is_a_note_with_its_place(self, run, tmp_path):
        given = {"cpu_cores": [0.1, "many"], "step_seconds": 60}
        parts, answer = sized(run(*self.trigger(tmp_path, given)))
        assert {item["route"] for item in parts.values()} == {"docs"}
        (note,) = [n for n in answer["notes"] if n["code"] == "ignored.historical_metrics"]
        assert "historical_metrics.cpu_cores[1]" in note["message"]


def test_sizing_without_metrics_imports_nothing_of_them(directories):
    names = ("pandas", "prometheus_api_client", "matplotlib", "chromadb", "schemas.telemetry")
    code = (
        "import io, sys; from ci.cli import main; out, sys.stdout = sys.stdout, io.StringIO();"
        "main(['size', '--git-repo', 'examples/shop', '--app-description', 'x',"
        " '--knowledge', 'off']);"
        f"sys.stdout = out; print([n for n in {names!r} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
        env={**os.environ, **directories, "AI_PROVISION_PROMETHEUS_URL": ""},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
