"""A change whose answer is lost is made once, or told to be unsure; never twice."""

import pytest

from schemas.errors import GitHubError
from schemas.github import Annotation, Conclusion, FileAt


def lose(github, pattern, how, performed):
    """The next answer is lost: by a fault of the server, or of the way to it."""
    if how == "502":
        github.fail(pattern, 502, performed=performed)
    elif how == "cut":
        github.cut(pattern, performed=performed)
    else:
        github.cut(pattern, after=10)


LOST = [("502", True), ("502", False), ("cut", True), ("cut", False), ("half", True)]
lost = pytest.mark.parametrize(("how", "performed"), LOST, ids=lambda value: str(value))


@lost
def test_a_comment_appears_once(opened, github, how, performed):
    github.add_comment(1, "ann", "the answer")
    lose(github, "POST .*/comments", how, performed)
    written = opened.writer().comment(1, "the answer\r\n")
    mine = [comment for comment in github.comments(1) if comment.author != "ann"]
    assert [comment.id for comment in mine] == [written.id]
    assert written.author == "github-actions[bot]"


def test_an_older_comment_of_the_same_text_is_not_taken_for_the_new_one(opened, github):
    writer = opened.writer()
    old = writer.comment(1, "help")
    for number in range(200):
        github.add_comment(1, "ann", f"chatter {number}")
    github.fail("POST .*/comments", 502)
    new = writer.comment(1, "help")
    assert new.id != old.id
    assert [comment.body for comment in github.comments(1)].count("help") == 2


@lost
def test_a_branch_is_made_once(opened, github, how, performed):
    lose(github, "POST .*/git/refs", how, performed)
    opened.writer().create_branch("sized/1", github.branches["main"])
    assert github.branches["sized/1"] == github.branches["main"]


def test_a_branch_that_somebody_else_has_elsewhere_is_still_a_conflict(opened, github):
    github.fail("POST .*/git/refs", 502)
    with pytest.raises(GitHubError) as caught:
        opened.writer().create_branch("feature", github.branches["main"])
    assert caught.value.code == "github.conflict"


@lost
def test_a_commit_is_made_once(opened, github, how, performed):
    file = opened.reader().file("deploy/api.yaml", "feature")
    before = github.branches["feature"]
    lose(github, "PUT .*/contents", how, performed)
    sha = opened.writer().put_file("feature", file, b"replicas: 3\n", "Size")
    assert github.branches["feature"] == sha
    assert github.git.commits[sha].parents == (before,)
    assert github.read("feature", "deploy/api.yaml") == b"replicas: 3\n"


@lost
def test_a_new_file_is_made_once(opened, github, how, performed):
    lose(github, "PUT .*/contents", how, performed)
    sha = opened.writer().put_file("feature", FileAt("new.yaml", b"", ""), b"a: 1\n", "Add")
    assert github.branches["feature"] == sha


def test_a_file_that_changed_while_the_answer_was_lost_is_a_conflict(opened, github):
    file = opened.reader().file("deploy/api.yaml", "feature")
    github.fail("PUT .*/contents", 502)
    github.before("GET .*/git/ref/", lambda: github.push("feature", {"deploy/api.yaml": "x"}))
    with pytest.raises(GitHubError) as caught:
        opened.writer().put_file("feature", file, b"replicas: 3\n", "Size")
    assert caught.value.code == "github.conflict"
    assert github.read("feature", "deploy/api.yaml") == b"x"


@lost
def test_a_pull_request_is_opened_once(opened, github, how, performed):
    opened.writer().create_branch("sized/1", github.push("feature", {"a": "b"}))
    lose(github, "POST .*/pulls", how, performed)
    number, page = opened.writer().open_pull_request("sized/1", "main", "T", "B")
    assert [pull.number for pull in github.pulls] == [1, number]
    assert page.endswith(f"/pull/{number}")


@lost
def test_annotations_are_added_once(opened, github, how, performed):
    remarks = [Annotation("a", n + 1, "notice", f"m{n}") for n in range(70)]
    lose(github, "PATCH .*/check-runs", how, performed)
    opened.writer().check_run(github.pull(1).head_sha, Conclusion.SUCCESS, "T", "S", remarks)
    assert [each["message"] for each in github.check_runs[0].annotations] == [
        f"m{n}" for n in range(70)
    ]


@lost
def test_a_check_run_that_was_reported_twice_says_the_same(opened, github, how, performed):
    lose(github, "POST .*/check-runs", how, performed)
    opened.writer().check_run(github.pull(1).head_sha, Conclusion.FAILURE, "T", "S")
    assert {run.conclusion for run in github.check_runs} == {"failure"}


@lost
def test_an_edit_is_simply_made_again(opened, github, how, performed):
    comment = opened.writer().comment(1, "one")
    lose(github, "PATCH .*/comments", how, performed)
    assert opened.writer().edit_comment(comment.id, "two").body == "two"
    assert [each.body for each in github.comments(1)] == ["/ai-provision", "two"]


@lost
def test_a_branch_is_simply_removed_again(opened, github, how, performed):
    opened.writer().create_branch("sized/1", github.branches["main"])
    lose(github, "DELETE .*/git/refs", how, performed)
    opened.writer().delete_branch("sized/1")
    assert "sized/1" not in github.branches


@lost
def test_a_reaction_whose_answer_is_lost_is_an_error_and_not_given_again(
    opened, github, how, performed
):
    lose(github, "POST .*/reactions", how, performed)
    with pytest.raises(GitHubError) as caught:
        opened.writer().react(github.comments(1)[0].id, "hooray")
    assert caught.value.code == "github.unreachable"
    assert "may have been carried out all the same" in caught.value.message
    assert len(github.sent("POST .*/reactions")) == 1


def test_a_change_whose_answer_is_lost_twice_is_an_error(opened, github):
    github.fail("POST .*/comments", 502, times=None)
    with pytest.raises(GitHubError) as caught:
        opened.writer().comment(1, "x")
    assert caught.value.code == "github.unreachable"
    assert len(github.sent("POST .*/comments")) == 2
