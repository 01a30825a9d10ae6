"""What is published, in which order, and what is left when something fails half-way."""

from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from ci.chatops.answer import read_answer
from ci.chatops.case import Desk
from ci.chatops.publish import publish, publish_failure
from ci.chatops.result import narrowed
from ci.chatops.upsert import Upserted
from ci.handoff.comment.about import Comment
from schemas.chatops import Command, Job, Verb
from schemas.errors import GitHubError, OutputError, OutsideError, UsageError
from schemas.github import FileAt
from schemas.recommendation import FailedComponent, Finding, Severity
from tests.ci.chatops.payloads import COMMENT_ID, WHEN
from tests.ci.chatops.world import BOT, HEAD, LATER, REPOSITORY, WRITES, FakeRepository, blob
from tests.ci.handoff.conftest import make_patched, make_recommendation

URL = f"https://github.com/{REPOSITORY}"
MANIFEST = b"replicas: 1\n"
SIZED = b"replicas: 3\n"


@dataclass(frozen=True)
class FakeEdit:
    path: str
    before: FileAt
    after: bytes


@dataclass(frozen=True)
class FakeEdits:
    changed: tuple[FakeEdit, ...] = ()
    created: tuple[FakeEdit, ...] = ()
    by_hand: tuple[str, ...] = ()


def fake_render(recommendation, about):
    """The numbers in one line, and all that the comment is told."""
    names = [item.name for item in recommendation.components]
    told = [
        about.verb.value,
        *(f"only {about.component}" for _ in range(about.component is not None)),
        *(f"outdated: {about.stale_head}" for _ in range(about.stale_head is not None)),
        *(f"applied: {about.applied_url}" for _ in range(about.applied_url is not None)),
        "can apply" if about.can_apply else "cannot apply",
    ]
    text = f"#### {', '.join(names)}: {'; '.join(told)}"
    return Comment(text=f"{text}\n", full_text=f"{text}\n")


def fake_edits(recommendation, read):
    """One file per component, as it is at the commit."""
    found = [(f"k8s/{item.name}.yaml", read(f"k8s/{item.name}.yaml")) for item in
             recommendation.components]  # fmt: skip
    return FakeEdits(
        tuple(FakeEdit(path, file, SIZED) for path, file in found if file is not None),
        by_hand=tuple(f"{path} is not there" for path, file in found if file is None),
    )


@pytest.fixture
def world():
    world = FakeRepository()
    world.files = {"k8s/api.yaml": MANIFEST, "k8s/web.yaml": MANIFEST}
    return world


@pytest.fixture
def result():
    return make_recommendation(make_patched("api"), make_patched("web"))


def desk(world, edit=fake_edits, render=fake_render):
    return Desk(world, world, render, edit)


def job(verb=Verb.SIZE, *, component=None, comment_id=COMMENT_ID, at=WHEN, git_repo=URL, **changes):
    fields = {
        "repository": REPOSITORY,
        "repository_id": 4242,
        "pull_request": 7,
        "comment_id": comment_id,
        "actor": "wren",
        "head_sha": HEAD,
        "head_ref": "inventory",
        "head_repository": REPOSITORY,
        "base_ref": "main",
        "command": Command(
            verb=verb, git_repo=git_repo, app_description="x", component=component, sha=None
        ),
        "asked_at": at,
    }
    return Job(**fields | changes)


def names(world):
    return [name for name, *_ in world.writes]


def blocking(component):
    return Finding(
        id="T04", severity=Severity.BLOCK, passed=False, message="x", component=component
    )


WARNINGS = (blocking("api").model_copy(update={"severity": Severity.WARN}),) * 2


def test_a_sizing_is_a_comment_a_check_run_and_last_a_reaction(world, result):
    published = publish(job(), result, desk(world))
    assert names(world) == ["comment", "check_run", "react"]
    assert world.own[0].body.startswith("<!-- ai-provision:v1 app=github.com/octo-org/shop sha=")
    assert "#### api, web: size; can apply" in world.own[0].body
    assert "other:v1" not in world.own[0].body
    (check,) = world.checks
    assert (check.sha, check.conclusion, check.title) == (HEAD, "success", "2 components sized")
    assert "#### api, web" in check.summary
    assert "<!--" not in check.summary
    assert world.writes[-1] == ("react", COMMENT_ID, "rocket")
    assert (published.became, published.stale) == (Upserted.CREATED, False)


@pytest.mark.parametrize(
    ("changes", "conclusion", "title"),
    [
        ({"findings": (blocking("api"),)}, "failure", "2 components sized, 1 blocking finding"),
        (
            {"failed": (FailedComponent(name="db", stage="pipa", failure="x"),)},
            "failure",
            "2 components sized, 1 without numbers",
        ),
        (
            {"findings": WARNINGS},
            "success",
            "2 components sized, 2 warnings",
        ),
    ],
    ids=["blocked", "component-failed", "warnings"],
)  # fmt: skip
def test_the_check_run_fails_where_the_command_line_would_exit_with_one(
    world, result, changes, conclusion, title
):
    publish(job(), result.model_copy(update=changes), desk(world))
    assert (world.checks[0].conclusion, world.checks[0].title) == (conclusion, title)


def test_showing_one_component_does_not_pass_a_check_that_another_blocks(world, result):
    blocked = result.model_copy(update={"findings": (blocking("web"),)})
    publish(job(component="api"), blocked, desk(world))
    assert world.checks[0].conclusion == "failure"


def test_the_same_job_again_changes_nothing_that_is_seen(world, result):
    publish(job(), result, desk(world))
    before = world.own
    assert publish(job(), result, desk(world)).became is Upserted.SAME
    assert world.own == before


def test_a_push_since_the_gate_is_said_and_makes_the_check_neutral(world, result):
    world.push()
    assert publish(job(), result, desk(world)).stale is True
    assert f"outdated: {LATER}" in world.own[0].body
    assert (world.checks[0].sha, world.checks[0].conclusion) == (HEAD, "neutral")


def test_of_two_jobs_that_end_in_the_wrong_order_the_later_command_stays(world, result):
    later = job(comment_id=COMMENT_ID + 1, at="2026-11-21T10:31:00Z", component="web")
    publish(later, result, desk(world))
    published = publish(job(), result, desk(world))
    assert published.became is Upserted.OLDER
    assert "only web" in world.own[0].body
    assert len(world.checks) == 1
    assert world.writes[-1] == ("react", COMMENT_ID, "+1")


def test_help_that_was_asked_while_it_ran_does_not_keep_the_numbers_away(world, result):
    publish(job(), result, desk(world))
    own = world.own[0]
    later = own.body.replace(
        " -->\n",
        " -->\n<!-- ai-provision:notice at=2026-11-21T11:00:00Z comment=9999999 -->\nHELP\n"
        "<!-- ai-provision:end -->\n",
        1,
    )
    world.all_comments[0] = replace(own, body=later)
    second = job(comment_id=COMMENT_ID + 1, component="web")
    assert publish(second, result, desk(world)).became is Upserted.UPDATED
    assert "HELP" in world.own[0].body
    assert "only web" in world.own[0].body


def test_an_explanation_has_a_comment_of_its_own_and_no_check_run(world, result):
    publish(job(), result, desk(world))
    world.writes.clear()
    explain = job(Verb.EXPLAIN, component="API", comment_id=COMMENT_ID + 1)
    publish(explain, result, desk(world))
    publish(explain, result, desk(world))
    assert names(world) == ["comment", "react", "react"]
    assert ["explain; only api" in own.body for own in world.own] == [False, True]


def test_a_component_that_there_is_not_is_an_error_before_anything_is_written(world, result):
    with pytest.raises(UsageError, match="no component 'db'") as caught:
        publish(job(component="db"), result, desk(world))
    assert caught.value.hint == "It has: api, web."
    assert world.writes == []


def test_a_component_without_numbers_can_be_asked_for(result):
    failed = FailedComponent(name="db", stage="pipa", failure="x")
    only = narrowed(result.model_copy(update={"failed": (failed,)}), "DB")
    assert (only.components, only.failed) == ((), (failed,))


def test_when_the_rendering_fails_nothing_is_written(world, result):
    def render(recommendation, about):
        raise UsageError("cannot be shown")

    with pytest.raises(UsageError):
        publish(job(), result, desk(world, render=render))
    assert world.writes == []


def test_an_answer_that_is_too_long_is_never_half_of_an_apply(world, result):
    def render(recommendation, about):
        return replace(fake_render(recommendation, about), text="x" * 66_000)

    with pytest.raises(OutputError):
        publish(job(Verb.APPLY), result, desk(world, render=render))
    assert world.writes == []


def test_the_longest_sizing_has_room_for_all_that_is_to_be_done_by_hand(world, result):
    def render(recommendation, about):
        return replace(fake_render(recommendation, about), text="x" * 60_000)

    def edit(recommendation, read):
        edits = fake_edits(recommendation, read)
        return replace(edits, by_hand=tuple(f"{n}{'y' * 700}" for n in range(30)))

    applied(world, result, render=render, edit=edit)
    assert 61_000 < len(world.own[0].body) <= 65_536
    assert "\n…\n```" in world.own[0].body
    assert "29yyy" in world.facts[8].body


def test_a_misspelt_component_is_said_and_fails_no_check(world, result):
    with pytest.raises(UsageError) as caught:
        publish(job(component="db"), result, desk(world))
    publish_failure(job(component="db"), caught.value, desk(world))
    assert "no component 'db'" in world.own[0].body
    assert names(world) == ["comment", "react"]


@pytest.mark.parametrize("verb", [Verb.EXPLAIN, Verb.APPLY])
def test_only_a_sizing_that_failed_fails_the_check(world, verb):
    publish_failure(job(verb, component="api"), OutsideError("x"), desk(world))
    assert names(world) == ["comment", "react"]


def test_a_command_that_was_removed_meanwhile_is_answered_all_the_same(world, result):
    world.fail("react", "github.not_found")
    assert publish(job(), result, desk(world)).became is Upserted.CREATED
    world.fail("react", "github.refused")
    with pytest.raises(GitHubError):
        publish(job(), result, desk(world))


# Failures of GitHub: at each call, nothing is half-published


@pytest.mark.parametrize("method", ["pull_request", "comments", "comment"])
def test_a_failure_up_to_the_comment_leaves_nothing(world, result, method):
    world.fail(method)
    with pytest.raises(GitHubError):
        publish(job(), result, desk(world))
    assert world.writes == []
    assert world.own == []


def test_without_its_check_run_the_comment_says_so_and_the_next_attempt_mends_it(world, result):
    world.fail("check_run", "github.refused", "the token may not write check runs")
    with pytest.raises(GitHubError, match="may not write check runs"):
        publish(job(), result, desk(world))
    assert names(world) == ["comment", "edit_comment"]
    assert "The check run is missing" in world.own[0].body
    assert "#### api, web" in world.own[0].body
    world.faults.clear()
    publish(job(), result, desk(world))
    assert "The check run is missing" not in world.own[0].body
    assert names(world)[2:] == ["edit_comment", "check_run", "react"]


def test_a_vanished_repository_is_an_error_and_nothing_is_written(world, result):
    world.gone()
    with pytest.raises(GitHubError) as caught:
        publish(job(Verb.APPLY), result, desk(world))
    assert caught.value.code == "github.not_found"
    assert world.writes == []


def test_a_failed_analysis_is_said_above_the_numbers_of_before(world, result):
    publish(job(), result, desk(world))
    error = OutsideError("the repository is too large", hint="Set AI_PROVISION_GIT_MAX_BYTES.")
    second = job(comment_id=COMMENT_ID + 1)
    publish_failure(second, error, desk(world))
    (own,) = world.own
    assert own.body.index("the repository is too large") < own.body.index("#### api, web")
    assert read_answer(own.body).marker.asked.comment_id == COMMENT_ID
    assert [check.conclusion for check in world.checks] == ["success", "failure"]
    assert world.writes[-1] == ("react", COMMENT_ID + 1, "confused")


def test_a_failed_analysis_without_numbers_of_before_is_a_comment_too(world):
    publish_failure(job(), OutsideError("@all ![x](https://evil.example/x)"), desk(world))
    lines = world.own[0].body.split("\n")
    assert lines[lines.index("```text") + 1] == "@all ![x](https://evil.example/x)"


def test_a_failed_analysis_of_a_commit_that_is_gone_fails_no_check(world):
    world.push()
    publish_failure(job(), OutsideError("x"), desk(world))
    assert world.checks[0].conclusion == "neutral"


# apply


def applied(world, result, asked=None, **more):
    return publish(asked or job(Verb.APPLY, comment_id=COMMENT_ID + 1), result, desk(world, **more))


BRANCH = f"ai-provision/7-{HEAD[:7]}-{COMMENT_ID + 1}"


def test_apply_opens_a_pull_request_against_the_branch_of_the_pull_request(world, result):
    publish(job(), result, desk(world))
    world.writes.clear()
    published = applied(world, result)
    assert world.writes == [
        ("create_branch", BRANCH),
        ("put_file", BRANCH, "k8s/api.yaml"),
        ("put_file", BRANCH, "k8s/web.yaml"),
        ("open_pull_request", BRANCH, "inventory"),
        ("edit_comment", world.own[0].id),
        ("check_run", HEAD, "success"),
        ("react", COMMENT_ID + 1, "rocket"),
    ]
    assert world.branches[BRANCH] == HEAD
    assert world.files == {"k8s/api.yaml": SIZED, "k8s/web.yaml": SIZED}
    assert f"applied: {URL}/pull/8" in world.own[0].body
    assert read_answer(world.own[0].body).notice is None
    assert published.applied.number == 8
    assert "They are the numbers that the comment showed." in world.facts[8].body


def test_apply_says_when_the_numbers_are_others_than_those_that_were_shown(world, result):
    publish(job(), result, desk(world))
    api, web = result.components
    other = result.model_copy(update={"components": (api.model_copy(update={"replicas": 9}), web)})
    applied(world, other)
    assert "differ from those" in world.facts[8].body


def test_apply_of_one_component_writes_that_one(world, result):
    applied(world, result, job(Verb.APPLY, component="web"))
    assert [what for name, *what in world.writes if name == "put_file"] == [
        [f"ai-provision/7-{HEAD[:7]}-{COMMENT_ID}", "k8s/web.yaml"]
    ]


def test_what_is_to_be_done_by_hand_is_said_in_both_places(world, result):
    del world.files["k8s/web.yaml"]
    applied(world, result)
    assert "k8s/web.yaml is not there" in world.facts[8].body
    assert "k8s/web.yaml is not there" in world.own[0].body


def test_a_component_without_a_manifest_gets_a_new_file(world, result):
    new = FakeEdit("k8s/db.yaml", FileAt("k8s/db.yaml", b"", ""), SIZED)
    applied(world, result, edit=lambda _result, _read: FakeEdits(created=(new,)))
    assert world.files["k8s/db.yaml"] == SIZED
    assert "- `k8s/db.yaml` (new)" in world.facts[8].body


def test_a_new_file_is_not_written_over_one_that_came_meanwhile(world, result):
    new = FakeEdit("k8s/web.yaml", FileAt("k8s/web.yaml", b"", ""), SIZED)
    refused(world, result, "k8s/web.yaml has changed",
            edit=lambda _result, _read: FakeEdits(created=(new,)))  # fmt: skip
    assert world.files["k8s/web.yaml"] == MANIFEST


def test_names_of_files_mention_nobody_in_the_description(world, result):
    path = "k8s/`@all` #1 ![x](https://evil.example).yaml"
    world.files = {path: MANIFEST}
    edit = FakeEdit(path, FileAt(path, MANIFEST, blob(MANIFEST)), SIZED)
    applied(world, result, edit=lambda _result, _read: FakeEdits((edit,)))
    assert "- `k8s/'@all' #1 ![x](https://evil.example).yaml`" in world.facts[8].body


def test_the_same_numbers_are_not_applied_twice_while_the_first_is_open(world, result):
    applied(world, result)
    world.writes.clear()
    again = applied(world, result, job(Verb.APPLY, comment_id=COMMENT_ID + 2))
    assert "create_branch" not in names(world)
    assert "pull request #8 carries these numbers already" in again.error.message
    world.facts[8] = replace(world.facts[8], state="closed")
    assert applied(world, result, job(Verb.APPLY, comment_id=COMMENT_ID + 3)).applied.number == 9


def test_other_numbers_for_the_same_commit_are_applied_beside_the_first(world, result):
    applied(world, result)
    api, web = result.components
    world.files = {"k8s/api.yaml": MANIFEST, "k8s/web.yaml": MANIFEST}
    other = result.model_copy(update={"components": (api.model_copy(update={"replicas": 9}), web)})
    again = applied(world, other, job(Verb.APPLY, comment_id=COMMENT_ID + 2))
    assert again.applied.number == 9
    assert read_answer(world.own[0].body).marker.applied == 9


def test_the_same_numbers_for_another_commit_are_applied(world, result):
    applied(world, result)
    own = world.own[0]
    world.all_comments[0] = replace(own, body=own.body.replace(HEAD, LATER))
    world.files = {"k8s/api.yaml": MANIFEST, "k8s/web.yaml": MANIFEST}
    assert applied(world, result, job(Verb.APPLY, comment_id=COMMENT_ID + 2)).applied.number == 9


def test_a_sizing_in_between_does_not_forget_what_was_applied(world, result):
    applied(world, result)
    publish(job(comment_id=COMMENT_ID + 2), result, desk(world))
    assert read_answer(world.own[0].body).marker.applied == 8
    api, web = result.components
    other = result.model_copy(update={"components": (api.model_copy(update={"replicas": 9}), web)})
    publish(job(comment_id=COMMENT_ID + 3), other, desk(world))
    assert read_answer(world.own[0].body).marker.applied is None


def test_the_same_numbers_at_a_new_commit_are_not_applied_yet(world, result):
    applied(world, result)
    world.push()
    publish(job(comment_id=COMMENT_ID + 2, head_sha=LATER), result, desk(world))
    assert read_answer(world.own[0].body).marker.applied is None


def refused(world, result, says, asked=None, **more):
    """Nothing but the comment, its check run and a reaction is written; the comment says why."""
    published = applied(world, result, asked, **more)
    assert published.applied is None
    assert says in published.error.message
    assert says in world.own[0].body
    assert "Nothing was applied" in world.own[0].body
    assert "#### api, web" in world.own[0].body
    assert world.writes[-1][2] == "confused"
    assert not [branch for branch in world.branches if branch.startswith("ai-provision/")]
    return published


def test_apply_writes_nothing_after_a_push(world, result):
    world.push()
    refused(world, result, "not open at a1b2c3d any more")
    assert not {"create_branch", "put_file", "open_pull_request"} & set(names(world))


def test_apply_writes_nothing_after_the_pull_request_was_closed(world, result):
    world.facts[7] = replace(world.facts[7], state="closed")
    refused(world, result, "not open at a1b2c3d any more")


def test_apply_writes_nothing_that_blocks(world, result):
    blocked = result.model_copy(update={"findings": (blocking("api"),)})
    refused(world, blocked, "blocked by 1 finding: T04")


def test_apply_writes_nothing_where_nothing_differs(world, result):
    refused(world, result, "no file of the repository would change",
            edit=lambda _result, _read: FakeEdits())  # fmt: skip


def test_apply_never_writes_to_a_fork_even_with_a_job_that_says_so(world, result):
    asked = job(Verb.APPLY, fork=True, head_repository="ann/shop")
    refused(world, result, "comes from a fork", asked)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", ".github/workflows/x.yml", ".git/config", "a/../../b", ""]
)
def test_apply_writes_no_file_outside_and_none_that_github_runs(world, result, path):
    edit = FakeEdit(path, FileAt(path, b"", ""), SIZED)
    refused(world, result, "is no file that may be changed",
            edit=lambda _result, _read: FakeEdits((edit,)))  # fmt: skip


def test_apply_does_not_become_a_refactoring(world, result):
    edits = tuple(
        FakeEdit(f"k8s/{n}.yaml", FileAt(f"k8s/{n}.yaml", b"", ""), SIZED) for n in range(51)
    )
    refused(world, result, "51 files would change", edit=lambda _result, _read: FakeEdits(edits))


@pytest.mark.parametrize("method", ["create_branch", "put_file", "open_pull_request"])
def test_when_apply_fails_half_way_no_branch_is_left(world, result, method):
    world.fail(method, "github.refused", "Actions may not create pull requests")
    refused(world, result, "Actions may not create pull requests")


def test_a_file_that_changed_meanwhile_is_a_conflict_and_nothing_is_left(world, result):
    def edit(recommendation, read):
        edits = fake_edits(recommendation, read)
        world.files["k8s/web.yaml"] = b"replicas: 2\n"
        return edits

    published = refused(world, result, "k8s/web.yaml has changed", edit=edit)
    assert published.error.code == "github.conflict"


def test_a_branch_that_cannot_be_removed_is_named(world, result):
    world.fail("open_pull_request")
    world.fail("delete_branch")
    published = applied(world, result)
    assert published.error.hint == f"The branch {BRANCH} could not be removed; remove it by hand."
    assert BRANCH in world.own[0].body


def test_a_branch_of_an_earlier_attempt_is_not_touched(world, result):
    world.branches[BRANCH] = LATER
    published = applied(world, result)
    assert "is there already" in published.error.message
    assert world.branches[BRANCH] == LATER
    assert "delete_branch" not in names(world)


def test_an_interrupted_apply_removes_its_branch(world, result):
    world.faults["put_file"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        applied(world, result)
    assert BRANCH not in world.branches


def test_when_the_comment_fails_after_apply_the_error_names_the_pull_request(world, result):
    world.fail("comment")
    with pytest.raises(GitHubError, match=f"{URL}/pull/8 was opened, but the comment"):
        applied(world, result)


@pytest.mark.parametrize("method", sorted({*WRITES, "pull_request", "comments", "file"}))
def test_whichever_call_fails_the_reaction_of_success_is_never_given(world, result, method):
    publish(job(), result, desk(world))
    world.reactions.clear()
    world.fail(method)
    with suppress(GitHubError):
        applied(world, result)
    rocket = (COMMENT_ID + 1, "rocket") in world.reactions
    assert rocket == (method in {"comment", "delete_branch"}), "neither is called then"
    assert all(own.author == BOT for own in world.own)
