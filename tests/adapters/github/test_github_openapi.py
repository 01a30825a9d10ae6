"""The fake answers, and the adapter asks, as GitHub's own description of its API says."""

import httpx
import pytest

from adapters.github.session import API_VERSION
from schemas.errors import GitHubError
from schemas.github import Annotation, Conclusion, FileAt
from tests.github_server.openapi import description

KNOWN = {"$.head.repo: None is not of type 'object'"}
"""GitHub answers so when a fork is deleted, though its description does not say it."""


@pytest.fixture(scope="module")
def api():
    return description()


def use_everything(opened, github):
    """Each method of the reader and of the writer, as far as they go."""
    github.add_pull("From afar", author="bob", fork=True, draft=True, body=None)
    github.add_pull("Gone", author="bob", fork=True, head="gone")
    github.delete_fork(3)
    for number in range(120):
        github.add_comment(1, "ann", f"comment {number}")
    reader, writer = opened.reader(), opened.writer()
    head = github.pull(1).head_sha
    comment = github.comments(1)[0].id
    for login in ("ann", "bob", "nobody"):
        reader.may_write(login)
    reader.login()
    opened.reader(github.personal_token("ann")).login()
    for number in (1, 2, 3):
        reader.pull_request(number)
    reader.comments(1)
    writer.react(comment, "hooray")
    writer.react(comment, "hooray")
    writer.edit_comment(writer.comment(1, "one").id, "two")
    remarks = [Annotation("a", n + 1, "notice", "m", "t") for n in range(60)]
    writer.check_run(head, Conclusion.NEUTRAL, "T", "S", remarks)
    writer.create_branch("sized/1", head)
    file = reader.file("deploy/api.yaml", "sized/1")
    writer.put_file("sized/1", file, b"replicas: 3\n", "Size")
    writer.put_file("sized/1", FileAt("new", b"", ""), b"x", "Add")
    github.cut("POST .*/pulls", performed=True)
    writer.open_pull_request("sized/1", "main", "T", "B")
    github.fail("PATCH .*/check-runs", 502)
    writer.check_run(head, Conclusion.FAILURE, "T", "S", remarks)
    writer.delete_branch("sized/1")
    app = github.add_app("sizer")
    opened.reader(github_app_id=str(app.id), github_app_private_key=app.private_key)


def use_in_vain(opened, github):
    """What is answered with an error."""
    writer = opened.writer()
    sha = github.branches["main"]
    for call in (
        lambda: writer.comment(1, "x" * 70_000),
        lambda: writer.edit_comment(1, "x"),
        lambda: writer.create_branch("main", sha),
        lambda: writer.put_file("main", FileAt("deploy/api.yaml", b"", "1" * 40), b"x", "m"),
        lambda: writer.open_pull_request("feature", "main", "T", "B"),
        lambda: opened.writer(github.token({})).comment(1, "x"),
        lambda: opened.reader("wrong").login(),
        lambda: opened.reader().pull_request(99),
    ):
        with pytest.raises(GitHubError):
            call()


@pytest.mark.parametrize("use", [use_everything, use_in_vain], ids=["answered", "refused"])
def test_the_fake_answers_as_the_description_says(opened, github, api, use):
    use(opened, github)
    seen = set()
    for request in github.requests:
        if request.status and request.path != "/graphql":
            where = f"{request.method} {api.template(request.method, request.path)}"
            seen.add((where, request.status))
            found = api.problems(request.method, request.path, request.status, request.answer)
            assert not set(found) - KNOWN, (where, request.status)
    assert len(seen) >= 8


def test_the_adapter_asks_as_the_description_says(opened, github, api):
    use_everything(opened, github)
    for request in github.requests:
        if request.path != "/graphql":
            found = api.request_problems(request.method, request.path, request.body)
            assert not found, f"{request.method} {request.path}"
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["x-github-api-version"] == API_VERSION
        assert request.headers["user-agent"] == "ai-provision"


def test_a_wrong_answer_would_be_noticed(github, api):
    headers = {"Authorization": f"Bearer {github.token()}"}
    path = "/repos/octo-org/shop/pulls/1"
    answer = httpx.get(github.url + path, headers=headers).json()
    assert not api.problems("GET", path, 200, answer)
    assert api.problems("GET", path, 200, answer | {"number": "1"})
    assert api.problems("GET", path, 200, {k: v for k, v in answer.items() if k != "head"})
    assert api.problems("GET", path, 200, answer | {"head": answer["head"] | {"sha": None}})
    assert api.problems("GET", path, 201, answer)
    assert api.request_problems("POST", "/repos/octo-org/shop/check-runs", {"name": "x"})
