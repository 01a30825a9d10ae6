"""When the step fails, and what it hands on."""

from pathlib import Path

import pytest

from adapters.action_inputs import ActionInputs, FailOn
from adapters.actions import ActionsRun
from ci.action.checkout import source_of
from ci.action.event import PullFacts, pull_of
from ci.action.outcome import failed, outputs_of
from schemas.errors import SettingsError, UsageError
from schemas.recommendation import Cost, FailedComponent, Finding, Severity
from tests.ci.handoff.conftest import make_patched, make_recommendation


def result_with(kind):
    severity = {"blocked": Severity.BLOCK, "warned": Severity.WARN, "told": Severity.INFO}
    same = make_patched("api").model_copy(update={"changes": ()})
    if kind == "failed":
        item = FailedComponent(name="web", stage="dca", failure="x")
        return make_recommendation(same, failed=(item,))
    if kind == "differs":
        return make_recommendation(make_patched("api"))
    findings = ()
    if kind in severity:
        findings = (Finding(id="T01", severity=severity[kind], passed=False, message="x"),)
    return make_recommendation(same, findings=findings)


@pytest.mark.parametrize(
    ("kind", "fails_on"),
    [
        ("fine", set()),
        ("told", set()),
        ("warned", {FailOn.WARNING}),
        ("blocked", {FailOn.BLOCKING, FailOn.WARNING, FailOn.DIFFERENCE}),
        ("failed", {FailOn.BLOCKING, FailOn.WARNING, FailOn.DIFFERENCE}),
        ("differs", {FailOn.DIFFERENCE}),
    ],
)
def test_what_fails_on_what(kind, fails_on):
    result = result_with(kind)
    assert {choice for choice in FailOn if failed(result, choice)} == fails_on


def test_an_amount_that_is_unknown_is_empty_and_never_nought():
    known = outputs_of(make_recommendation(make_patched("api")), Path("/out"), "")
    assert (known["monthly-delta"], known["currency"], known["changed"]) == (
        "-12.00",
        "USD",
        "true",
    )
    unknown = make_recommendation(cost=Cost(unknown="no prices"))
    outputs = outputs_of(unknown, Path("/out"), "")
    assert (outputs["monthly-delta"], outputs["currency"]) == ("", "")


def side(name, sha="a" * 40):
    return {"sha": sha, "repo": None if name is None else {"full_name": name}}


@pytest.mark.parametrize(
    ("head", "fork"),
    [("octo-org/shop", False), ("ann/shop", True), (None, True)],
    ids=["own", "fork", "gone"],
)
def test_a_pull_request_of_an_event_is_a_fork_unless_it_is_certain_that_it_is_none(head, fork):
    event = {"pull_request": {"number": 3, "head": side(head), "base": side("octo-org/shop")}}
    assert pull_of(event) == PullFacts(3, "a" * 40, fork)


@pytest.mark.parametrize("event", [{}, {"pull_request": {}}, {"pull_request": {"number": "x"}}])
def test_other_events_have_no_pull_request(event):
    assert pull_of(event) is None


RUN = ActionsRun(repository="octo-org/shop")


@pytest.mark.parametrize(
    ("git_repo", "app", "local"),
    [
        (None, "github.com/octo-org/shop", True),
        ("https://github.com/Octo-Org/Shop.git", "github.com/octo-org/shop", True),
        ("https://github.com/octo-org/other", "github.com/octo-org/other", False),
    ],
    ids=["left-out", "own", "other"],
)
def test_the_checkout_is_read_for_ones_own_repository_and_another_is_fetched(git_repo, app, local):
    source = source_of(ActionInputs(git_repo=git_repo), RUN)
    assert (source.app, source.directory is not None) == (app, local)


def test_an_address_that_is_none_is_a_wrong_input():
    with pytest.raises(SettingsError, match="git-repo"):
        source_of(ActionInputs(git_repo="file:///etc"), RUN)
    with pytest.raises(UsageError, match="which repository"):
        source_of(ActionInputs(), ActionsRun())
