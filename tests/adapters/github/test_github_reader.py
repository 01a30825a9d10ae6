"""What is read of a repository, and who may write to it."""

import base64

import pytest

from schemas.errors import GitHubError
from schemas.github import FileAt
from tests.adapters.github.opened import Opened
from tests.github_server import Executable, FakeGitHub, Submodule, Symlink

PERMISSION = r"GET /repos/octo-org/shop/collaborators/ann/permission"
MAY = {"admin": True, "maintain": True, "write": True, "triage": False, "read": False}


@pytest.mark.parametrize(("role", "expected"), [*MAY.items(), ("none", False)])
@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
@pytest.mark.parametrize("old", [False, True], ids=["today", "an-old-server"])
def test_only_those_who_may_push_may_write(opened, github, role, expected, public, old):
    github.public, github.old_permissions = public, old
    github.add_user("bob", role)
    assert opened.reader().may_write("bob") is expected


@pytest.mark.parametrize(("role", "expected"), [("write", True), ("triage", False)])
def test_a_custom_role_counts_by_what_it_allows_and_not_by_its_name(opened, github, role, expected):
    github.add_user("bob", role, role_name="admin" if role == "triage" else "security reviewer")
    assert opened.reader().may_write("bob") is expected


def test_a_login_is_the_same_in_any_case(opened):
    assert opened.reader().may_write("ANN")


def test_whoever_github_does_not_know_may_not_write(opened):
    assert not opened.reader().may_write("nobody-at-all")


def test_bots_and_organisations_may_not_write(opened, github):
    github.add_user("helper[bot]", "write", type="Bot")
    reader = opened.reader()
    assert not reader.may_write("helper[bot]")
    assert not reader.may_write("octo-org")


def test_a_change_of_role_is_seen_by_the_next_question(opened, github):
    reader = opened.reader()
    assert reader.may_write("ann")
    github.set_role("ann", "read")
    assert not reader.may_write("ann")


@pytest.mark.parametrize(
    "login",
    [
        "",
        "ann/../bob",
        "../../user",
        "ann?x=1",
        "ann#",
        "ann%2f",
        "ann\n",
        "-ann",
        "a" * 101,
        "änn",
    ],
)
def test_what_cannot_be_a_login_is_not_even_asked_about(opened, github, login):
    assert not opened.reader().may_write(login)
    assert not github.requests


def test_a_managed_users_login_may_have_an_underscore(opened, github):
    github.add_user("octocat_acme", "write")
    assert opened.reader().may_write("octocat_acme")


def user(**permissions):
    return {"login": "ann", "permissions": permissions} if permissions else {"login": "ann"}


@pytest.mark.parametrize(
    "answer",
    [
        {"permission": "write", "user": None},
        {"permission": "write"},
        {"permission": "write", "user": user(push=False)},
        {"permission": "read", "user": user(push=True)},
        {"permission": "write", "user": {"login": "bob", "permissions": {"push": True}}},
        {"permission": "none", "user": user()},
        {"permission": "WRITE", "user": user()},
    ],
    ids=["null", "no-user", "no-push", "at-odds", "somebody-else", "none", "unknown-word"],
)
def test_an_answer_that_does_not_say_so_clearly_is_a_no(opened, github, answer):
    github.answer(PERMISSION, answer)
    assert opened.reader().may_write("ann") is False


@pytest.mark.parametrize(
    "answer",
    [
        {"permission": "write", "user": user(push="true")},
        {"permission": "write", "user": user(push=1)},
        {"permission": "write", "user": user(pull=True)},
        {"permission": True, "user": user()},
        {"user": user(push=True)},
        ["write"],
        None,
        b"<html>sign in</html>",
    ],
    ids=["text", "number", "no-push", "not-a-word", "no-permission", "list", "null", "page"],
)
def test_an_answer_that_cannot_be_read_is_an_error(opened, github, answer):
    github.answer(PERMISSION, answer)
    with pytest.raises(GitHubError) as caught:
        opened.reader().may_write("ann")
    assert caught.value.code == "github.invalid"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_not_being_able_to_ask_is_no_answer(opened, github, status):
    github.fail(PERMISSION, status, times=None)
    with pytest.raises(GitHubError):
        opened.reader().may_write("ann")


def test_a_jobs_token_signs_as_github_actions(opened, github):
    reader = opened.reader()
    assert reader.login() == "github-actions[bot]" == reader.login()
    assert len(github.sent("GET /user")) == 1


def test_a_jobs_token_is_taken_for_one_where_the_graphql_api_tells_nothing(opened, github):
    github.answer("graphql", {"errors": [{"message": "no"}]})
    assert opened.reader().login() == "github-actions[bot]"


def test_a_users_token_signs_as_the_user(opened, github):
    assert opened.reader(github.personal_token("ann")).login() == "ann"


def test_a_wrong_token_has_no_login(opened):
    with pytest.raises(GitHubError, match="answered 401: Bad credentials") as caught:
        opened.reader("ghp_wrong").login()
    assert caught.value.code == "github.refused"


@pytest.mark.parametrize("pattern", ["GET /user", "graphql"])
def test_a_login_is_not_guessed_when_github_is_down(opened, github, pattern):
    github.fail(pattern, 503, times=None)
    with pytest.raises(GitHubError) as caught:
        opened.reader().login()
    assert caught.value.code == "github.unreachable"


def test_a_pull_request_is_told_as_it_is_now(opened, github):
    pull = github.pull(1)
    pull.draft, pull.body = True, None
    reader = opened.reader()
    facts = reader.pull_request(1)
    assert (facts.number, facts.title, facts.body, facts.state) == (1, "Add the API", "", "open")
    assert (facts.head_ref, facts.head_sha) == ("feature", pull.head_sha)
    assert (facts.base_ref, facts.base_sha) == ("main", github.branches["main"])
    assert facts.head_repository == facts.base_repository == "octo-org/shop"
    assert (facts.draft, facts.locked) == (True, False)
    new = github.force_push(1)
    github.lock_conversation(1)
    github.close(1)
    later = reader.pull_request(1)
    assert (later.head_sha, later.locked, later.state) == (new, True, "closed")


def test_a_fork_is_named_until_it_is_gone(opened, github):
    number = github.add_pull("From afar", author="bob", fork=True).number
    reader = opened.reader()
    assert reader.pull_request(number).head_repository == "bob/shop"
    github.delete_fork(number)
    assert reader.pull_request(number).head_repository is None


def test_a_pull_request_that_is_none_is_not_found(opened):
    with pytest.raises(GitHubError, match="GET /repos/octo-org/shop/pulls/77") as caught:
        opened.reader().pull_request(77)
    assert caught.value.code == "github.not_found"


@pytest.mark.parametrize("count", [0, 99, 100, 101, 250])
def test_all_comments_are_read_in_their_order(opened, github, count):
    github.all_comments.clear()
    for number in range(count):
        github.add_comment(1, "ann", f"comment {number}")
    found = opened.reader().comments(1)
    assert [comment.body for comment in found] == [f"comment {n}" for n in range(count)]
    assert len(github.sent("comments")) == max(1, -(-count // 100))


def test_a_comment_that_moves_between_pages_is_told_once(opened, github):
    for number in range(150):
        github.add_comment(1, "ann", f"comment {number}")
    github.before(r"GET .*/comments", lambda: github.before(r"GET .*/comments", add_an_early_one))

    def add_an_early_one():
        early = github.add_comment(1, "ann", "early")
        github.all_comments.remove(early)
        github.all_comments.insert(0, early)

    found = opened.reader().comments(1)
    assert len({comment.id for comment in found}) == len(found) == 151


def test_whose_account_is_gone_is_told_as_ghost(opened, github):
    (comment,) = github.comments(1)
    body = github.bodies.comment(comment, github.users["ann"], "NONE") | {"user": None}
    github.answer("GET .*/comments", [body])
    assert [each.author for each in opened.reader().comments(1)] == ["ghost"]


def test_a_failing_page_fails_the_whole_list(opened, github):
    for number in range(150):
        github.add_comment(1, "ann", f"comment {number}")
    one, two = "GET .*/comments", "GET .*/comments"
    fail = lambda: github.fail(two, 500, times=None)  # noqa: E731 - it is handed over
    github.before(one, lambda: github.before(two, fail))
    with pytest.raises(GitHubError):
        opened.reader().comments(1)
    assert [request.status for request in github.requests] == [200, 500, 500, 500, 500]


@pytest.mark.parametrize("target", ["?page=1", "?page=3", "?page=x", "", "?page="])
def test_a_list_that_leads_anywhere_but_to_its_next_page_is_an_error(opened, github, target):
    link = {"Link": f'<https://evil.example/{target}>; rel="next"'}
    github.answer("GET .*/comments", [], headers=link)
    with pytest.raises(GitHubError) as caught:
        opened.reader().comments(1)
    assert caught.value.code == "github.invalid"
    assert len(github.requests) == 1


def test_a_list_that_never_ends_is_given_up(opened, github, monkeypatch):
    monkeypatch.setattr("adapters.github.session.MAX_PAGES", 3)
    for number in range(400):
        github.add_comment(1, "ann", f"comment {number}")
    with pytest.raises(GitHubError, match="more than 3 pages"):
        opened.reader().comments(1)
    assert len(github.requests) == 3


FILES = {
    "deploy/api.yaml": "replicas: 2\n",
    "bin/run": Executable("#!/bin/sh\n"),
    "link.yaml": Symlink("deploy/api.yaml"),
    "outside": Symlink("/etc/passwd"),
    "linked": Symlink("deploy"),
    "vendor": Submodule(),
    "empty": b"",
    "strange %2e name?#&.txt": "x",
    "zwölf/日本.yaml": "y",
    "binary": bytes(range(256)),
}


@pytest.fixture(scope="module")
def full():
    with FakeGitHub(
        files=FILES | {"limit": b"x" * (1 << 20), "large": b"x" * ((1 << 20) + 1)}
    ) as g:
        yield g


@pytest.fixture
def reader(full):
    return Opened(full).reader()


@pytest.mark.parametrize("path", [p for p, c in FILES.items() if isinstance(c, (str, bytes))])
def test_a_regular_file_is_read_whole(reader, full, path):
    content = FILES[path].encode() if isinstance(FILES[path], str) else FILES[path]
    found = reader.file(path, "main")
    assert found == FileAt(path, content, full.git.commits[full.branches["main"]].files[path].sha)


def test_an_executable_file_is_a_regular_one(reader):
    assert reader.file("bin/run", "main").content == b"#!/bin/sh\n"


@pytest.mark.parametrize(
    "path",
    [
        *("link.yaml", "outside", "linked", "linked/api.yaml", "vendor", "vendor/a", "deploy"),
        *("nothing", "deploy/nothing", "deploy/api.yaml/more", "DEPLOY/api.yaml"),
    ],
)
def test_what_is_no_regular_file_is_none(reader, path):
    assert reader.file(path, "main") is None


def test_a_file_of_the_greatest_size_is_read(reader):
    assert len(reader.file("limit", "main").content) == 1 << 20


def test_a_larger_file_is_an_error_and_not_fetched(reader, full):
    before = len(full.sent("/git/blobs/"))
    with pytest.raises(GitHubError, match="larger than 1 MiB"):
        reader.file("large", "main")
    assert len(full.sent("/git/blobs/")) == before


def test_a_file_is_read_as_it_was_at_a_commit(opened, github):
    old = github.branches["main"]
    new = github.push("main", {"deploy/api.yaml": "replicas: 9\n"})
    reader = opened.reader()
    assert reader.file("deploy/api.yaml", old).content == b"replicas: 2\n"
    assert reader.file("deploy/api.yaml", new).content == b"replicas: 9\n"
    assert reader.file("deploy/api.yaml", "main").content == b"replicas: 9\n"


def test_folders_are_listed_once_for_many_files(opened, github):
    head = github.push("main", {f"deploy/{n}.yaml": str(n) for n in range(5)})
    reader = opened.reader()
    assert [reader.file(f"deploy/{n}.yaml", head).content for n in range(5)] == [
        str(n).encode() for n in range(5)
    ]
    assert len(github.sent("/git/trees/")) == 2


def test_a_branch_or_commit_that_is_none_is_not_found(opened):
    for ref in ("nowhere", "0" * 40):
        with pytest.raises(GitHubError) as caught:
            opened.reader().file("README.md", ref)
        assert caught.value.code == "github.not_found"


def test_content_that_is_not_the_file_named_is_refused(opened, github):
    wrong = base64.b64encode(b"replicas: 99\n").decode()
    github.answer("/git/blobs/", {"content": wrong, "encoding": "base64"})
    with pytest.raises(GitHubError, match="is not that file"):
        opened.reader().file("deploy/api.yaml", "main")


def test_a_folder_that_is_listed_in_part_is_an_error(opened, github):
    github.answer("/git/trees/", {"tree": [], "truncated": True})
    with pytest.raises(GitHubError, match="too many files"):
        opened.reader().file("deploy/api.yaml", "main")


def test_a_reader_has_no_method_that_writes(opened, github):
    methods = {name for name in dir(opened.reader()) if not name.startswith("_")}
    assert methods == {"may_write", "login", "pull_request", "comments", "file"}


def test_reading_sends_nothing_but_get(opened, github):
    reader = opened.reader(github.token({"contents": "read", "pull_requests": "read"}))
    reader.may_write("ann")
    reader.pull_request(1)
    reader.comments(1)
    reader.file("deploy/api.yaml", "main")
    assert not github.writes
    assert {request.status for request in github.requests} == {200}


def test_github_enterprise_server_has_its_api_below_a_path():
    with FakeGitHub(prefix="/api/v3", files={"a/b": "c"}) as github:
        github.add_user("ann", "write")
        github.add_pull(author="ann")
        reader = Opened(github).reader()
        assert reader.may_write("ann")
        assert reader.login() == "github-actions[bot]"
        assert reader.file("a/b", "main").content == b"c"
        assert reader.comments(1) == ()
        assert github.sent("POST /api/graphql")
