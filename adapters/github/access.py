"""Opens a repository for reading or for writing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from adapters.github.connection import Wire
from adapters.github.credentials import READING, WRITING, credentials
from adapters.github.identity import Identity
from adapters.github.names import repository_root
from adapters.github.reader import RepositoryReader
from adapters.github.session import Session
from adapters.github.writer import RepositoryWriter
from adapters.settings import Settings
from schemas.github import GitHubReader, GitHubWriter


def open_reader(
    settings: Settings, repository: str, pause: Callable[[float], None] = time.sleep
) -> GitHubReader:
    """An object that reads one repository, and has no method that writes.

    Args:
        settings: ``github_*``.
        repository: ``owner/name``.
        pause: Waits so many seconds, between a try and the next.

    Raises:
        SettingsError: No credentials are set, or they or the address cannot be used.
        GitHubError: The repository's name is none, or the app gets no token for it.
    """
    return RepositoryReader(*_connected(settings, repository, READING, pause))


def open_writer(
    settings: Settings, repository: str, pause: Callable[[float], None] = time.sleep
) -> GitHubWriter:
    """An object that writes to one repository.

    Args:
        settings: ``github_*``.
        repository: ``owner/name``.
        pause: Waits so many seconds, between a try and the next.

    Raises:
        SettingsError: No credentials are set, or they or the address cannot be used.
        GitHubError: The repository's name is none, or the app gets no token for it.
    """
    return RepositoryWriter(*_connected(settings, repository, WRITING, pause))


def _connected(
    settings: Settings, repository: str, wanted: Mapping[str, str], pause: Callable[[float], None]
) -> tuple[Session, str, Identity]:
    """A session that may do what is wanted, the root of the addresses, and who asks."""
    root = repository_root(repository)
    wire = Wire(settings)
    known = credentials(settings, wire, repository, wanted, pause)
    session = Session(settings, wire, known.auth, pause)
    return session, root, Identity(session, known.login)
