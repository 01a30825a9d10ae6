"""Whose requests they are: a token, or an app that is given one for one repository.

An app's token holds no more than is asked for here, and only for the one repository: what reads
cannot write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from github.Auth import AppAuth, AppAuthToken, Auth, Token

from adapters.github.answers import Installation, InstallationToken, read_as
from adapters.github.connection import Wire
from adapters.github.names import repository_root
from adapters.github.session import Session
from adapters.settings import Settings
from schemas.errors import SettingsError

READING: Final = {"metadata": "read", "contents": "read", "pull_requests": "read"}
WRITING: Final = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "checks": "write",
}

_LEVELS: Final = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request is signed with."""

    auth: Auth
    login: str | None
    """The account's name where it is known already: an app knows its own."""


def credentials(
    settings: Settings,
    wire: Wire,
    repository: str,
    wanted: Mapping[str, str],
    pause: Callable[[float], None] = time.sleep,
) -> Credentials:
    """The credentials for one repository.

    Args:
        settings: ``github_*``.
        wire: The connection, for an app to get its token.
        repository: ``owner/name``.
        wanted: What an app's token is to allow; a token that was given is taken as it is.
        pause: Waits so many seconds.

    Raises:
        SettingsError: None are set, or they cannot be used.
        GitHubError: The app is not installed there, or gets no token.
    """
    if settings.github_app_id is not None:
        return _of_app(settings, wire, repository, wanted, pause)
    if settings.github_token is None:
        raise SettingsError(
            "no credentials for GitHub are set",
            hint="Set AI_PROVISION_GITHUB_TOKEN (or GITHUB_TOKEN), or the credentials of an app.",
        )
    return Credentials(Token(_sendable(settings.github_token.get_secret_value())), None)


def _of_app(
    settings: Settings,
    wire: Wire,
    repository: str,
    wanted: Mapping[str, str],
    pause: Callable[[float], None],
) -> Credentials:
    assertion = _signed(settings.github_app_id or "", _private_key(settings))
    session = Session(settings, wire, AppAuthToken(assertion), pause)
    answer = session.get(f"{repository_root(repository)}/installation")
    installation = read_as(Installation, answer.data)
    # A permission that the app does not have may not be asked for; what needs it then fails alone.
    granted = {
        name: level
        for name, level in wanted.items()
        if _rank(installation.permissions.get(name, "")) >= _rank(level)
    }
    given = session.ask(
        "POST",
        f"/app/installations/{installation.id}/access_tokens",
        body={"repositories": [repository.partition("/")[2]], "permissions": granted},
    )
    token = _sendable(read_as(InstallationToken, given.data).token)
    return Credentials(Token(token), f"{installation.app_slug}[bot]")


def _rank(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else -1


def _private_key(settings: Settings) -> str:
    """The app's key, PEM.

    Raises:
        SettingsError: None is set, or its file cannot be read.
    """
    if settings.github_app_private_key is not None:
        # One line with \\n in it is how many secret stores keep a key.
        return settings.github_app_private_key.get_secret_value().replace("\\n", "\n")
    path = settings.github_app_private_key_file
    if path is None:
        raise SettingsError(
            "AI_PROVISION_GITHUB_APP_ID is set, and no private key",
            hint="Set AI_PROVISION_GITHUB_APP_PRIVATE_KEY, or …_FILE.",
        )
    try:
        return Path(path).read_text("ascii")
    except (OSError, UnicodeError):
        pass  # the text of the error might repeat what was read
    raise SettingsError(f"AI_PROVISION_GITHUB_APP_PRIVATE_KEY_FILE: {path} cannot be read as PEM")


def _signed(app_id: str, private_key: str) -> str:
    """A statement that the requests are the app's, good for the minutes that it takes to ask.

    Raises:
        SettingsError: The key cannot be used.
    """
    try:
        return AppAuth(app_id, private_key).create_jwt()
    except Exception:  # noqa: BLE001, S110 - of two libraries; their texts may hold the key
        pass
    raise SettingsError(
        "the private key of the GitHub App cannot be used",
        hint="It is the RSA key in PEM that GitHub generated for the app.",
    )


def _sendable(token: str) -> str:
    """A token that can stand in a header.

    Raises:
        SettingsError: It cannot; it is not repeated.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("the token for GitHub cannot be sent as a header")
    return token
