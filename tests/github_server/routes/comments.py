"""Comments of pull requests, and reactions to them."""

from tests.github_server.answers import Answer, error, invalid, not_found, page_of
from tests.github_server.routes.route import Call, Route, either
from tests.github_server.state import Comment, Reaction

MAX_CHARACTERS = 65536
CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_READ = either("read", "issues", "pull_requests")
_WRITE = either("write", "issues", "pull_requests")


def listed(call: Call) -> Answer:
    number = _number(call)
    since = call.query.get("since", "")
    found = [_shown(call, c) for c in call.github.comments(number) if c.updated_at >= since]
    return page_of(found, call.query, f"{call.bodies.root_by_id}/issues/{number}/comments")


def write(call: Call) -> Answer:
    number = _number(call)
    _may_talk(call, number)
    comment = call.github.add_comment(number, call.login, _body(call))
    return Answer(201, _shown(call, comment))


def read(call: Call) -> Answer:
    return Answer(200, _shown(call, _comment(call)))


def edit(call: Call) -> Answer:
    comment = _comment(call)
    own = comment.author == call.login
    is_user = call.token is not None and call.token.kind == "personal"
    if is_user and not own and not call.user(call.login).at_least("write"):
        raise error(403, "Must have admin rights to Repository.")
    comment.body, comment.updated_at = _body(call), call.github.tick()
    return Answer(200, _shown(call, comment))


def reactions(call: Call) -> Answer:
    comment = _comment(call)
    found = [r for r in call.github.all_reactions if r.comment_id == comment.id]
    wanted = call.query.get("content")
    shown = [
        call.bodies.reaction(r, call.user(r.author)) for r in found if wanted in (None, r.content)
    ]
    url = f"{call.bodies.root_by_id}/issues/comments/{comment.id}/reactions"
    return page_of(shown, call.query, url)


def react(call: Call) -> Answer:
    comment = _comment(call)
    content = call.field("content", resource="Reaction")
    if content not in CONTENTS:
        raise invalid("Reaction", "content", f"{content} is not a valid reaction")
    given = call.github.all_reactions
    for old in given:
        if (old.comment_id, old.author, old.content) == (comment.id, call.login, content):
            return Answer(200, call.bodies.reaction(old, call.user(call.login)))
    now = call.github.tick()
    new = Reaction(call.github.next_id(), comment.id, call.login, content, now)
    given.append(new)
    return Answer(201, call.bodies.reaction(new, call.user(call.login)))


def _body(call: Call) -> str:
    body = str(call.field("body", resource="IssueComment"))
    if len(body) > MAX_CHARACTERS:
        limit = f"Body is too long (maximum is {MAX_CHARACTERS} characters)"
        raise invalid("IssueComment", "data", limit, "unprocessable")
    return body


def _may_talk(call: Call, number: int) -> None:
    is_user = call.token is not None and call.token.kind == "personal"
    if call.github.pull(number).locked and is_user and not call.user(call.login).at_least("write"):
        raise error(403, "Unable to create comment because issue is locked.")


def _number(call: Call) -> int:
    number = int(call.names["number"])
    if number not in call.github.all_pulls:
        raise not_found()
    return number


def _comment(call: Call) -> Comment:
    for comment in call.github.all_comments:
        if str(comment.id) == call.names["comment"]:
            return comment
    raise not_found()


def _shown(call: Call, comment: Comment) -> dict[str, object]:
    author = call.user(comment.author)
    known = {"none": "NONE", "admin": "OWNER"}.get(author.role, "COLLABORATOR")
    return call.bodies.comment(comment, author, known)


ROUTES = (
    Route("GET", r"REPO/issues/(?P<number>\d+)/comments", listed, _READ),
    Route("POST", r"REPO/issues/(?P<number>\d+)/comments", write, _WRITE),
    Route("GET", r"REPO/issues/comments/(?P<comment>\d+)", read, _READ),
    Route("PATCH", r"REPO/issues/comments/(?P<comment>\d+)", edit, _WRITE),
    Route("GET", r"REPO/issues/comments/(?P<comment>\d+)/reactions", reactions, _READ),
    Route("POST", r"REPO/issues/comments/(?P<comment>\d+)/reactions", react, _WRITE),
)
