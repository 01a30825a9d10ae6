"""The fake that tests hold: what they set up, change and read back."""

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.github_server.apps import new_app
from tests.github_server.bodies import Bodies
from tests.github_server.faults import Between, Fault
from tests.github_server.git_objects import Content, GitObjects
from tests.github_server.http_server import serve
from tests.github_server.state import (
    ROLES,
    App,
    CheckRun,
    Comment,
    Pull,
    Reaction,
    Request,
    Token,
    User,
)

JOB_LOGIN = "github-actions[bot]"
ALL_PERMISSIONS = dict.fromkeys(("contents", "issues", "pull_requests", "checks"), "write")


class FakeGitHub:
    """One repository on a GitHub of its own; use it as a context manager.

    Args:
        repository: ``owner/name``.
        prefix: Path of the API; ``/api/v3`` for GitHub Enterprise Server.
        public: Whether everybody may read the repository.
        files: What ``main`` holds at first.
        tls: Serve https with this context; the API is then at ``https://localhost:…``.
    """

    def __init__(
        self,
        repository: str = "octo-org/shop",
        *,
        prefix: str = "",
        public: bool = False,
        files: Mapping[str, Content] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.repository, self.prefix, self.public = repository, prefix, public
        self.repository_id = 4242
        self.url = ""
        """Root of the API: what ``AI_PROVISION_GITHUB_API_URL`` is set to."""
        self.lock = threading.RLock()
        """Held while a request is served; hold it to read state of several kinds at once."""
        self.requests: list[Request] = []
        self.check_runs: list[CheckRun] = []
        self.users: dict[str, User] = {}
        self.git = GitObjects()
        self.actions_may_open_pulls = True
        self.old_permissions = False
        """Answer about permissions as servers did before they had ``user.permissions``."""
        self.protected: set[str] = set()
        """Branches that take no commits but through pull requests."""
        self.apps: dict[int, App] = {}
        self.tokens: dict[str, Token] = {}
        self.faults: list[Fault] = []
        self.between: list[Between] = []
        self.all_comments: list[Comment] = []
        self.all_reactions: list[Reaction] = []
        self.all_pulls: dict[int, Pull] = {}
        self.moved_to: str | None = None
        self.gone = False
        self._seconds = self._ids = 0
        self.add_user(repository.partition("/")[0], "admin", type="Organization")
        self.add_user(JOB_LOGIN, "none", type="Bot")
        self.branches = {"main": self.git.commit(None, files or {"README.md": "# shop\n"}, "Start")}

    def __enter__(self) -> "FakeGitHub":
        self._server = serve(self)
        self.url = self._server.url + self.prefix
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    # Accounts and tokens

    def add_user(
        self, login: str, role: str = "none", *, role_name: str = "", type: str = "User"
    ) -> User:
        """An account with a role on the repository: one of `ROLES`."""
        assert role in ROLES
        user = User(login, 100 + len(self.users), role, role_name, type)
        self.users[login.lower()] = user
        return user

    def set_role(self, login: str, role: str) -> None:
        """Give an account another role."""
        with self.lock:
            self.users[login.lower()].role = role

    def token(self, permissions: Mapping[str, str] | None = None) -> str:
        """A job's GITHUB_TOKEN; all permissions that the program can use when none are named."""
        given = dict(ALL_PERMISSIONS if permissions is None else permissions)
        return self.keep_token(Token(self._text("ghs_"), JOB_LOGIN, "job", given))

    def personal_token(self, login: str) -> str:
        """A user's token: it may what the user may."""
        return self.keep_token(
            Token(self._text("ghp_"), self.users[login.lower()].login, "personal")
        )

    def add_app(self, slug: str = "sizer", permissions: Mapping[str, str] | None = None) -> App:
        """An app that is installed on the repository."""
        given = dict(ALL_PERMISSIONS if permissions is None else permissions)
        app = new_app(self.next_id(), slug, self.next_id(), given)
        self.apps[app.id] = app
        self.add_user(app.login, "none", type="Bot")
        return app

    def keep_token(self, token: Token) -> str:
        self.tokens[token.text] = token
        return token.text

    # Pull requests and what is said there

    def add_pull(
        self,
        title: str = "A change",
        *,
        author: str = "ann",
        files: Mapping[str, Content] | None = None,
        head: str = "feature",
        base: str = "main",
        fork: bool = False,
        draft: bool = False,
        body: str | None = "",
    ) -> Pull:
        """A pull request with one commit; the author becomes an account if there is none."""
        if author.lower() not in self.users:
            self.add_user(author)
        with self.lock:
            base_sha = self.branches[base]
            head_sha = self.git.commit(base_sha, files or {"change.txt": title}, title)
            owner, _, name = self.repository.partition("/")
            full_name = f"{author if fork else owner}/{name}"
            if not fork:
                self.branches[head] = head_sha
            number = self.next_number()
            pull = Pull(
                number, title, body, author, head, head_sha, full_name, base, base_sha, self.tick()
            )
            pull.draft = draft
            self.all_pulls[number] = pull
            return pull

    def add_comment(self, number: int, author: str, body: str) -> Comment:
        """A comment that somebody wrote; the author becomes an account if there is none."""
        if author.lower() not in self.users:
            self.add_user(author)
        with self.lock:
            now = self.tick()
            comment = Comment(self.next_id(), number, author, body, now, now)
            self.all_comments.append(comment)
            return comment

    def push(self, branch: str, files: Mapping[str, Content], message: str = "Change") -> str:
        """A commit on a branch and on the open pull requests from it; its name."""
        with self.lock:
            sha = self.git.commit(self.branches[branch], files, message)
            self._move(branch, sha)
            return sha

    def force_push(self, number: int, files: Mapping[str, Content] | None = None) -> str:
        """Replace a pull request's commits by another one; its name."""
        with self.lock:
            pull = self.all_pulls[number]
            changes = files or {"change.txt": f"replaced {self.tick()}"}
            pull.head_sha = self.git.commit(pull.base_sha, changes, "Replace")
            if pull.head_repository == self.repository:
                self._move(pull.head_ref, pull.head_sha)
            return pull.head_sha

    def close(self, number: int) -> None:
        """Close a pull request."""
        with self.lock:
            self.all_pulls[number].state = "closed"

    def lock_conversation(self, number: int) -> None:
        """Lock a pull request's conversation."""
        with self.lock:
            self.all_pulls[number].locked = True

    def delete_fork(self, number: int) -> None:
        """Delete the repository that a pull request comes from."""
        with self.lock:
            self.all_pulls[number].head_repository = None

    def remove_repository(self) -> None:
        """From now on the repository is not found."""
        with self.lock:
            self.gone = True

    def rename_repository(self, new: str) -> None:
        """From now on requests are redirected, as after a rename."""
        with self.lock:
            self.moved_to = new

    # Faults

    def fail(
        self,
        pattern: str,
        status: int,
        *,
        times: int | None = 1,
        message: str = "Server Error",
        headers: Mapping[str, str] | None = None,
        performed: bool = False,
    ) -> None:
        """Answer the next requests that match with an error."""
        body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        self._add(
            Fault(pattern, status, body, dict(headers or {}), times=times, performed=performed)
        )

    def rate_limit(
        self,
        pattern: str = "",
        *,
        status: int = 403,
        retry_after: int | None = None,
        reset_in: int | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer that a limit is reached: the primary one with `reset_in`, else the secondary."""
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you"
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        if reset_in is not None:
            message = "API rate limit exceeded for installation ID 1."
            reset = int(self.now.timestamp()) + reset_in
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        else:
            message += " try again."
        self.fail(pattern, status, times=times, message=message, headers=headers)

    def cut(
        self, pattern: str, *, after: int = -1, times: int | None = 1, performed: bool = False
    ) -> None:
        """Reset the connection: before the answer, or after so many bytes of its body."""
        done = performed or after >= 0
        self._add(Fault(pattern, times=times, cut_after=after, performed=done))

    def hold(self, pattern: str, *, after: int | None = None, times: int | None = 1) -> None:
        """Do not answer at all, or nothing more after so many bytes of the body."""
        partly = after is not None
        self._add(Fault(pattern, times=times, held=True, cut_after=after, performed=partly))

    def answer(
        self,
        pattern: str,
        body: Any,
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> None:
        """Answer with something else: bytes as they are, everything else as JSON."""
        self._add(Fault(pattern, status, body, dict(headers or {}), times=times))

    def before(self, pattern: str, action: Callable[[], object]) -> None:
        """Do something just before the next request that matches is served."""
        with self.lock:
            self.between.append(Between(pattern, action))

    # What happened

    def pull(self, number: int) -> Pull:
        return self.all_pulls[number]

    @property
    def pulls(self) -> list[Pull]:
        return list(self.all_pulls.values())

    def comments(self, number: int) -> list[Comment]:
        """The comments of a pull request, oldest first."""
        return [comment for comment in self.all_comments if comment.number == number]

    def reactions(self, comment_id: int) -> list[tuple[str, str]]:
        """Who reacted to a comment with what."""
        return [(r.author, r.content) for r in self.all_reactions if r.comment_id == comment_id]

    def read(self, branch: str, path: str) -> bytes | None:
        """A file of a branch (or commit); None when there is none."""
        commit = self.git.commits[self.branches.get(branch, branch)]
        entry = commit.files.get(path)
        return None if entry is None else self.git.blobs.get(entry.sha, b"")

    def sent(self, pattern: str) -> list[Request]:
        """The requests whose method and path match."""
        return [r for r in self.requests if re.search(pattern, f"{r.method} {r.path}")]

    @property
    def writes(self) -> list[Request]:
        """The requests that were meant to change something."""
        return [
            r for r in self.requests if r.method not in ("GET", "HEAD") and "graphql" not in r.path
        ]

    # For the routes

    @property
    def now(self) -> datetime:
        """The server's clock: it goes on by a second with each thing that happens."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def tick(self) -> str:
        self._seconds += 1
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def next_id(self) -> int:
        self._ids += 1
        return 1000 + self._ids

    def next_number(self) -> int:
        return 1 + len(self.all_pulls)

    @property
    def owner(self) -> User:
        return self.users[self.repository.partition("/")[0].lower()]

    @property
    def bodies(self) -> Bodies:
        web = self.url.removesuffix(self.prefix)
        return Bodies(self.url, web, self.repository, self.repository_id)

    def _move(self, branch: str, sha: str) -> None:
        self.branches[branch] = sha
        for pull in self.all_pulls.values():
            if pull.head_ref == branch and pull.head_repository == self.repository:
                pull.head_sha = sha

    def _add(self, fault: Fault) -> None:
        with self.lock:
            self.faults.append(fault)

    def _text(self, start: str) -> str:
        return f"{start}{self.next_id():036d}"
