"""Check runs."""

from typing import Any

from tests.github_server.answers import Answer, error, invalid, not_found
from tests.github_server.routes.route import Call, Route, either
from tests.github_server.state import CheckRun

MAX_ANNOTATIONS = 50
"""In one request."""
MAX_TEXT = 65535
_CONCLUSIONS = frozenset(
    ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
)
_LEVELS = ("notice", "warning", "failure")


def create(call: Call) -> Answer:
    sha = call.field("head_sha", resource="CheckRun")
    name = call.field("name", resource="CheckRun")
    if sha not in call.github.git.commits:
        raise error(422, f"No commit found for SHA: {sha}")
    run = CheckRun(
        id=call.github.next_id(),
        head_sha=sha,
        name=name,
        status="queued",
        conclusion=None,
        title="",
        summary="",
        text=None,
        details_url=call.body.get("details_url"),
        external_id=call.body.get("external_id", ""),
        started_at=call.github.tick(),
        completed_at=None,
        app_login=call.login,
    )
    _apply(call, run)
    call.github.check_runs.append(run)
    return Answer(201, call.bodies.check_run(run))


def update(call: Call) -> Answer:
    for run in call.github.check_runs:
        if str(run.id) == call.names["run"]:
            _apply(call, run)
            return Answer(200, call.bodies.check_run(run))
    raise not_found()


def read(call: Call) -> Answer:
    for run in call.github.check_runs:
        if str(run.id) == call.names["run"]:
            return Answer(200, call.bodies.check_run(run))
    raise not_found()


def _apply(call: Call, run: CheckRun) -> None:
    """Take over what the body says; annotations are added to those of before."""
    body = call.body
    conclusion = body.get("conclusion")
    if conclusion is not None and conclusion not in _CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", f"{conclusion} is not a conclusion")
    if body.get("status") == "completed" and conclusion is None and run.conclusion is None:
        raise invalid("CheckRun", "conclusion", code="missing_field")
    output = body.get("output")
    annotations = _annotations(output) if output is not None else []
    if output is not None:
        for name in ("title", "summary"):
            if not output.get(name):
                raise invalid("CheckRun", name, code="missing_field")
        if len(output["summary"]) > MAX_TEXT or len(output.get("text") or "") > MAX_TEXT:
            raise invalid("CheckRun", "summary", f"exceeds a maximum of {MAX_TEXT} characters")
        run.title, run.summary, run.text = output["title"], output["summary"], output.get("text")
    run.annotations += annotations
    run.status = "completed" if conclusion is not None else body.get("status", run.status)
    if conclusion is not None:
        run.conclusion, run.completed_at = conclusion, call.github.tick()


def _annotations(output: dict[str, Any]) -> list[dict[str, Any]]:
    given = output.get("annotations", [])
    if len(given) > MAX_ANNOTATIONS:
        raise invalid("CheckRun", "annotations", f"exceeds a maximum quantity of {MAX_ANNOTATIONS}")
    for each in given:
        missing = {"path", "start_line", "end_line", "annotation_level", "message"} - each.keys()
        if missing or each["annotation_level"] not in _LEVELS or each["start_line"] < 1:
            raise invalid("CheckRun", "annotations", f"an annotation is invalid: {sorted(missing)}")
    return list(given)


ROUTES = (
    Route("POST", "REPO/check-runs", create, either("write", "checks")),
    Route("GET", r"REPO/check-runs/(?P<run>\d+)", read, either("read", "checks")),
    Route("PATCH", r"REPO/check-runs/(?P<run>\d+)", update, either("write", "checks")),
)
