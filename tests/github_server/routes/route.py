"""A route, and the request that it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.github_server.answers import Answer, error, invalid
from tests.github_server.state import Token, User

if TYPE_CHECKING:
    from tests.github_server.bodies import Bodies
    from tests.github_server.fake import FakeGitHub


@dataclass(frozen=True)
class Call:
    """A request on its way to the function that serves it."""

    github: FakeGitHub
    token: Token | None
    names: dict[str, str]
    """The parts of the path that vary."""
    query: dict[str, str]
    body: Any

    @property
    def bodies(self) -> Bodies:
        return self.github.bodies

    @property
    def login(self) -> str:
        if self.token is None:
            raise error(401, "Requires authentication")
        return self.token.login

    def user(self, login: str) -> User:
        return self.github.users[login.lower()]

    def field(self, name: str, kind: type = str, resource: str = "Request") -> Any:
        """A field of the body that must be there."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(value, kind) or value == "":
            raise invalid(resource, name, code="missing_field")
        return value


@dataclass(frozen=True)
class Route:
    """Method, path, and the permissions of which one is needed."""

    method: str
    pattern: str
    serve: Callable[[Call], Answer]
    needs: tuple[tuple[str, str], ...] = (("metadata", "read"),)
    kind: str = "token"
    """``token``; ``app``: a signed JWT; ``any``: the function itself decides."""


def either(level: str, *names: str) -> tuple[tuple[str, str], ...]:
    """Any of these permissions at this level."""
    return tuple((name, level) for name in names)
