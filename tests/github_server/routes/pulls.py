"""Pull requests."""

from typing import Any

from tests.github_server.answers import Answer, error, invalid, not_found, page_of
from tests.github_server.routes.route import Call, Route, either
from tests.github_server.state import Pull

_SIMPLE_LACKS = (
    *("additions", "changed_files", "comments", "commits", "deletions", "maintainer_can_modify"),
    *("mergeable", "mergeable_state", "merged", "merged_by", "review_comments"),
)


def read(call: Call) -> Answer:
    pull = call.github.all_pulls.get(int(call.names["number"]))
    if pull is None:
        raise not_found()
    return Answer(200, _shown(call, pull))


def listed(call: Call) -> Answer:
    state = call.query.get("state", "open")
    head, base = call.query.get("head"), call.query.get("base")
    found = []
    for pull in call.github.pulls:
        owner = (pull.head_repository or "").partition("/")[0]
        if (
            state in ("all", pull.state)
            and head in (None, f"{owner}:{pull.head_ref}")
            and base in (None, pull.base_ref)
        ):
            whole = _shown(call, pull)
            found.append({name: whole[name] for name in whole if name not in _SIMPLE_LACKS})
    return page_of(found, call.query, f"{call.bodies.root_by_id}/pulls")


def create(call: Call) -> Answer:
    github = call.github
    head, base = call.field("head"), call.field("base")
    title = call.field("title", resource="PullRequest")
    if call.token is not None and call.token.kind == "job" and not github.actions_may_open_pulls:
        raise error(403, "GitHub Actions is not permitted to create or approve pull requests.")
    owner, _, branch = head.rpartition(":")
    if branch not in github.branches or owner not in ("", github.repository.partition("/")[0]):
        raise invalid("PullRequest", "head", code="invalid")
    if base not in github.branches:
        raise invalid("PullRequest", "base", code="invalid")
    for pull in github.pulls:
        if (pull.head_ref, pull.base_ref, pull.state) == (branch, base, "open"):
            name = f"{github.repository.partition('/')[0]}:{branch}"
            message = f"A pull request already exists for {name}."
            raise invalid("PullRequest", "head", message)
    head_sha, base_sha = github.branches[branch], github.branches[base]
    if github.git.is_ancestor(head_sha, base_sha):
        raise invalid("PullRequest", "base", f"No commits between {base} and {branch}")
    number, body = github.next_number(), call.body.get("body")
    pull = Pull(
        number, title, body, call.login, branch, head_sha, github.repository, base, base_sha,
        github.tick(),
    )  # fmt: skip
    github.all_pulls[number] = pull
    return Answer(201, _shown(call, pull))


def _shown(call: Call, pull: Pull) -> dict[str, Any]:
    github, bodies = call.github, call.bodies
    base = bodies.repository(github.owner, github.repository, not github.public, False)
    head: dict[str, Any] | None = base
    if pull.head_repository is None:
        head = None
    elif pull.head_repository != github.repository:
        author = github.users[pull.author.lower()]
        head = bodies.repository(author, pull.head_repository, not github.public, True)
    users = (github.users[pull.author.lower()], github.owner)
    return bodies.pull(pull, users, head, base)


ROUTES = (
    Route("GET", r"REPO/pulls/(?P<number>\d+)", read, either("read", "pull_requests")),
    Route("GET", "REPO/pulls", listed, either("read", "pull_requests")),
    Route("POST", "REPO/pulls", create, either("write", "pull_requests")),
)
