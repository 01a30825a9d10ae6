"""The parts of GitHub's answers that are read; all else is ignored, and a lack is an error.

The fields are those of GitHub's REST API description, version 2022-11-28.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt, StrictStr, ValidationError

from schemas.errors import GitHubError


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Account(_Answer):
    """A user or bot."""

    login: StrictStr


class Rights(_Answer):
    """``user.permissions`` of a collaborator."""

    push: StrictBool


class Collaborator(Account):
    """A user, with what it may do where the server tells."""

    permissions: Rights | None = None


class Permission(_Answer):
    """``GET …/collaborators/{login}/permission``."""

    permission: StrictStr
    user: Collaborator | None = None


class Repository(_Answer):
    """A repository."""

    full_name: StrictStr


class Head(_Answer):
    """The head of a pull request."""

    ref: StrictStr
    sha: StrictStr
    repo: Repository | None


class Base(_Answer):
    """The base of a pull request."""

    ref: StrictStr
    sha: StrictStr
    repo: Repository


class PullRequest(_Answer):
    """``GET …/pulls/{number}``."""

    number: StrictInt
    title: StrictStr
    body: StrictStr | None
    state: StrictStr
    locked: StrictBool
    draft: StrictBool = False
    head: Head
    base: Base
    html_url: StrictStr


class Comment(_Answer):
    """A comment of an issue or pull request; its author is gone when there is none."""

    id: StrictInt
    body: StrictStr | None = None
    user: Account | None
    html_url: StrictStr
    created_at: StrictStr
    updated_at: StrictStr


class TreeEntry(_Answer):
    """What a tree says about one name."""

    path: StrictStr
    mode: StrictStr
    sha: StrictStr
    size: StrictInt | None = None


class Tree(_Answer):
    """``GET …/git/trees/{sha}``."""

    tree: tuple[TreeEntry, ...]
    truncated: StrictBool


class Blob(_Answer):
    """``GET …/git/blobs/{sha}``."""

    content: StrictStr
    encoding: StrictStr


class Target(_Answer):
    """The object of a reference."""

    sha: StrictStr


class Reference(_Answer):
    """``GET …/git/ref/{ref}``."""

    object: Target


class FileCommit(_Answer):
    """``PUT …/contents/{path}``."""

    commit: Target


class Output(_Answer):
    """The output of a check run."""

    annotations_count: StrictInt


class CheckRun(_Answer):
    """A check run."""

    id: StrictInt
    html_url: StrictStr | None
    output: Output


class Installation(_Answer):
    """``GET …/installation``."""

    id: StrictInt
    app_slug: StrictStr
    permissions: dict[str, str]


class InstallationToken(_Answer):
    """``POST /app/installations/{id}/access_tokens``."""

    token: StrictStr


class Viewer(_Answer):
    """Who asks, of the GraphQL API."""

    viewer: Account


class ViewerAnswer(_Answer):
    """The answer to ``query { viewer { login } }``."""

    data: Viewer


T = TypeVar("T", bound=_Answer)


def read_as(kind: type[T], data: Any) -> T:  # noqa: ANN401 - parsed JSON
    """Parsed JSON as what it should be.

    Raises:
        GitHubError: ``github.invalid``: it is something else.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in details["loc"]) or "the whole"
    raise GitHubError(
        f"GitHub's answer cannot be read: {where}: {details['msg']}",
        code="github.invalid",
        hint="Check that AI_PROVISION_GITHUB_API_URL is the REST API.",
    )
