"""A fake GitHub on loopback that speaks the documented REST API and keeps state.

    with FakeGitHub() as github:
        github.add_user("ann", "write")
        pull = github.add_pull("Add it", author="ann", files={"deploy/api.yaml": "replicas: 2"})
        asked = github.add_comment(pull.number, "ann", "/ai-provision")
        token = github.token(permissions={"contents": "read", "issues": "write"})
        ...  # point the program at github.url with that token, repository github.repository
        assert github.comments(pull.number)[-1].author == "github-actions[bot]"

Tokens. `token()` is a job's GITHUB_TOKEN and holds the permissions that the job asks for: what it
may not do is answered 403, as GitHub does. `personal_token(login)` may do what its user may.
`add_app()` gives an app with a private key; its tokens hold what was asked for at most.

While it runs. `force_push`, `push`, `close`, `lock_conversation`, `delete_fork`, `set_role`,
`remove_repository` and `rename_repository` change
what later requests see. `before(pattern, action)` runs a function just before the next request that
matches is served: a push between two requests of the program.

Faults. `fail(pattern, 503)`, `rate_limit(pattern, retry_after=2)`, `cut(pattern)`, `hold(pattern)`,
`answer(pattern, body)`. A pattern is a regular expression that is searched in ``POST /repos/...``.
With ``performed=True`` the request is carried out, and only its answer is lost.

What happened. `requests` lists every request: method, path, query, body, token, status. State is
read with `comments`, `reactions`, `check_runs`, `read`, `branches`, `pulls`.
"""

from tests.github_server.fake import FakeGitHub
from tests.github_server.git_objects import Executable, Submodule, Symlink
from tests.github_server.state import App, CheckRun, Comment, Pull, Reaction, Request

__all__ = [
    "App",
    "CheckRun",
    "Comment",
    "Executable",
    "FakeGitHub",
    "Pull",
    "Reaction",
    "Request",
    "Submodule",
    "Symlink",
]
