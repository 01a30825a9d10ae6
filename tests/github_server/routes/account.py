"""Who a token belongs to, apps, and what a user may do."""

from tests.github_server.answers import Answer, error, not_found
from tests.github_server.routes.route import Call, Route
from tests.github_server.state import Token


def own_account(call: Call) -> Answer:
    if call.token is None:
        raise error(401, "Requires authentication")
    if call.token.kind != "personal":
        raise error(403, "Resource not accessible by integration")
    return Answer(200, call.bodies.own_account(call.user(call.login)))


def graphql(call: Call) -> Answer:
    """The one query ``viewer { login }``, which bots may ask too."""
    query = " ".join(str((call.body or {}).get("query", "")).split())
    if query not in ("query { viewer { login } }", "{ viewer { login } }"):
        return Answer(200, {"errors": [{"message": f"Field does not exist: {query[:80]}"}]})
    if call.token is None or call.token.kind == "app":
        raise error(401, "This endpoint requires you to be authenticated.")
    return Answer(200, {"data": {"viewer": {"login": call.login}}})


def permission(call: Call) -> Answer:
    github = call.github
    user = github.users.get(call.names["login"].lower())
    if user is None or user.type != "User":
        raise error(404, f"{call.names['login']} is not a user")
    return Answer(200, call.bodies.permission(user, github.public, github.old_permissions))


def installation(call: Call) -> Answer:
    app = call.token.app if call.token is not None else None
    if app is None:
        raise not_found()
    return Answer(200, call.bodies.installation(app, call.github.owner))


def access_token(call: Call) -> Answer:
    app = call.token.app if call.token is not None else None
    if app is None or str(app.installation_id) != call.names["number"]:
        raise not_found()
    body = call.body or {}
    wanted = body.get("permissions", app.permissions)
    levels = ("", "read", "write")
    for name, level in wanted.items():
        if levels.index(level) > levels.index(app.permissions.get(name, "")) and name != "metadata":
            raise error(422, "The permissions requested are not granted to this installation.")
    name = call.github.repository.partition("/")[2]
    if body.get("repositories", [name]) != [name]:
        raise error(
            422, "There is at least one repository that does not exist or is not accessible"
        )
    text = f"ghs_{call.github.next_id():036d}"
    call.github.keep_token(Token(text, app.login, "installation", dict(wanted), app))
    expires = call.github.now.replace(year=call.github.now.year + 1)
    return Answer(
        201,
        {
            "token": text,
            "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": wanted,
            "repository_selection": "selected",
        },
    )


ROUTES = (
    Route("GET", "/user", own_account, kind="any"),
    Route("GET", "REPO/collaborators/(?P<login>[^/]+)/permission", permission),
    Route("GET", "REPO/installation", installation, kind="app"),
    Route("POST", r"/app/installations/(?P<number>\d+)/access_tokens", access_token, kind="app"),
)
