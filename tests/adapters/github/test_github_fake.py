"""The fake GitHub holds others to the rules that the real one has."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.github_server import Executable, FakeGitHub, Symlink

ROOT = "/repos/octo-org/shop"


@pytest.fixture
def client(github):
    """Sends requests under a token."""
    with httpx.Client(base_url=github.url) as http:

        def send(method, path, token=None, body=None):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return http.request(method, path, json=body, headers=headers)

        yield send


def test_its_commits_have_the_names_that_git_gives_them(tmp_path):
    files = {
        "a.d": "y",
        "a/b.txt": b"\x00\xff",
        "a-c/d": "zwölf\n",
        "run": Executable("#!/bin/sh\n"),
        "link": Symlink("a.d"),
    }
    github = FakeGitHub(files=files)

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    for path, content in files.items():
        target = tmp_path / path
        target.parent.mkdir(exist_ok=True)
        if isinstance(content, Symlink):
            target.symlink_to(content.target)
            continue
        data = content.content if isinstance(content, Executable) else content
        target.write_bytes(data if isinstance(data, bytes) else data.encode())
        target.chmod(0o755 if isinstance(content, Executable) else 0o644)
    git("add", "-A")
    assert github.git.commits[github.branches["main"]].tree == git("write-tree")


def test_a_wrong_token_is_refused_and_none_sees_nothing(github, client):
    assert client("GET", ROOT).status_code == 404
    assert client("GET", ROOT, "ghp_wrong").json()["message"] == "Bad credentials"
    github.public = True
    assert client("GET", f"{ROOT}/pulls/1").status_code == 200
    assert client("POST", f"{ROOT}/issues/1/comments", body={"body": "x"}).status_code == 401


@pytest.mark.parametrize(("role", "status"), [("none", 404), ("read", 403), ("write", 201)])
def test_a_users_token_may_what_the_user_may(github, client, role, status):
    github.add_user("bob", role)
    body = {"ref": "refs/heads/new", "sha": github.branches["main"]}
    answer = client("POST", f"{ROOT}/git/refs", github.personal_token("bob"), body)
    assert answer.status_code == status


def test_a_refusal_names_the_permission_that_is_needed(github, client):
    token = github.token({"contents": "read"})
    answer = client("POST", f"{ROOT}/check-runs", token, {})
    assert answer.status_code == 403
    assert answer.headers["x-accepted-github-permissions"] == "checks=write"


@pytest.mark.parametrize("wrong", ["key", "expired", "too-long", "app"])
def test_an_app_must_sign_as_github_demands(github, client, wrong):
    app = github.add_app()
    now = int(time.time())
    life = {"expired": -60, "too-long": 3600}.get(wrong, 300)
    claims = {"iat": now - 60, "exp": now + life, "iss": "9" if wrong == "app" else str(app.id)}
    key = app.private_key
    if wrong == "key":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = jwt.encode(claims, key, algorithm="RS256")
    assert client("GET", f"{ROOT}/installation", signed).status_code == 401


def test_an_apps_token_holds_no_more_than_the_app(github, client):
    app = github.add_app(permissions={"contents": "read"})
    now = int(time.time())
    claims = {"iat": now, "exp": now + 300, "iss": str(app.id)}
    signed = jwt.encode(claims, app.private_key, algorithm="RS256")
    path = f"/app/installations/{app.installation_id}/access_tokens"
    for body, status in (
        ({"permissions": {"contents": "write"}}, 422),
        ({"repositories": ["another"]}, 422),
        ({"permissions": {"contents": "read"}}, 201),
    ):
        assert client("POST", path, signed, body).status_code == status


def test_a_list_has_the_pages_that_its_links_name(github, client):
    for number in range(24):
        github.add_comment(1, "ann", f"comment {number}")
    token = github.token()
    path, seen = f"{ROOT}/issues/1/comments?per_page=10", []
    while path:
        answer = client("GET", path, token)
        seen += [comment["body"] for comment in answer.json()]
        path = answer.links.get("next", {}).get("url")
        assert ("prev" in answer.links) is (len(seen) > 10)
    assert seen == ["/ai-provision", *(f"comment {number}" for number in range(24))]


def test_requests_that_come_at_once_are_served_one_after_the_other(github, client):
    token = github.token()
    path = f"{ROOT}/issues/comments/{github.comments(1)[0].id}/reactions"
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda _: client("POST", path, token, {"content": "hooray"}).status_code, range(16)
        )
    assert sorted(answers) == [200] * 15 + [201]


def test_something_may_happen_between_two_requests(github, client):
    token = github.token()
    before = github.pull(1).head_sha
    github.before("GET .*/pulls/1", lambda: github.force_push(1))
    first = client("GET", f"{ROOT}/pulls/1", token).json()["head"]["sha"]
    assert first != before
    assert client("GET", f"{ROOT}/pulls/1", token).json()["head"]["sha"] == first


def test_a_fault_strikes_as_often_as_it_is_told(github, client):
    token = github.token()
    github.fail("GET .*/pulls", 502, times=2)
    found = [client("GET", f"{ROOT}/pulls/1", token).status_code for _ in range(3)]
    assert found == [502, 502, 200]
    assert [request.status for request in github.requests] == found
    assert {request.token for request in github.requests} == {token}


def test_what_it_does_not_know_it_does_not_answer(github, client):
    token = github.token()
    assert client("GET", f"{ROOT}/milestones", token).status_code == 404
    assert client("DELETE", f"{ROOT}/pulls/1", token).status_code == 405
    assert client("GET", "/repos/octo-org/other", token).status_code == 404
