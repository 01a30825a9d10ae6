"""Which repository the single step reads, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.action_inputs import ActionInputs
from adapters.actions import ActionsRun
from adapters.settings import Settings
from ci.chatops.command import repository_slug
from pipeline.wiring import local_checkout, remote_checkout
from schemas.errors import SettingsError, UsageError
from schemas.ports import Checkout


@dataclass(frozen=True, slots=True)
class Source:
    """A repository that can be opened."""

    git_repo: str
    """Its address."""
    app: str
    """Host, owner and name: the key of its comment."""
    directory: Path | None
    """The checkout on this machine; None: it is fetched."""

    def open(self, settings: Settings) -> AbstractContextManager[Checkout]:
        """Make it readable; an address is fetched under the rules of the git adapter."""
        if self.directory is None:
            return remote_checkout(self.git_repo, None, settings)
        return _local(self.directory, self.git_repo)


def source_of(inputs: ActionInputs, run: ActionsRun) -> Source:
    """The workflow's own checkout, or the other repository that the input names.

    Raises:
        SettingsError: The input is no address of a repository.
        UsageError: There is neither an input nor a repository that the workflow belongs to.
    """
    own = f"{run.server_url.rstrip('/')}/{run.repository}" if run.repository else None
    address = inputs.git_repo or own
    if address is None:
        raise UsageError(
            "it is not known which repository this is",
            code="input.invalid",
            hint="Run in a workflow, which sets GITHUB_REPOSITORY, or give the input git-repo.",
        )
    own_slug = f"{run.server}/{run.repository}".lower() if own else None
    slug = own_slug if inputs.git_repo is None else _slug(address)
    is_own = slug == own_slug
    return Source(address, slug or "", inputs.working_directory if is_own else None)


def _slug(address: str) -> str:
    try:
        return repository_slug(address)
    except UsageError as error:
        raise SettingsError(
            "the input git-repo is not an address of the form https://host/owner/repository",
            code="input.invalid",
        ) from error


@contextmanager
def _local(directory: Path, url: str) -> Iterator[Checkout]:
    """The checkout, shown under the repository's own address."""
    with local_checkout(directory) as checkout:
        yield replace(checkout, url=url)
