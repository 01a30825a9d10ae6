"""One request to a Prometheus API: credentials, retries, and limits on time and size."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from prometheus_api_client import PrometheusConnect
from urllib3.util import Retry

from adapters.prometheus.failures import Kind, QueryFailed, not_the_api
from adapters.prometheus.session import BoundedSession, basic_auth, headers_of, shown_origin
from adapters.settings import Settings
from schemas.errors import MetricsError, SettingsError

_log = logging.getLogger(__name__)
T = TypeVar("T")

TRIES: Final = 3
FIRST_PAUSE_S: Final = 0.25
"""Before the second try; doubled before the third."""
_OTHER_METHOD: Final = ("metrics.forbidden", "metrics.not_found")
"""Errors that may be about POST alone: to some gateways it means to create, not to read."""
_SHARE_OF_TIME: Final = 1 / 3
"""Of all the time that one query may take: a slower one is cut in pieces while there is time."""

Params = Mapping[str, str | float | Sequence[str]]


class Deadline:
    """A moment after which nothing is started any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._longest = max(1.0, seconds * _SHARE_OF_TIME)

    def left(self) -> float:
        """Seconds that are left; 0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    def one_query(self) -> float:
        """Seconds that one query may take."""
        return min(self.left(), self._longest)


class Connection:
    """A metrics server, asked through prometheus-api-client.

    Safe for several threads.

    Args:
        settings: ``prometheus_*``.
        pause: Waits; tests give another.

    Raises:
        SettingsError: No URL, headers that are none, or a CA file that cannot be read.
    """

    def __init__(self, settings: Settings, pause: Callable[[float], None] = time.sleep) -> None:
        if settings.prometheus_url is None:
            raise SettingsError("no metrics server is set", hint="Set AI_PROVISION_PROMETHEUS_URL.")
        url = settings.prometheus_url.rstrip("/")
        self.origin = shown_origin(url)
        self._pause = pause
        self.answered_bytes: list[int] = []
        """Size of each answer, unpacked."""
        self._client = _Client(
            url,
            headers=headers_of(settings, url),
            auth=basic_auth(settings),
            session=BoundedSession(self.origin, settings),
            retry=Retry(total=0, redirect=False),
            method="POST",
        )

    def server_time(self, deadline: Deadline) -> float:
        """The server's clock, in Unix seconds.

        A gateway may allow reading by GET alone: then all further requests are such.

        Raises:
            MetricsError: It does not answer, or not as the API would.
        """
        try:
            return self._time(deadline)
        except MetricsError as error:
            if error.code not in _OTHER_METHOD:
                raise
            self._client.use_get()
            return self._time(deadline)

    def _time(self, deadline: Deadline) -> float:
        try:
            answer = self._again(
                lambda: self._client.custom_query("time()", timeout=deadline.one_query()), deadline
            )
            return float(answer[1])
        except QueryFailed as error:
            raise self.unusable(error) from error
        except (ValueError, TypeError, LookupError) as error:
            raise not_the_api(self.origin, "something else") from error

    def ask(self, path: str, params: Params, deadline: Deadline) -> bytes:
        """The body of the answer to one request.

        Args:
            path: ``query``, ``query_range`` or ``series``.
            params: Sent as a form where that is allowed, so that long queries pass.
            deadline: The time that is left bounds every try and every pause.

        Raises:
            QueryFailed: This query failed.
            MetricsError: No query can be answered: refused, redirected, or not this API.
        """
        return self._again(lambda: self._client.ask(path, params, deadline.one_query()), deadline)

    def unusable(self, error: QueryFailed) -> MetricsError:
        """The error for a server of which nothing could be read."""
        slow = error.kind in (Kind.NO_TIME, Kind.LESS_TIME)
        return MetricsError(
            f"{self.origin} cannot be read: {error.reason}",
            code="metrics.timeout" if slow else "metrics.unreachable",
            hint="AI_PROVISION_PROMETHEUS_TIMEOUT_SECONDS allows more time; what was read is kept"
            " for the next run."
            if slow
            else "Check that the server is up and AI_PROVISION_PROMETHEUS_URL reaches it.",
        )

    def _again(self, work: Callable[[], T], deadline: Deadline) -> T:
        """Try up to `TRIES` times, as long as the fault may pass and time is left."""
        attempt = 1
        while deadline.left() > 0:
            try:
                answer = work()
            except QueryFailed as error:
                wait_s = error.retry_after_s or FIRST_PAUSE_S * 2 ** (attempt - 1)
                if error.kind is not Kind.PASSING or attempt == TRIES or wait_s >= deadline.left():
                    raise
                _log.info("metrics query is tried again", extra={"reason": error.reason})
                self._pause(wait_s)
                attempt += 1
            else:
                self.answered_bytes.append(len(answer) if isinstance(answer, bytes) else 0)
                return answer
        raise QueryFailed(Kind.NO_TIME, "no time was left")


class _Client(PrometheusConnect):  # type: ignore[misc, unused-ignore]
    """The client, with bodies left undecoded: its own way is several times slower."""

    def use_get(self) -> None:
        """Send no more forms."""
        self._method = "GET"

    def ask(self, path: str, params: Params, seconds: float) -> bytes:
        """The body of one answer."""
        given = {**params, "timeout": f"{max(1, round(seconds))}s"}
        response = self._session.request(
            method=self._method,
            url=f"{self.url}/api/v1/{path}",
            data=given if self._method == "POST" else None,
            params=given if self._method == "GET" else None,
            verify=self._session.verify,
            headers=self.headers,
            auth=self.auth,
            cert=self._session.cert,
            timeout=seconds,
        )
        return cast(Any, response).raw.getvalue()  # type: ignore[no-any-return]
