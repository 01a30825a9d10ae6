"""Which function answers which request, and what its token must be allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.github_server.answers import Answer, Refused, error, not_found
from tests.github_server.apps import signed_by
from tests.github_server.routes import account, checks, comments, git, pulls
from tests.github_server.routes.route import Call, Route
from tests.github_server.state import Token

if TYPE_CHECKING:
    from tests.github_server.fake import FakeGitHub

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *comments.ROUTES,
    *checks.ROUTES,
    *git.ROUTES,
    *pulls.ROUTES,
)
_LEVELS = {"read": 1, "write": 2}


def dispatch(
    github: FakeGitHub, method: str, asked: tuple[str, dict[str, str], Any], text: str | None
) -> Answer:
    """The answer to a request.

    Args:
        github: The state.
        method: GET, POST, PATCH or PUT.
        asked: Path, query and body.
        text: The token.

    Raises:
        Refused: An error is the answer.
    """
    path, query, body = asked
    token = _token(github, text)
    if path.endswith("/graphql"):
        return account.graphql(Call(github, token, {}, query, body))
    if not path.startswith(github.prefix + "/"):
        raise not_found()
    path = path.removeprefix(github.prefix)
    by_id = f"/repositories/{github.repository_id}"
    if path.startswith(by_id):
        path = f"/repos/{github.repository}" + path.removeprefix(by_id)
    _check_repository(github, path)
    known = False
    for route in ROUTES:
        found = re.fullmatch(
            route.pattern.replace("REPO", re.escape(f"/repos/{github.repository}")), path
        )
        if found is None:
            continue
        known = True
        if route.method == method:
            _check_permission(github, token, route)
            names = {name: unquote(part) for name, part in found.groupdict().items()}
            return route.serve(Call(github, token, names, query, body))
    raise error(405, "Method Not Allowed") if known else not_found()


def _token(github: FakeGitHub, text: str | None) -> Token | None:
    if text is None:
        return None
    token = github.tokens.get(text) or (
        signed_by(github.apps, text) if text.count(".") == 2 else None
    )
    if token is None:
        raise error(401, "Bad credentials")
    return token


def _check_repository(github: FakeGitHub, path: str) -> None:
    root = f"/repos/{github.repository}"
    if not path.startswith((root + "/", root)) or github.gone:
        if path.startswith("/repos/"):
            raise not_found()
        return
    if github.moved_to is not None:
        rest = path.removeprefix(root)
        there = f"{github.url}/repositories/{github.repository_id}{rest}"
        raise Refused(
            Answer(301, {"message": "Moved Permanently", "url": there}, {"Location": there})
        )


def _check_permission(github: FakeGitHub, token: Token | None, route: Route) -> None:
    if route.kind == "any":
        return
    if route.kind == "app":
        if token is None or token.kind != "app":
            raise error(401, "A JSON web token could not be decoded")
        return
    if token is None:
        if github.public and route.method == "GET":
            return
        raise not_found() if route.method == "GET" else error(401, "Requires authentication")
    if token.kind == "app":
        raise error(403, "Resource not accessible by integration")
    held = _held(github, token)
    if github.public and route.method == "GET":
        return
    if not held:
        raise not_found()
    if not any(_LEVELS.get(held.get(name, ""), 0) >= _LEVELS[level] for name, level in route.needs):
        who = "personal access token" if token.kind == "personal" else "integration"
        accepted = "; ".join(f"{name}={level}" for name, level in route.needs)
        raise error(
            403, f"Resource not accessible by {who}", X_Accepted_GitHub_Permissions=accepted
        )


def _held(github: FakeGitHub, token: Token) -> dict[str, str]:
    """What the token may do now."""
    if token.kind != "personal":
        return {"metadata": "read", **token.permissions}
    user = github.users[token.login.lower()]
    if user.at_least("write"):
        names = ("contents", "issues", "pull_requests")
        return {"metadata": "read", **dict.fromkeys(names, "write")}
    if user.at_least("read") or github.public:
        return {"metadata": "read", "contents": "read", "issues": "write", "pull_requests": "write"}
    return {}
