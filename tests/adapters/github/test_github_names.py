"""Nothing that a stranger names reaches another resource."""

import re
import subprocess
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.github import open_reader, open_writer
from adapters.github.names import checked_branch, path_segments, quoted_login, quoted_path
from adapters.settings import Settings
from schemas.errors import GitHubError
from schemas.github import FileAt

SET = Settings(github_api_url="http://127.0.0.1:1", github_token="t")  # noqa: S106 - none is sent
anything = st.text(st.characters() | st.sampled_from("/.%?#\\@:~^*[ ;&\n\0"), max_size=60)


@given(anything)
@settings(deadline=None)
def test_a_path_stays_below_the_contents_of_the_repository(path):
    try:
        quoted = quoted_path(path)
    except GitHubError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+(/[A-Za-z0-9_.~%-]+)*", quoted)
    assert not {"", ".", ".."} & set(quoted.split("/"))
    assert unquote(quoted) == path


@given(anything)
@settings(deadline=None)
def test_a_login_is_one_segment(login):
    try:
        quoted = quoted_login(login)
    except GitHubError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_%-]+", quoted)


pieces = [*"ab/.@{~^:?*[\\ -}\x7f\té", ".lock", "..", "//", "@{"]


@given(st.lists(st.sampled_from(pieces), max_size=6).map("".join))
@settings(deadline=None, max_examples=150)
def test_git_accepts_each_branch_that_is_accepted(name):
    try:
        checked_branch(name)
    except GitHubError:
        return
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], capture_output=True)
    assert done.returncode == 0, name


@pytest.mark.parametrize(
    "name", ["main", "ai-provision/1-api", "feature/x_y.z", "v1.2", "zwölf", "a@b", "x/y/z", "#1"]
)
def test_usual_branches_are_accepted(name):
    assert checked_branch(name) == name


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "a/../b", "./a", "a//b", "a/", ".git/config", "a/.GIT/x", "a\nb"]
)
def test_a_path_that_leaves_the_repository_is_refused(path):
    with pytest.raises(GitHubError) as caught:
        path_segments(path)
    assert caught.value.code == "github.invalid"


@pytest.mark.parametrize(
    "name", ["", "shop", "a/b/c", "../x", "a/..", "a/.", "a b/c", "a/b?x", "a/b\n", "-a/b"]
)
@pytest.mark.parametrize("opener", [open_reader, open_writer], ids=["reader", "writer"])
def test_a_repository_is_an_owner_and_a_name(opener, name):
    with pytest.raises(GitHubError) as caught:
        opener(SET, name)
    assert caught.value.code == "github.invalid"


@pytest.mark.parametrize("sha", ["", "HEAD", "abc1234", "0" * 39, "G" * 40, "0" * 40 + "\n"])
def test_a_commit_is_named_in_full_where_something_is_changed(opened, github, sha):
    writer = opened.writer()
    with pytest.raises(GitHubError):
        writer.create_branch("new", sha)
    with pytest.raises(GitHubError):
        writer.put_file("feature", FileAt("a", b"", sha or "x"), b"", "m")
    assert not github.requests


def test_a_number_is_a_number(opened, github):
    with pytest.raises(ValueError, match="format code"):
        opened.reader().pull_request("1/../2")
    assert not github.requests
