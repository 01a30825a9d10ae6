"""References, trees, blobs, and files with the lock that their blob's name is."""

import base64
import binascii
import re

from tests.github_server.answers import Answer, error, invalid, not_found
from tests.github_server.git_objects import TREE, Entry
from tests.github_server.routes.route import Call, Route, either

_READ, _WRITE = either("read", "contents"), either("write", "contents")
_SHA = re.compile("[0-9a-f]{40}")
_BAD_REF = re.compile(r"\.\.|[\x00-\x20~^:?*\[\\\x7f]|//|/$|\.lock(/|$)|(^|/)\.|\.$|@\{")


def repository(call: Call) -> Answer:
    github = call.github
    body = call.bodies.repository(github.owner, github.repository, not github.public, False)
    return Answer(200, body)


def reference(call: Call) -> Answer:
    branch = call.names["branch"]
    sha = call.github.branches.get(branch)
    if sha is None:
        raise not_found()
    return Answer(200, call.bodies.reference(f"refs/heads/{branch}", sha))


def create_reference(call: Call) -> Answer:
    ref, sha = call.field("ref"), call.field("sha")
    if not re.match("refs/[^/]+/.", ref) or _BAD_REF.search(ref):
        raise error(422, f"{ref} is not a valid ref name.")
    if not _SHA.fullmatch(sha):
        raise error(
            422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."
        )
    if sha not in call.github.git.commits:
        raise error(422, "Object does not exist")
    branch = ref.removeprefix("refs/heads/")
    clash = {branch.rpartition("/")[0], *(b.rpartition("/")[0] for b in call.github.branches)}
    if branch in call.github.branches:
        raise error(422, "Reference already exists")
    if branch in clash or branch.rpartition("/")[0] in call.github.branches:
        raise error(422, "Reference update failed")
    call.github.branches[branch] = sha
    call.github.tick()
    return Answer(201, call.bodies.reference(ref, sha))


def delete_reference(call: Call) -> Answer:
    branch = call.names["branch"]
    if branch not in call.github.branches:
        raise error(422, "Reference does not exist")
    if branch in call.github.protected or branch == "main":
        raise error(422, "Cannot delete this branch")
    del call.github.branches[branch]
    call.github.tick()
    return Answer(204, None)


def tree(call: Call) -> Answer:
    git, name = call.github.git, call.names["tree"]
    commit = git.commits.get(call.github.branches.get(name, name))
    sha = commit.tree if commit is not None else name
    if sha not in git.trees:
        raise not_found()
    if "recursive" not in call.query:
        return Answer(200, call.bodies.tree(sha, _sized(call, git.trees[sha])))
    whole: dict[str, Entry] = {}
    waiting = [("", sha)]
    while waiting:
        start, inside = waiting.pop()
        for each, entry in git.trees[inside].items():
            whole[start + each] = entry
            if entry.mode == TREE:
                waiting.append((f"{start}{each}/", entry.sha))
    return Answer(200, call.bodies.tree(sha, _sized(call, dict(sorted(whole.items())))))


def blob(call: Call) -> Answer:
    content = call.github.git.blobs.get(call.names["blob"])
    if content is None:
        raise not_found()
    return Answer(200, call.bodies.blob(call.names["blob"], content))


def contents(call: Call) -> Answer:
    """A file; like GitHub's, a link to a file of the repository is answered as that file."""
    git, path = call.github.git, call.names["path"]
    ref = call.query.get("ref", "main")
    commit = git.commits.get(call.github.branches.get(ref, ref))
    if commit is None:
        raise error(404, f"No commit found for the ref {ref}")
    entry = commit.files.get(path)
    if entry is not None and entry.mode == "120000":
        entry = commit.files.get(git.blobs[entry.sha].decode(), entry)
    if entry is None or entry.kind != "blob":
        raise not_found()
    return Answer(200, call.bodies.contents(path, ref, entry, git.blobs[entry.sha]))


def put_contents(call: Call) -> Answer:
    github, path = call.github, call.names["path"]
    branch = call.body.get("branch", "main")
    message = call.field("message")
    try:
        content = base64.b64decode(call.body.get("content"), validate=True)
    except (TypeError, binascii.Error):
        raise error(422, "content is not valid Base64") from None
    if branch not in github.branches:
        raise error(404, f"Branch {branch} not found")
    if branch in github.protected:
        raise error(
            409, "Repository rule violations found\n\nChanges must be made through a pull request."
        )
    if path.startswith(".github/workflows/"):
        who = "refusing to allow a GitHub App to create or update workflow"
        raise error(403, f"{who} `{path}` without `workflows` permission")
    given = call.body.get("sha")
    old = github.git.commits[github.branches[branch]].files.get(path)
    if old is not None and not given:
        raise error(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given and (old is None or old.sha != given):
        raise error(409, f"{path} does not match {given}")
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise invalid("Commit", "path", "path contains a malformed path component")
    sha = github.push(branch, {path: content}, message)
    github.tick()
    entry = github.git.commits[sha].files[path]
    shown = call.bodies.contents(path, branch, entry, content)
    return Answer(200 if old else 201, call.bodies.file_commit(shown, sha, message))


def _sized(call: Call, entries: dict[str, Entry]) -> dict[str, tuple[Entry, int | None]]:
    blobs = call.github.git.blobs
    return {
        name: (entry, len(blobs[entry.sha]) if entry.kind == "blob" else None)
        for name, entry in entries.items()
    }


ROUTES = (
    Route("GET", "REPO", repository),
    Route("GET", "REPO/git/ref/heads/(?P<branch>.+)", reference, _READ),
    Route("POST", "REPO/git/refs", create_reference, _WRITE),
    Route("DELETE", "REPO/git/refs/heads/(?P<branch>.+)", delete_reference, _WRITE),
    Route("GET", "REPO/git/trees/(?P<tree>.+)", tree, _READ),
    Route("GET", "REPO/git/blobs/(?P<blob>[^/]+)", blob, _READ),
    Route("GET", "REPO/contents/(?P<path>.+)", contents, _READ),
    Route("PUT", "REPO/contents/(?P<path>.+)", put_contents, _WRITE),
)
