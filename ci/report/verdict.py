"""Is what is set today enough, or is it too much?

Judged by what was measured where there is history, else by the estimate's own bounds; the page
says which. The rules, in the order in which they are asked, are those of `RULES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ci.handoff.amounts import share_text
from ci.handoff.measured import plural
from ci.report.resource import Resource, ResourceView

THROTTLED_SHARE = 0.05
"""Above it a CPU limit slows the work down; check M04 has the same default."""
MATTERS = 0.1
"""A smaller relative difference between a request and the recommended one is called enough."""


class Verdict(StrEnum):
    """What is set today, compared with what is needed; the worst first."""

    LITTLE = "too little"
    MUCH = "too much"
    UNSET = "not set"
    ENOUGH = "enough"
    UNKNOWN = "new"

    @property
    def icon(self) -> str:
        """A sign of its own shape: the verdict does not hang on colour."""
        return _ICONS[self]

    @property
    def order(self) -> int:
        """0 is the worst."""
        return list(Verdict).index(self)


_ICONS = {
    Verdict.LITTLE: "▲",
    Verdict.MUCH: "▼",
    Verdict.UNSET: "?",
    Verdict.ENOUGH: "✓",
    Verdict.UNKNOWN: "+",
}
RULES = (
    (
        Verdict.LITTLE,
        "OOM kills at the limit of today or a higher one; throttled in more than "
        f"{share_text(THROTTLED_SHARE)} of the CPU periods; the 95th percentile of use is above the"
        " request; request or limit is below what is defensible; or, where use was measured, the"
        f" recommended request is more than {share_text(MATTERS)} higher",
    ),
    (Verdict.UNSET, "there is no request"),
    (
        Verdict.MUCH,
        "the request is above what is defensible; or, where use was measured, it is more than "
        f"{share_text(MATTERS)} above the recommended one",
    ),
    (Verdict.ENOUGH, "none of these"),
    (Verdict.UNKNOWN, "nothing is known to be set today"),
)
"""For the page's own explanation."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its one reason."""

    verdict: Verdict
    why: str


def judge(view: ResourceView) -> Judgement:
    """Judge what is set today for one resource."""
    if view.now is None:
        return Judgement(Verdict.UNKNOWN, "nothing to compare with")
    for verdict, rule in (
        (Verdict.LITTLE, _harm),
        (Verdict.LITTLE, _below),
        (Verdict.UNSET, _unset),
        (Verdict.MUCH, _above),
    ):
        why = rule(view)
        if why:
            return Judgement(verdict, why)
    return Judgement(Verdict.ENOUGH, _fits(view))


def worst(judgements: tuple[Judgement, ...]) -> Judgement:
    """The one that needs somebody first."""
    return min(judgements, key=lambda judgement: judgement.verdict.order)


def _harm(view: ResourceView) -> str:
    """What went wrong already at today's limit."""
    limit = view.now.limit if view.now else None
    if limit is None:
        return ""
    if view.oom_kills and (view.oom_limit is None or limit <= view.oom_limit):
        return f"{plural(view.oom_kills, 'OOM kill')} at {view.resource.exact(limit)}"
    if view.throttled_share is not None and view.throttled_share > THROTTLED_SHARE:
        return f"throttled {share_text(view.throttled_share)} of the time"
    return ""


def _below(view: ResourceView) -> str:
    request, limit = (view.now.request, view.now.limit) if view.now else (None, None)
    exact = view.resource.exact
    if request is not None:
        if view.used is not None and view.used.p95 > request:
            return f"p95 {view.resource.rounded(view.used.p95)} is above the request"
        if request < view.request_range.low:
            return f"request below {exact(view.request_range.low)}"
        if view.measured and _more(view.new.request, request):
            return (
                f"p95 uses {share_text(view.used.p95 / request)} of it"
                if view.used and request
                else "request is 0"
            )
    lowest = view.limit_range.low if view.limit_range else 0
    if limit is not None and view.new.limit is not None and limit < min(lowest, view.new.limit):
        return f"limit below {exact(lowest)}"
    return ""


def _unset(view: ResourceView) -> str:
    return "no request" if view.now and view.now.request is None else ""


def _above(view: ResourceView) -> str:
    request = view.now.request if view.now else None
    new = view.new.request
    if request is None or new is None or request <= new:
        return ""
    if request <= view.request_range.high and not (view.measured and _more(request, new)):
        return ""
    if view.used is not None and view.used.maximum < request:
        return f"even its peak uses only {share_text(view.used.maximum / request)}"
    if view.used is not None:
        return f"p95 uses only {share_text(view.used.p95 / request)}"
    return f"request above {view.resource.exact(view.request_range.high)}"


def _fits(view: ResourceView) -> str:
    request, used = view.now.request if view.now else None, view.used
    if used is None or not request:
        return "within the estimate's bounds"
    if view.resource is Resource.CPU:
        return f"p95 uses {share_text(used.p95 / request)} of the request"
    return f"its peak uses {share_text(used.maximum / request)} of the request"


def _more(larger: int | None, smaller: int) -> bool:
    """Whether an amount is larger by what matters."""
    return larger is not None and larger > smaller * (1 + MATTERS)
