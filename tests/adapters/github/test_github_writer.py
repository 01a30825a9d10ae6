"""What is written to a repository."""

import pytest

from schemas.errors import GitHubError
from schemas.github import Annotation, Conclusion, FileAt
from tests.adapters.github.opened import Opened
from tests.github_server import FakeGitHub


def comment_id(github):
    return github.comments(1)[0].id


@pytest.mark.parametrize("reaction", ["hooray", "rocket", "confused", "-1", "+1", "eyes"])
def test_a_reaction_is_new_once(opened, github, reaction):
    writer = opened.writer()
    assert writer.react(comment_id(github), reaction) is True
    assert writer.react(comment_id(github), reaction) is False
    assert github.reactions(comment_id(github)) == [("github-actions[bot]", reaction)]


def test_each_account_reacts_for_itself(opened, github):
    assert opened.writer().react(comment_id(github), "hooray")
    assert opened.writer(github.personal_token("ann")).react(comment_id(github), "hooray")
    assert not opened.writer().react(comment_id(github), "hooray")


def test_a_reaction_that_is_answered_otherwise_is_an_error(opened, github):
    github.answer("/reactions", {"id": 1}, status=202)
    with pytest.raises(GitHubError, match="answered 202") as caught:
        opened.writer().react(comment_id(github), "hooray")
    assert caught.value.code == "github.invalid"


@pytest.mark.parametrize(
    "body", ["plain", "<!-- mark -->\n| a |\n|---|\n", "zwölf 😀\r\nlines", "x" * 65536]
)
def test_a_comment_is_written_as_it_is(opened, github, body):
    written = opened.writer().comment(1, body)
    assert github.comments(1)[-1].body == written.body == body
    assert (written.id, written.author) == (github.comments(1)[-1].id, "github-actions[bot]")


def test_a_comment_that_is_too_long_is_refused_with_githubs_reason(opened, github):
    with pytest.raises(GitHubError, match=r"422.*maximum is 65536 characters") as caught:
        opened.writer().comment(1, "x" * 65537)
    assert caught.value.code == "github.invalid"
    assert len(github.comments(1)) == 1


def test_a_comment_is_replaced_in_place(opened, github):
    writer = opened.writer()
    first = writer.comment(1, "one")
    second = writer.edit_comment(first.id, "two")
    assert (second.id, second.body) == (first.id, "two")
    assert second.updated_at > first.updated_at
    assert [comment.body for comment in github.comments(1)] == ["/ai-provision", "two"]


def test_a_comment_that_is_gone_is_not_found(opened):
    with pytest.raises(GitHubError) as caught:
        opened.writer().edit_comment(77, "two")
    assert caught.value.code == "github.not_found"


@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_a_check_run_is_completed_with_its_conclusion(opened, github, conclusion):
    sha = github.pull(1).head_sha
    page = opened.writer().check_run(sha, conclusion, "Sized", "All is well")
    (run,) = github.check_runs
    assert (run.name, run.head_sha, run.status) == ("ai-provision", sha, "completed")
    assert (run.conclusion, run.title, run.summary) == (conclusion, "Sized", "All is well")
    assert page == f"{github.url}/octo-org/shop/runs/{run.id}"


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_annotations_are_sent_fifty_at_a_time(opened, github, count, requests):
    remarks = [Annotation("a.yaml", n + 1, "warning", f"m{n}", "t") for n in range(count)]
    opened.writer().check_run(github.pull(1).head_sha, Conclusion.FAILURE, "T", "S", remarks)
    (run,) = github.check_runs
    assert [each["message"] for each in run.annotations] == [f"m{n}" for n in range(count)]
    assert [each["start_line"] for each in run.annotations] == list(range(1, count + 1))
    assert len(github.sent("check-runs")) == requests


def test_a_long_title_of_an_annotation_is_cut_and_an_empty_one_left_out(opened, github):
    remarks = [Annotation("a", 1, "notice", "m", "t" * 300), Annotation("a", 1, "failure", "m")]
    opened.writer().check_run(github.pull(1).head_sha, Conclusion.SUCCESS, "T", "S", remarks)
    first, second = github.check_runs[0].annotations
    assert (len(first["title"]), "title" in second) == (255, False)


def test_a_remark_that_github_would_not_take_does_not_cost_the_others(opened, github):
    remarks = [Annotation("a", 0, "notice", "😀" * 20_000), Annotation("b", 2, "notice", "m")]
    opened.writer().check_run(github.pull(1).head_sha, Conclusion.SUCCESS, "T", "S", remarks)
    first, second = github.check_runs[0].annotations
    assert (first["start_line"], second["start_line"]) == (1, 2)
    assert len(first["message"].encode()) <= 64_000


def test_the_conclusion_stands_before_further_annotations_are_sent(opened, github):
    github.fail("PATCH .*/check-runs", 422, times=None)
    remarks = [Annotation("a", 1, "notice", "m")] * 60
    with pytest.raises(GitHubError):
        opened.writer().check_run(github.pull(1).head_sha, Conclusion.FAILURE, "T", "S", remarks)
    assert github.check_runs[0].conclusion == "failure"


def test_a_users_token_cannot_report_a_check_run(opened, github):
    writer = opened.writer(github.personal_token("ann"))
    with pytest.raises(GitHubError, match="not accessible by personal access token") as caught:
        writer.check_run(github.pull(1).head_sha, Conclusion.SUCCESS, "T", "S")
    assert caught.value.code == "github.refused"


def test_a_branch_with_a_commit_becomes_a_pull_request(opened, github):
    head = github.pull(1).head_sha
    reader, writer = opened.reader(), opened.writer()
    writer.create_branch("ai-provision/1-api", head)
    file = reader.file("deploy/api.yaml", head)
    sha = writer.put_file("ai-provision/1-api", file, b"replicas: 3\n", "Size api")
    number, page = writer.open_pull_request("ai-provision/1-api", "feature", "Size", "Body")
    assert github.read("ai-provision/1-api", "deploy/api.yaml") == b"replicas: 3\n"
    assert github.read("feature", "deploy/api.yaml") == b"replicas: 2\n"
    assert github.branches["ai-provision/1-api"] == sha
    assert page == f"{github.url}/octo-org/shop/pull/{number}"
    pull = github.pull(number)
    assert (pull.head_sha, pull.base_ref, pull.title, pull.body) == (sha, "feature", "Size", "Body")


def test_a_new_file_has_no_blob_yet(opened, github):
    opened.writer().put_file("feature", FileAt("sizes/new.yaml", b"", ""), b"a: 1\n", "Add")
    assert github.read("feature", "sizes/new.yaml") == b"a: 1\n"


def test_a_file_that_came_to_be_meanwhile_is_a_conflict(opened, github):
    file = FileAt("deploy/api.yaml", b"", "")
    with pytest.raises(GitHubError) as caught:
        opened.writer().put_file("feature", file, b"a: 1\n", "Add")
    assert caught.value.code == "github.conflict"


def test_a_file_that_changed_meanwhile_is_a_conflict_and_stays(opened, github):
    file = opened.reader().file("deploy/api.yaml", "feature")
    github.push("feature", {"deploy/api.yaml": "replicas: 7\n"})
    with pytest.raises(GitHubError, match="does not match") as caught:
        opened.writer().put_file("feature", file, b"replicas: 3\n", "Size")
    assert caught.value.code == "github.conflict"
    assert github.read("feature", "deploy/api.yaml") == b"replicas: 7\n"


def test_a_protected_branch_takes_no_commit(opened, github):
    github.protected.add("main")
    file = opened.reader().file("deploy/api.yaml", "main")
    with pytest.raises(GitHubError, match="through a pull request"):
        opened.writer().put_file("main", file, b"replicas: 3\n", "Size")


def test_workflows_cannot_be_written(opened):
    file = FileAt(".github/workflows/x.yml", b"", "")
    with pytest.raises(GitHubError) as caught:
        opened.writer().put_file("feature", file, b"on: push\n", "Add")
    assert caught.value.code == "github.refused"


def test_a_branch_that_exists_is_a_conflict(opened, github):
    before = dict(github.branches)
    with pytest.raises(GitHubError, match="Reference already exists") as caught:
        opened.writer().create_branch("feature", github.branches["main"])
    assert caught.value.code == "github.conflict"
    assert github.branches == before


def test_a_branch_needs_a_commit_that_exists(opened):
    with pytest.raises(GitHubError, match="Object does not exist") as caught:
        opened.writer().create_branch("new", "0" * 40)
    assert caught.value.code == "github.invalid"


def test_a_branch_is_removed_and_may_be_gone_already(opened, github):
    writer = opened.writer()
    writer.create_branch("sized/1", github.branches["main"])
    writer.delete_branch("sized/1")
    assert "sized/1" not in github.branches
    writer.delete_branch("sized/1")


def test_a_branch_that_may_not_be_removed_is_an_error(opened, github):
    github.protected.add("feature")
    with pytest.raises(GitHubError, match="Cannot delete"):
        opened.writer().delete_branch("feature")
    assert "feature" in github.branches


def test_a_second_pull_request_from_a_branch_is_a_conflict(opened, github):
    with pytest.raises(GitHubError, match="already exists for octo-org:feature") as caught:
        opened.writer().open_pull_request("feature", "main", "T", "B")
    assert caught.value.code == "github.conflict"


def test_actions_that_may_not_open_pull_requests_are_told_where_to_allow_it(opened, github):
    github.actions_may_open_pulls = False
    opened.writer().create_branch("new", github.push("feature", {"a": "b"}))
    with pytest.raises(GitHubError, match="not permitted to create") as caught:
        opened.writer().open_pull_request("new", "main", "T", "B")
    assert caught.value.code == "github.refused"
    assert "Workflow permissions" in caught.value.hint


WRITES = {
    "react": ("issues", lambda w, g: w.react(g.comments(1)[0].id, "+1")),
    "comment": ("issues", lambda w, g: w.comment(1, "x")),
    "edit": ("issues", lambda w, g: w.edit_comment(g.comments(1)[0].id, "x")),
    "check": (
        "checks",
        lambda w, g: w.check_run(g.pull(1).head_sha, Conclusion.SUCCESS, "T", "S"),
    ),
    "branch": ("contents", lambda w, g: w.create_branch("new", g.branches["main"])),
    "delete": ("contents", lambda w, g: w.delete_branch("feature")),
    "file": ("contents", lambda w, g: w.put_file("main", FileAt("n", b"", ""), b"x", "m")),
    "pull": ("pull_requests", lambda w, g: w.open_pull_request("feature", "main", "T", "B")),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_token_that_may_only_read_changes_nothing(opened, github, name):
    needed, write = WRITES[name]
    before = (dict(github.branches), len(github.all_comments), len(github.pulls))
    token = github.token({"contents": "read", "issues": "read", "pull_requests": "read"})
    with pytest.raises(GitHubError, match="not accessible by integration") as caught:
        write(opened.writer(token), github)
    assert caught.value.code == "github.refused"
    assert f"{needed}=write" in caught.value.hint
    assert before == (dict(github.branches), len(github.all_comments), len(github.pulls))
    assert not github.all_reactions
    assert not github.check_runs


@pytest.mark.parametrize("name", WRITES)
def test_a_repository_that_vanished_is_not_found(opened, github, name):
    writer = opened.writer()
    github.remove_repository()
    if name == "delete":  # what is gone needs not be removed
        WRITES[name][1](writer, github)
        return
    with pytest.raises(GitHubError) as caught:
        WRITES[name][1](writer, github)
    assert caught.value.code == "github.not_found"


def test_a_writer_reads_nothing_but_what_it_wrote(opened, github):
    methods = {name for name in dir(opened.writer()) if not name.startswith("_")}
    changes = {"create_branch", "delete_branch", "put_file", "open_pull_request"}
    assert methods == changes | {"react", "comment", "edit_comment", "check_run"}


def test_writing_works_on_github_enterprise_server():
    with FakeGitHub(prefix="/api/v3") as github:
        github.add_pull(author="ann")
        assert Opened(github).writer().comment(1, "hello").body == "hello"
