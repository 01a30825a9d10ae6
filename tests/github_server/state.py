"""What the fake remembers."""

from dataclasses import dataclass, field
from typing import Any

ROLES = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass
class User:
    """An account."""

    login: str
    id: int
    role: str = "none"
    """On the repository: one of `ROLES`."""
    role_name: str = ""
    """Of a custom role; else the role's own name."""
    type: str = "User"

    def at_least(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str | None
    author: str
    head_ref: str
    head_sha: str
    head_repository: str | None
    """None when the fork is gone."""
    base_ref: str
    base_sha: str
    created_at: str
    state: str = "open"
    locked: bool = False
    draft: bool = False


@dataclass
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    """Of the pull request."""
    author: str
    body: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Reaction:
    """A reaction to a comment."""

    id: int
    comment_id: int
    author: str
    content: str
    created_at: str


@dataclass
class CheckRun:
    """A check run."""

    id: int
    head_sha: str
    name: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    text: str | None
    details_url: str | None
    external_id: str
    started_at: str
    completed_at: str | None
    app_login: str
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class App:
    """A GitHub App that is installed on the repository."""

    id: int
    slug: str
    private_key: str
    """PEM."""
    public_key: str = field(repr=False)
    installation_id: int = 0
    permissions: dict[str, str] = field(default_factory=dict)

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"


@dataclass(frozen=True)
class Token:
    """Who sends a request, and what it may do."""

    text: str
    login: str
    kind: str
    """``job``, ``installation``, ``personal``, or ``app`` (a signed JWT)."""
    permissions: dict[str, str] = field(default_factory=dict)
    app: App | None = None


@dataclass(frozen=True)
class Request:
    """A request as it came in, and the status that it was answered with; 0 for a cut one."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str | None
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = field(default=None, repr=False)
    """The JSON that was answered, or would have been."""
