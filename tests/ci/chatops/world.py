"""A repository on GitHub, in memory: both Protocols over one state, and a log of every write."""

import hashlib
from dataclasses import dataclass, replace

from schemas.errors import GitHubError
from schemas.github import FileAt, IssueComment, PullRequestFacts

REPOSITORY = "octo-org/shop"
BOT = "github-actions[bot]"
HEAD = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
LATER = "ffeeddccbbaa99887766554433221100ffeeddcc"
WRITERS = ("admin", "maintain", "push")


@dataclass(frozen=True)
class Check:
    sha: str
    conclusion: str
    title: str
    summary: str


class FakeRepository:
    """What the API answers about one repository with one pull request, number 7."""

    def __init__(self, **facts):
        self.roles = {"wren": "push"}
        self.facts = {
            7: PullRequestFacts(
                number=7,
                title="Add the inventory service",
                body="",
                state="open",
                locked=False,
                draft=False,
                head_sha=HEAD,
                head_ref="inventory",
                head_repository=REPOSITORY,
                base_ref="main",
                base_sha="0" * 40,
                base_repository=REPOSITORY,
            )
        }
        self.facts[7] = replace(self.facts[7], **facts)
        self.all_comments = []
        self.reactions = set()
        self.checks = []
        self.files = {}
        self.branches = {"inventory": HEAD, "main": "0" * 40}
        self.writes = []
        """Every write, in order: its name and what tells it apart."""
        self.faults = {}
        """By method, the error that it raises from now on."""
        self.after = {}
        """By method, what happens once after its next call."""
        self.asked = []
        """Whose permission was asked for."""
        self._next = 1000

    # What people do

    def say(self, author, body, *, id=None):
        """A comment by anybody."""
        comment = self._comment(author, body, id)
        self.all_comments.append(comment)
        return comment

    def push(self, sha=LATER):
        self.facts[7] = replace(self.facts[7], head_sha=sha)

    def fail(self, method, code="github.failed", message="the server had a fault"):
        self.faults[method] = GitHubError(message, code=code)

    def gone(self):
        """The repository has vanished, or the token may not see it any more."""
        for method in ("may_write", "pull_request", "comments", "file", *WRITES):
            self.fail(method, "github.not_found", f"{REPOSITORY} is not there")

    @property
    def own(self):
        return [item for item in self.all_comments if item.author == BOT]

    # GitHubReader

    def may_write(self, login):
        self._enter("may_write")
        self.asked.append(login)
        return self.roles.get(login) in WRITERS

    def login(self):
        return BOT

    def pull_request(self, number):
        self._enter("pull_request")
        return self._left("pull_request", self.facts[number])

    def comments(self, number):
        self._enter("comments")
        return self._left("comments", tuple(self.all_comments))

    def file(self, path, ref):
        self._enter("file")
        assert ref == HEAD
        content = self.files.get(path)
        return None if content is None else FileAt(path, content, blob(content))

    # GitHubWriter

    def react(self, comment_id, reaction):
        self._write("react", comment_id, reaction)
        known = (comment_id, reaction) in self.reactions
        self.reactions.add((comment_id, reaction))
        return not known

    def comment(self, number, body):
        assert number == 7
        self._write("comment", number)
        return self._left("comment", self.say(BOT, body))

    def edit_comment(self, comment_id, body):
        self._write("edit_comment", comment_id)
        index = next(n for n, item in enumerate(self.all_comments) if item.id == comment_id)
        assert self.all_comments[index].author == BOT, "GitHub lets a token edit others' comments"
        self.all_comments[index] = replace(self.all_comments[index], body=body)
        return self.all_comments[index]

    def check_run(self, head_sha, conclusion, title, summary, annotations=()):
        self._write("check_run", head_sha, conclusion.value)
        self.checks.append(Check(head_sha, conclusion.value, title, summary))
        return f"https://github.com/{REPOSITORY}/runs/{len(self.checks)}"

    def create_branch(self, name, sha):
        self._write("create_branch", name)
        if name in self.branches:
            raise GitHubError(f"the branch {name} is there already", code="github.conflict")
        self.branches[name] = sha

    def delete_branch(self, name):
        self._write("delete_branch", name)
        self.branches.pop(name, None)

    def put_file(self, branch, file, content, message):
        self._write("put_file", branch, file.path)
        there = blob(self.files[file.path]) if file.path in self.files else ""
        if file.blob_sha != there:
            raise GitHubError(f"{file.path} has changed", code="github.conflict")
        self.files[file.path] = content
        return "c" * 40

    def open_pull_request(self, head, base, title, body):
        self._write("open_pull_request", head, base)
        assert head in self.branches
        number = max(self.facts) + 1
        self.facts[number] = replace(self.facts[7], number=number, title=title, body=body)
        return number, f"https://github.com/{REPOSITORY}/pull/{number}"

    def _enter(self, method):
        if method in self.faults:
            raise self.faults[method]

    def _write(self, method, *what):
        self._enter(method)
        self.writes.append((method, *what))

    def _left(self, method, answer):
        happens = self.after.pop(method, None)
        if happens is not None:
            happens()
        return answer

    def _comment(self, author, body, id=None):
        self._next += 1
        id = id or self._next
        when = f"2026-11-21T10:00:{id % 60:02}Z"
        url = f"https://github.com/{REPOSITORY}/pull/7#issuecomment-{id}"
        return IssueComment(id, author, body, url, when, when)


WRITES = ("react", "comment", "edit_comment", "check_run", "create_branch", "put_file",
          "delete_branch", "open_pull_request")  # fmt: skip


def blob(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - as git
