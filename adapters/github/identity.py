"""Whose comments ours are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from adapters.github.answers import Account, read_as
from adapters.github.faults import RequestError
from adapters.github.names import is_login
from adapters.github.session import Session
from schemas.errors import GitHubError

JOB_LOGIN: Final = "github-actions[bot]"
"""Whose name the token of a job of Actions signs with."""


class Identity:
    """The account that a token belongs to; asked for when it is needed, and once.

    Args:
        session: Requests.
        known: The account's name, where it is known: an app knows its own.
    """

    def __init__(self, session: Session, known: str | None = None) -> None:
        self._session, self._known = session, known

    def login(self) -> str:
        """The account's name.

        Bots may not ask ``GET /user``; they may ask the GraphQL API. Where that is not answered
        either, the token is taken for that of a job of Actions.

        Raises:
            GitHubError: The token is refused, or GitHub could not be asked.
        """
        if self._known is None:
            self._known = self._asked()
        return self._known

    def _asked(self) -> str:
        try:
            return read_as(Account, self._session.get("/user").data).login
        except RequestError as error:
            if error.status != HTTPStatus.FORBIDDEN or error.code != "github.refused":
                raise
        try:
            login = self._session.viewer()
        except GitHubError as error:
            if error.code in ("github.unreachable", "github.rate_limited"):
                raise
            return JOB_LOGIN
        return login if is_login(login) else JOB_LOGIN
