"""The comment of the single step: in the one place, never over a later answer, never on a fork."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.actions import ActionsRun
from ci.action.comment import Subject, rendered, say
from ci.action.event import PullFacts
from ci.chatops.answer import Answer, Asked, Marker, read_answer
from schemas.context import RepositoryFacts
from schemas.errors import GitHubError
from tests.ci.chatops.world import HEAD, FakeRepository
from tests.ci.handoff.conftest import make_patched, make_recommendation

APP = "github.com/octo-org/shop"
PULL = PullFacts(7, HEAD, fork=False)
RUN = ActionsRun(repository="octo-org/shop", run_id=77)


def result(minute=0, **component):
    made = make_recommendation(
        make_patched("api", **component),
        repository=RepositoryFacts(url=f"https://{APP}", files=4, commit=HEAD),
    )
    at = datetime(2026, 11, 21, 10, minute, tzinfo=UTC)
    return made.model_copy(update={"run": made.run.model_copy(update={"started_at": at})})


def said(github, recommendation, pull=PULL):
    subject = Subject(APP, pull)
    comment = rendered(recommendation, subject, RUN)
    return say(recommendation, comment, subject, (github, github))


@pytest.fixture
def github():
    return FakeRepository()


def test_the_comment_is_written_and_then_changed_in_place(github):
    first = said(github, result())
    second = said(github, result(5, replicas=5))
    (own,) = github.own
    assert first.url == second.url == own.html_url
    marker = read_answer(own.body).marker
    assert (marker.app, marker.sha, marker.asked.at) == (APP, HEAD, "2026-11-21T10:05:00Z")


def test_the_same_again_writes_nothing(github):
    said(github, result())
    before = len(github.writes)
    assert said(github, result()).url
    assert len(github.writes) == before


def test_a_command_that_was_written_later_keeps_its_answer(github):
    later = Answer(Marker(APP, HEAD, Asked("2026-11-21T11:00:00Z", 9)), "The later answer.").body()
    github.comment(7, later)
    outcome = said(github, result())
    assert outcome.why_not == "a later command has been answered there"
    assert [item.body for item in github.own] == [later]


def test_somebody_elses_comment_with_our_marker_is_not_ours(github):
    forged = Answer(Marker(APP, HEAD), "I am not the bot.").body()
    github.say("mallory", forged)
    assert said(github, result()).url
    assert [item.body for item in github.all_comments if item.author == "mallory"] == [forged]
    assert len(github.own) == 1


@pytest.mark.parametrize(
    ("pull", "why"),
    [
        (None, "the workflow does not run for a pull request"),
        (replace(PULL, fork=True), "the pull request comes from a fork"),
        (replace(PULL, head_sha="9" * 40), "the pull request is at a1b2c3d by now"),
    ],
    ids=["no-pull-request", "fork", "moved"],
)
def test_when_there_is_nothing_to_comment_on_it_is_said_why(github, pull, why):
    assert said(github, result(), pull).why_not == why
    assert github.writes == []


def test_a_refusal_of_github_leaves_the_comment_as_it_was(github):
    said(github, result())
    (before,) = github.own
    github.fail("edit_comment", "github.refused")
    with pytest.raises(GitHubError):
        said(github, result(5, replicas=5))
    assert github.own == [before]


def test_a_pull_request_of_these_numbers_is_remembered_while_they_stay(github):
    said(github, result())
    (own,) = github.own
    known = read_answer(own.body)
    github.edit_comment(own.id, replace(known, marker=replace(known.marker, applied=8)).body())
    said(github, result(5))
    assert read_answer(github.own[0].body).marker.applied == 8
    said(github, result(6, replicas=5))
    assert read_answer(github.own[0].body).marker.applied is None


def test_no_command_is_advertised_that_would_be_refused(github):
    said(github, result())
    assert "/ai-provision apply" not in github.own[0].body
