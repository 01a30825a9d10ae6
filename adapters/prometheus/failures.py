"""What a refusal of a metrics server means: ask for less, ask again, or tell the user.

Servers word their limits differently and use 400, 413, 422, 500, 503 and 504 for them:

Prometheus       query processing would load too many samples into memory; exceeded maximum
                 resolution of 11,000 points per timeseries; query timed out in …
Mimir, Cortex    the query exceeded the maximum number of series|chunks|samples|bytes (limit: …);
                 the query time range exceeds the limit; too many outstanding requests
Thanos           exceeded series limit; limit … violated; received message larger than max
VictoriaMetrics  cannot select more than -search.max…; too many points for the given step;
                 the number of matching timeseries exceeds …
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from schemas.errors import MetricsError

MAX_REASON_CHARACTERS = 200
"""Of a server's own words in a message."""

_TOO_MUCH: Final = re.compile(
    r"too many|too large|too long|larger than|exceed|limit|maximum|cannot select more|out of memory"
    r"|timed out|timeout|deadline|canceled",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"resolution|points|time ?range|query length|too long|decrease", re.IGNORECASE
)
_SERIES: Final = re.compile(r"\bseries\b|\btimeseries\b|streams", re.IGNORECASE)
_SYNTAX: Final = re.compile(r"parse error|parsing|unknown function|unsupported", re.IGNORECASE)
_MAY_BE_LIMIT: Final = frozenset({400, 413, 422, 500, 503, 504})
_PASSING: Final = frozenset({500, 502, 503, 504})
_SPACES: Final = re.compile(r"\s+")


class Kind(StrEnum):
    """What to do about a query that failed."""

    LESS_TIME = "less time"
    """It asks for too many points: a shorter stretch of time would do."""
    FEWER_SERIES = "fewer series"
    """It meets too many series: fewer workloads at once, or a shorter stretch."""
    PASSING = "passing"
    """The server, or the way to it, has a fault that may pass."""
    REFUSED = "refused"
    """It will not be answered."""
    NO_TIME = "no time"
    """Our own time is over."""


class QueryFailed(Exception):
    """One query that failed; the others may do better.

    Args:
        kind: What to do.
        reason: Shown to users: one clause, without a final stop.
        retry_after_s: What the server asked to wait.
    """

    def __init__(self, kind: Kind, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.retry_after_s = retry_after_s


def failure_of(status: int, said: str, retry_after: str | None = None) -> QueryFailed:
    """What an answer with an error status means for its query.

    Args:
        status: HTTP status, 400 or more, and none that `refusal_of` is about.
        said: The server's own words.
        retry_after: The header of that name.
    """
    reason = f"the server answered {status}" + (f": {shown(said)}" if said.strip() else "")
    if status == 429:
        # Without the header nothing says when it would do better: then it is not asked again.
        wait_s = _seconds(retry_after)
        return QueryFailed(Kind.REFUSED if wait_s is None else Kind.PASSING, reason, wait_s)
    if status in _MAY_BE_LIMIT and _TOO_MUCH.search(said) and not _SYNTAX.search(said):
        fewer = _SERIES.search(said) and not _POINTS.search(said)
        return QueryFailed(Kind.FEWER_SERIES if fewer else Kind.LESS_TIME, reason)
    if status == 414:  # the query stands in the URL
        return QueryFailed(Kind.FEWER_SERIES, reason)
    if status in (413, 504):
        return QueryFailed(Kind.LESS_TIME, reason)
    return QueryFailed(Kind.PASSING if status in _PASSING else Kind.REFUSED, reason)


def refusal_of(status: int, origin: str, location: str = "") -> MetricsError | None:
    """The error for a status that no query can do anything about; None for all others."""
    if 300 <= status < 400:
        return MetricsError(
            f"{origin} redirects to {shown(location) or 'nowhere'}; credentials are not sent on",
            code="metrics.redirect",
            hint="If that is the API, set AI_PROVISION_PROMETHEUS_URL to it. A redirect to a login"
            " page means that the address is for browsers: ask for one that takes a token.",
        )
    if status in (401, 407):
        return MetricsError(
            f"{origin} refuses the credentials (status {status})",
            code="metrics.unauthorized",
            hint="Set AI_PROVISION_PROMETHEUS_TOKEN, or AI_PROVISION_PROMETHEUS_USERNAME and"
            " AI_PROVISION_PROMETHEUS_PASSWORD.",
        )
    if status == 403:
        return MetricsError(
            f"{origin} does not allow these credentials to query (status 403)",
            code="metrics.forbidden",
            hint="Check the role of the token or user; Mimir and its gateways also want"
            " AI_PROVISION_PROMETHEUS_TENANT.",
        )
    if status in (404, 405, 410):
        return MetricsError(
            f"{origin} has no Prometheus API there (status {status})",
            code="metrics.not_found",
            hint="AI_PROVISION_PROMETHEUS_URL is all that stands before /api/v1: Mimir wants"
            " …/prometheus, VictoriaMetrics clusters …/select/0/prometheus.",
        )
    return None


def not_the_api(origin: str, what: str) -> MetricsError:
    """The error for an answer that is no answer of the API."""
    return MetricsError(
        f"{origin} answered with {what}, not with the Prometheus API",
        code="metrics.not_the_api",
        hint="Check AI_PROVISION_PROMETHEUS_URL; a login page means that it wants a token.",
    )


def shown(text: str) -> str:
    """A server's words as they may stand in a message: printable, on one line, bounded."""
    head = _SPACES.sub(" ", text[: 4 * MAX_REASON_CHARACTERS]).strip()
    plain = "".join(character for character in head if character.isprintable())
    if len(plain) <= MAX_REASON_CHARACTERS:
        return plain
    return plain[: MAX_REASON_CHARACTERS - 1] + "…"


def _seconds(retry_after: str | None) -> float | None:
    """The header's seconds; a date is not worth a parser here."""
    text = (retry_after or "").strip()
    return float(text) if text.isdecimal() and len(text) <= 6 else None
