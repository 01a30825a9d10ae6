"""Commands without the two fields go on with what was asked last on the same pull request.

Nothing hidden in our own comment is used for that: what is sized is always what a person who may
push wrote in a comment that everybody can read, and whether that person still may is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ci.chatops.command import addressed, parse_command
from schemas.chatops import LOGIN_PATTERN, Command, Verb
from schemas.errors import UsageError
from schemas.github import IssueComment

MAX_AUTHORS = 20
"""Authors whose permission is asked for: strangers must not cost a request each without end."""


def completed(
    command: Command,
    earlier: Iterable[IssueComment],
    may_write: Callable[[str], bool],
) -> Command | None:
    """The command with the two fields.

    Args:
        command: What was asked now.
        earlier: Comments written before it, newest first.
        may_write: Whether an author may push.

    Returns:
        None when no command of somebody who may push has the fields.
    """
    if command.app_description is not None:
        return command
    permitted: dict[str, bool] = {}
    for comment in earlier:
        asked = _sizing(comment)
        if asked is None:
            continue
        if comment.author not in permitted:
            if len(permitted) == MAX_AUTHORS:
                return None
            permitted[comment.author] = may_write(comment.author)
        if permitted[comment.author]:
            return _joined(command, asked)
    return None


def _sizing(comment: IssueComment) -> Command | None:
    """The comment as a command to size with both fields; None when it is none."""
    person = re.fullmatch(LOGIN_PATTERN, comment.author) and not comment.author.endswith("[bot]")
    if not person or not addressed(comment.body):
        return None
    try:
        command = parse_command(comment.body)
    except UsageError:
        return None  # it was refused when it was written
    return command if command.verb is Verb.SIZE and command.app_description else None


def _joined(command: Command, asked: Command) -> Command:
    """What is asked now, over what was asked then.

    ``explain`` names its own component. ``apply`` without one writes what was shown, so it is held
    to the component that was asked for then.
    """
    return command.model_copy(
        update={
            "git_repo": asked.git_repo,
            "app_description": asked.app_description,
            "environment": command.environment or asked.environment,
            "component": command.component or asked.component,
        }
    )
