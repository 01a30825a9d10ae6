"""Servers that refuse, stall, lie or break off: a clear sentence, and whatever could be read."""

import json
import logging
import re
import time

import numpy as np
import pytest
import trustme

from adapters.prometheus import session
from adapters.prometheus.connection import FIRST_PAUSE_S, TRIES
from schemas.errors import MetricsError, SettingsError
from schemas.telemetry import NoHistory, WorkloadHistory
from tests.adapters.prometheus.api_server import Reply, empty_api, error, fake_api, packed
from tests.adapters.prometheus.sources import FakePause, keys, source
from tests.bounded import bounded
from tests.prometheus_server import needs_prometheus, prometheus
from tests.prometheus_world import Box, Workload, World

KEYS = keys("shop/Deployment/api", "shop/StatefulSet/db", "team/Deployment/web")
SECRETS = {"prometheus_token": "tok-5e9a", "prometheus_headers": "X-Key: key-77c1"}
TOO_MANY = "query processing would load too many samples into memory in query execution"
TOO_LONG = (
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query"
    " resolution (?step=XX)"
)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    world = World(
        (
            Workload("shop", "Deployment", "api", containers=(Box("main"), Box("proxy"))),
            Workload("shop", "StatefulSet", "db"),
            Workload("team", "Deployment", "web", replicas=1, requests_per_second=2.0),
        ),
        1.0,
        scrape_s=120,
    )
    with prometheus(world, tmp_path_factory.mktemp("real")) as served:
        yield served


def failure(rule, tmp_path, **settings):
    """What reading from such a server raises, and the server."""
    with fake_api(rule) as api, pytest.raises(MetricsError) as raised:
        source(api.url, tmp_path, **SECRETS, **settings).read(KEYS)
    assert raised.value.hint
    assert not re.search("tok-5e9a|key-77c1", raised.value.render())
    return raised.value, api


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(401), "metrics.unauthorized", "refuses the credentials"),
        (Reply(403), "metrics.forbidden", "does not allow these credentials"),
        (Reply(404, "404 page not found"), "metrics.not_found", "has no Prometheus API there"),
        (Reply(405), "metrics.not_found", "no Prometheus API"),
        (
            Reply(302, headers={"Location": "https://login.example/oauth?state=abc"}),
            "metrics.redirect",
            "redirects to https://login.example;",
        ),
        (
            Reply(body="<html>Sign in</html>", headers={"Content-Type": "text/html"}),
            "metrics.not_the_api",
            "a web page",
        ),
        (Reply(body=""), "metrics.not_the_api", "nothing"),
        (Reply(body="hello"), "metrics.not_the_api", "something else"),
        (Reply(body='{"a": 1}'), "metrics.not_the_api", "something else"),
        (Reply(body={"data": {"result": ["x"]}}), "metrics.not_the_api", "something else"),
        (Reply(500, "boom"), "metrics.unreachable", "500: boom"),
        (error(503, "overloaded"), "metrics.unreachable", "503: overloaded"),
        (Reply(200, '{"status":"succ'), "metrics.unreachable", "the answer broke off"),
        (Reply(body=b"{" * 99, cut_after=9), "metrics.unreachable", "was cut"),
        (Reply(body=b"{}", declared_length=99), "metrics.unreachable", "was cut"),
        (error(422, "no such function"), "metrics.unreachable", "422: no such function"),
        (error(429, "slow down"), "metrics.unreachable", "429: slow down"),
    ],
    ids=lambda given: str(given.status) if isinstance(given, Reply) else "",
)
def test_a_server_that_cannot_be_read_is_one_sentence_with_a_hint(tmp_path, reply, code, words):
    raised, _ = failure(lambda asked: reply, tmp_path)
    assert raised.code == code
    assert words in raised.message
    assert "\n" not in raised.message


def test_a_server_that_is_down_is_told_after_three_tries(tmp_path):
    with fake_api() as api:
        url = api.url
    pause = FakePause()
    with pytest.raises(MetricsError, match="the connection was refused") as raised:
        source(url, tmp_path, pause=pause).read(KEYS)
    assert raised.value.code == "metrics.unreachable"
    assert pause.waits == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S]


@pytest.mark.parametrize(
    ("status", "headers", "tries"),
    [
        (500, {}, TRIES),
        (503, {}, TRIES),
        (429, {"Retry-After": "1"}, TRIES),
        (429, {}, 1),
        (429, {"Retry-After": "9999"}, 1),
        (400, {}, 1),
        (401, {}, 1),
        (422, {}, 1),
    ],
    ids=str,
)
def test_only_what_may_pass_is_tried_again(tmp_path, status, headers, tries):
    _, api = failure(lambda asked: Reply(status, "x", headers), tmp_path)
    assert len(api.asked) == tries


def test_a_fault_that_passes_is_not_seen(tmp_path):
    def rule(asked):
        return Reply(503) if asked.number % 3 == 1 else None

    with fake_api(rule) as api:
        found = source(api.url, tmp_path).read(KEYS[:1])
    assert "no pod of" in found[KEYS[0]].reason


def test_a_redirect_to_another_host_is_never_followed(tmp_path):
    with fake_api() as other:
        target = Reply(307, headers={"Location": f"{other.url}/api/v1/query"})
        failure(lambda asked: target, tmp_path)
        assert other.asked == []


def test_a_slow_server_is_left_when_the_time_is_over(tmp_path):
    began = time.monotonic()
    raised, _ = failure(
        lambda asked: Reply(delay_seconds=5), tmp_path, prometheus_timeout_seconds=1
    )
    assert time.monotonic() - began < 4
    assert raised.code == "metrics.timeout"
    assert "AI_PROVISION_PROMETHEUS_TIMEOUT_SECONDS" in raised.hint


def test_a_server_that_drips_is_left_when_the_time_is_over(tmp_path):
    drip = Reply(body=b'{"status": "success", "data": 1}' + b" " * 500, drip_seconds=0.05)
    began = time.monotonic()
    failure(lambda asked: drip, tmp_path, prometheus_timeout_seconds=1)
    assert time.monotonic() - began < 4


def test_a_packed_bomb_is_not_unpacked_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "MAX_ANSWER_BYTES", 1 << 20)
    bomb = packed(200 << 20)
    assert len(bomb.data) < 1 << 20
    with bounded():
        raised, _ = failure(lambda asked: bomb, tmp_path)
    assert "the answer is larger than 1 MiB" in raised.message


def test_what_a_server_says_is_bounded_and_without_our_secrets(tmp_path):
    said = "no\n\x1b[31m tok-5e9a and key-77c1 " + "x" * 5000
    raised, _ = failure(lambda asked: error(500, said), tmp_path)
    assert len(raised.message) < 400
    assert "\x1b" not in raised.message
    assert "*** and ***" in raised.message


def test_nothing_secret_is_logged(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with fake_api() as api:
        given = SECRETS | {"prometheus_username": "u", "prometheus_password": "pass-31"}
        source(api.url, tmp_path, **given).read(KEYS)
    assert not re.search("tok-5e9a|key-77c1|pass-31", caplog.text)


class TestCredentials:
    def sent(self, tmp_path, **settings):
        with fake_api() as api:
            source(api.url, tmp_path, **settings).read(KEYS)
        assert len(api.asked) > 1
        return [asked.headers for asked in api.asked]

    def test_a_token_goes_with_every_request(self, tmp_path):
        for headers in self.sent(tmp_path, **{"prometheus_token": "abc"}):
            assert headers["Authorization"] == "Bearer abc"

    def test_a_user_name_and_password_go_with_every_request(self, tmp_path):
        given = {"prometheus_username": "ü", "prometheus_password": "pä"}
        for headers in self.sent(tmp_path, **given):
            assert headers["Authorization"] == "Basic w7w6cMOk"

    def test_tenant_and_further_headers_go_with_every_request(self, tmp_path):
        given = {"prometheus_tenant": "team-a", "prometheus_headers": "X-One: 1; X-Two: a:b ;"}
        for headers in self.sent(tmp_path, **given):
            assert headers["X-Scope-OrgID"] == "team-a"
            assert (headers["X-One"], headers["X-Two"]) == ("1", "a:b")

    def test_proxies_and_netrc_of_the_environment_are_not_used(self, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password mine\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        for headers in self.sent(tmp_path):
            assert "Authorization" not in headers

    @pytest.mark.parametrize(
        "settings",
        [
            {"prometheus_headers": "no header"},
            {"prometheus_headers": "Bad Name: x"},
            {"prometheus_headers": "X: a\r\nInjected: 1"},
            {"prometheus_tenant": "a\nb"},
            {"prometheus_token": "ä"},
        ],
        ids=["none", "name", "lines", "tenant", "token"],
    )
    def test_what_is_no_header_is_refused_without_being_repeated(self, tmp_path, settings):
        with pytest.raises(SettingsError) as raised:
            source("http://127.0.0.1:9", tmp_path, **settings)
        assert not any(value in raised.value.render() for value in settings.values())

    def test_a_url_with_a_query_is_refused(self, tmp_path):
        with pytest.raises(SettingsError, match="without"):
            source("http://h/prometheus?token=x", tmp_path)

    def test_a_ca_file_that_is_none_is_refused(self, tmp_path):
        with pytest.raises(SettingsError, match="CA_FILE cannot be read"):
            source("https://h", tmp_path, prometheus_ca_file=str(tmp_path / "absent.pem"))

    def test_only_certificates_of_the_given_authority_are_trusted(self, tmp_path):
        authority = trustme.CA()
        ca_file = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        with fake_api(tls=authority) as api:
            found = source(api.url, tmp_path, prometheus_ca_file=str(ca_file)).read(KEYS[:1])
            assert "no pod of" in found[KEYS[0]].reason
            with pytest.raises(MetricsError, match="no certificate that is trusted") as raised:
                source(api.url, tmp_path).read(KEYS[:1])
        assert raised.value.code == "metrics.tls"
        assert "CA_FILE" in raised.value.hint


def test_a_server_of_this_machine_packs_nothing_and_others_do():
    from adapters.settings import Settings

    near, far = (
        session.headers_of(Settings(prometheus_url=url), url)["Accept-Encoding"]
        for url in ("http://[::1]:9090", "https://prometheus.example")
    )
    assert (near, far) == ("identity", "gzip")


@needs_prometheus
class TestInTheMiddle:
    """A real server behind a fault: what could be read is there, what could not is said."""

    def read(self, real, tmp_path, rule, **settings):
        with fake_api(rule, real.url) as api:
            reader = source(api.url, tmp_path, metrics_days=1, **settings)
            return reader.read(KEYS), api

    def test_a_healthy_way_through_gives_everything(self, real, tmp_path):
        found, _ = self.read(real, tmp_path, lambda asked: None)
        assert all(one.missing == () for one in found.values())

    @pytest.mark.parametrize(
        ("part", "missing"),
        [
            ("container_memory_rss", {"rss"}),
            ("container_cpu_usage_seconds_total", {"cpu"}),
            ("container_memory_working_set_bytes", {"memory"}),
            ("container_oom_events_total", {"throttling", "oom_kills", "restarts"}),
            ("kube_pod_start_time", {"requests", "oom_kills"}),
            ("kube_resourcequota", {"replicas", "load"}),
        ],
        ids=["rss", "cpu", "memory", "events", "pods", "objects"],
    )
    @pytest.mark.parametrize(
        "fault",
        [
            error(503, "no"),
            error(422, "no"),
            Reply(body='{"status":'),
            Reply(body=b'{"status": "success"}'),
            Reply(body=b"{", cut_after=1),
        ],
        ids=["503", "422", "truncated", "shape", "cut"],
    )
    def test_one_query_that_fails_costs_only_what_it_tells(
        self, real, tmp_path, part, missing, fault
    ):
        def rule(asked):
            return fault if part in asked.query else None

        found, _ = self.read(real, tmp_path, rule)
        for history in found.values():
            assert isinstance(history, WorkloadHistory)
            assert {one.what for one in history.missing} <= missing
            assert history.missing

    def test_a_server_that_dies_half_way_gives_what_was_read_and_a_rerun_goes_on(
        self, real, tmp_path
    ):
        def rule(asked):
            return error(503, "shutting down") if asked.number >= 5 else None

        found, _ = self.read(real, tmp_path, rule)
        histories = [one for one in found.values() if isinstance(one, WorkloadHistory)]
        assert histories
        assert all("shutting down" in one.missing[0].why for one in histories)
        again, api = self.read(real, tmp_path, lambda asked: None)
        assert all(one.missing == () for one in again.values())

    def test_a_rerun_asks_only_for_what_is_not_there(self, real, tmp_path):
        with fake_api(lambda asked: None, real.url) as api:
            source(api.url, tmp_path, metrics_days=1).read(KEYS)
            first = len(api.asked)
            source(api.url, tmp_path, metrics_days=1).read(KEYS)
        usage = [
            asked
            for asked in api.asked[first:]
            if asked.is_range and "container_cpu_usage" in asked.query
        ]
        assert [round(asked.days, 1) for asked in usage] == [0.0]

    @pytest.mark.parametrize(
        "limit",
        [
            error(422, TOO_MANY),
            error(400, TOO_LONG, "bad_data"),
            error(503, "query timed out in expression evaluation", "timeout"),
            error(504, ""),
            Reply(413, "Request Entity Too Large"),
            error(422, "the query time range exceeds the limit (query length: 48h, limit: 6h)"),
        ],
        ids=["samples", "points", "timeout", "gateway", "413", "length"],
    )
    def test_what_is_too_much_is_cut_in_time(self, real, tmp_path, limit):
        def rule(asked):
            return limit if asked.is_range and asked.days > 0.3 else None

        found, api = self.read(real, tmp_path, rule)
        assert all(
            one.what not in ("cpu", "memory", "rss")
            for history in found.values()
            for one in history.missing
        )
        main = found[KEYS[0]].containers["main"]
        assert np.isfinite(main.cpu_cores[:, -280:]).mean() > 0.99
        assert max(asked.days for asked in api.asked if asked.is_range) > 0.3

    @pytest.mark.parametrize(
        "said",
        [
            "the query exceeded the maximum number of series (limit: 9)",
            "the number of matching timeseries exceeds 9; either narrow down the search",
            "exceeded series limit",
        ],
        ids=["mimir", "victoria", "thanos"],
    )
    def test_too_many_series_are_asked_for_by_workload(self, real, tmp_path, said):
        def rule(asked):
            together = "api" in asked.query and "web" in asked.query
            return error(422, said) if asked.is_range and together else None

        found, _ = self.read(real, tmp_path, rule)
        for history in found.values():
            assert {one.what for one in history.missing} <= {"load", "latency"}

    def test_what_is_always_too_much_ends_and_is_said(self, real, tmp_path):
        def rule(asked):
            return error(422, TOO_MANY) if "working_set" in asked.query and asked.is_range else None

        found, api = self.read(real, tmp_path, rule)
        assert len(api.asked) < 600
        for history in found.values():
            memory = [one for one in history.missing if one.what == "memory"]
            assert "1 of 1 days could not be read" in memory[0].why
            assert "too many samples" in memory[0].why
            peaks = [box.peak_bytes for box in history.containers.values()]
            assert all(np.isfinite(peak).all() for peak in peaks)

    def test_credentials_that_end_half_way_are_said(self, real, tmp_path):
        def rule(asked):
            return Reply(401) if "rss" in asked.query else None

        found, _ = self.read(real, tmp_path, rule)
        rss = [one for one in found[KEYS[0]].missing if one.what == "rss"]
        assert "refuses the credentials" in rss[0].why

    def test_nothing_but_owners_is_an_error(self, real, tmp_path):
        def rule(asked):
            return error(500, "storage is gone") if asked.is_range else None

        with pytest.raises(MetricsError, match="storage is gone"):
            self.read(real, tmp_path, rule)

    @pytest.mark.parametrize("status", [403, 405])
    def test_a_gateway_that_minds_post_is_asked_by_get(self, real, tmp_path, status):
        def rule(asked):
            if asked.method == "POST":
                return Reply(status)
            together = "api" in asked.query and "web" in asked.query
            return Reply(414) if together and asked.is_range else None

        found, _ = self.read(real, tmp_path, rule)
        assert all(
            {one.what for one in history.missing} <= {"load", "latency"}
            for history in found.values()
        )

    def test_a_server_without_series_answers_by_queries(self, real, tmp_path):
        def rule(asked):
            return Reply(404) if asked.path.endswith("/series") else None

        found, _ = self.read(real, tmp_path, rule)
        assert all(one.missing == () for one in found.values())

    def test_warnings_of_partial_answers_are_said_and_such_answers_are_not_kept(
        self, real, tmp_path
    ):
        def rule(asked):
            if not (asked.is_range and "working_set" in asked.query):
                return None
            with fake_api(lambda asked: None, real.url) as inner:
                body = json.loads(inner._forward(asked, _form(asked)).data)
            return Reply(body=body | {"warnings": ["store 7 is away"]})

        for _ in range(2):
            found, api = self.read(real, tmp_path, rule)
            said = [one.why for one in found[KEYS[0]].missing if one.what == "memory"]
            assert said == ["may be incomplete; the server warned: store 7 is away"]
        memory = [asked for asked in api.asked if "working_set" in asked.query and asked.is_range]
        assert memory[0].days > 0.9

    def test_half_of_the_series_are_half_of_the_history(self, real, tmp_path):
        def rule(asked):
            if not asked.is_range or "container_" not in asked.query:
                return None
            with fake_api(lambda asked: None, real.url) as inner:
                body = json.loads(inner._forward(asked, _form(asked)).data)
            result = body["data"]["result"]
            body["data"]["result"] = [
                one for one in result if one["metric"].get("container") == "main"
            ]
            return Reply(body=body)

        found, _ = self.read(real, tmp_path, rule)
        assert set(found[KEYS[0]].containers) == {"main"}

    @pytest.mark.parametrize("bad", ["NaN", "+Inf", "-Inf", "-1", "1e300", "x", None, [], {}])
    def test_samples_that_are_no_usage_are_unknown(self, real, tmp_path, bad):
        def rule(asked):
            if not (asked.is_range and "container_cpu_usage" in asked.query):
                return None
            with fake_api(lambda asked: None, real.url) as inner:
                body = json.loads(inner._forward(asked, _form(asked)).data)
            for one in body["data"]["result"]:
                for pair in one["values"][::2]:
                    pair[1] = bad
            return Reply(body=body)

        found, _ = self.read(real, tmp_path, rule)
        cpu = found[KEYS[0]].containers["main"].cpu_cores
        assert 0 < np.isfinite(cpu).mean() <= 0.5
        assert np.nanmax(cpu) < 1
        assert np.nanmin(cpu) >= 0


def _form(asked):
    from urllib.parse import urlencode

    return urlencode(asked.form, doseq=True).encode()


def test_a_server_that_says_it_is_partial_is_believed(tmp_path):
    def rule(asked):
        reply = empty_api(asked)
        return Reply(body=reply.body | {"isPartial": True})

    with fake_api(rule) as api:
        found = source(api.url, tmp_path).read(KEYS[:1])
    assert isinstance(found[KEYS[0]], NoHistory)
