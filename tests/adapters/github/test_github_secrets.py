"""No secret reaches a log record, an error, or an answer's excerpt."""

import io
import logging
import traceback

import pytest

from schemas.errors import ProvisionError
from schemas.github import Annotation, Conclusion

CANARY = "ghs_canary0123456789"


class Whole(logging.Formatter):
    """A record with all its fields."""

    def format(self, record):
        return f"{record.name} {record.getMessage()} {record.__dict__}\n"


@pytest.fixture
def said(monkeypatch):
    """Everything that any logger of the process says, at any level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Whole())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    for name in ("urllib3", "requests", "github", "adapters.github"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def everything(reader, writer, github):
    comment = github.comments(1)[0].id
    sha = github.pull(1).head_sha
    yield lambda: reader.may_write("ann")
    yield reader.login
    yield lambda: reader.pull_request(1)
    yield lambda: reader.comments(1)
    yield lambda: reader.file("deploy/api.yaml", sha)
    yield lambda: writer.react(comment, "hooray")
    yield lambda: writer.comment(1, "x")
    yield lambda: writer.edit_comment(comment, "x")
    remarks = [Annotation("a", 1, "notice", "m")] * 60
    yield lambda: writer.check_run(sha, Conclusion.SUCCESS, "T", "S", remarks)
    yield lambda: writer.create_branch("new", sha)
    file = reader.file("deploy/api.yaml", sha)
    yield lambda: writer.put_file("new", file, b"y", "m")
    yield lambda: writer.open_pull_request("new", "main", "T", "B")
    yield lambda: writer.delete_branch("new")


def texts_of(calls):
    """What a user might see of each call that fails, tracebacks included."""
    for call in calls:
        try:
            call()
        except ProvisionError as error:
            yield error.render() + "".join(traceback.format_exception(error))


def fault(github, name):
    faults = {
        "none": lambda: None,
        "401": lambda: github.fail("issues|pulls|user|graphql", 401, times=None),
        "403": lambda: github.fail("issues|pulls|permission", 403, times=None),
        "500": lambda: github.fail("issues|pulls|permission", 500, times=None),
        "limit": lambda: github.rate_limit("issues|pulls|permission", times=None, reset_in=9999),
        "cut": lambda: github.cut("issues|pulls|permission", times=None),
        "page": lambda: github.answer("issues|pulls|permission", b"<html>"),
        "moved": lambda: github.answer(
            "issues|pulls", {}, status=301, headers={"Location": "http://127.0.0.1:1/"}
        ),
    }
    faults[name]()


FAULTS = ["none", "401", "403", "500", "limit", "cut", "page", "moved"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_token_is_seen_by_github_alone(opened, github, said, name):
    token = github.token()
    kept = github.tokens.pop(token)
    github.tokens[CANARY] = kept
    reader, writer = opened.reader(CANARY), opened.writer(CANARY)
    fault(github, name)
    shown = list(texts_of(everything(reader, writer, github)))
    assert "canary" not in said.getvalue() + "".join(shown) + repr(reader) + repr(writer)
    assert "urllib3" in said.getvalue()  # the handler does hear what is said below
    assert (name == "none") is (not shown)
    assert {request.token for request in github.requests} == {CANARY}


def test_an_apps_key_and_tokens_are_seen_by_github_alone(opened, github, said):
    app = github.add_app("sizer")
    given = {"github_app_id": str(app.id), "github_app_private_key": app.private_key}
    reader, writer = opened.reader(**given), opened.writer(**given)
    shown = list(texts_of(everything(reader, writer, github)))
    assert not shown
    used = {request.token for request in github.requests}
    assert len(used) >= 3  # a token each for reader and writer, and what the app signed for them
    for secret in (*used, *app.private_key.splitlines()[1:-1]):
        assert secret not in said.getvalue()


def test_a_proxys_password_is_not_shown(opened, github, said):
    reader = opened.reader(github_proxy="http://me:canary@127.0.0.1:1")
    (shown,) = texts_of([lambda: reader.pull_request(1)])
    assert "canary" not in said.getvalue() + shown


def test_a_token_that_github_repeats_is_not_shown(opened, github, said):
    github.tokens[CANARY] = github.tokens[github.token()]
    github.fail("pulls", 403, message=f"token {CANARY} may not do this", times=None)
    (shown,) = texts_of([lambda: opened.reader(CANARY).pull_request(1)])
    assert "canary" not in said.getvalue() + shown
