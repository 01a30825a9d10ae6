"""The grammar of a comment.

The command stands on the first line and nowhere else::

    /ai-provision [help | explain COMPONENT | apply] [env=…] [component=…] [sha=…]
    git_repo: "https://github.com/acme/shop"
    app_description: "Inventory service, 2000 QPS peak, strong consistency"

A quote (``> /ai-provision``), a code fence above it, a blank before it or another word
(``/ai-provisioning``) is no command. The first line is split as a shell would split it, so a
component's name may be quoted. The two fields below are read as everywhere else
(`dca.trigger`); in a comment ``git_repo`` has to be ``https://host/owner/repository``.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence

from dca.trigger import parse_trigger
from dca.trigger_fields import clean, refuse_characters
from schemas.chatops import Command, Verb
from schemas.errors import UsageError
from schemas.trigger import Environment, Trigger

MAX_FIRST_LINE = 1000
"""A verb and three options; the longest component name has 253 characters."""
MAX_COMPONENT = 253
FORMS = (
    "/ai-provision [env=dev|staging|prod] [component=NAME] [sha=HEX], "
    "/ai-provision explain COMPONENT, /ai-provision apply sha=HEX, /ai-provision help"
)
_ADDRESSED = re.compile(r"(?ai:/ai-provision)(?=\s|\Z)")
_LINE_END = re.compile(r"\r?\n")
_OPTIONS = ("env", "component", "sha")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_REPOSITORY = re.compile(
    r"https://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)"
    r"/(?P<owner>[A-Za-z0-9_][A-Za-z0-9._-]{0,99})"
    r"/(?P<name>[A-Za-z0-9_.-]{1,100}?)(?:\.git)?/?"
)


def addressed(body: str) -> bool:
    """Whether a comment speaks to ai-provision at all; says nothing about the rest of it."""
    return _ADDRESSED.match(body) is not None


def parse_command(body: str) -> Command:
    """Read a comment that is `addressed`.

    Returns:
        The command. Without the two fields `git_repo` and `app_description` are None.

    Raises:
        UsageError: One sentence that names what is wrong, with the right form as the hint.
    """
    if not addressed(body):
        raise _refused("none", "the first line is no /ai-provision command")
    first, *below = _LINE_END.split(body, maxsplit=1)
    words, options = _first_line(first)
    refuse_characters(body, "the comment")
    verb, component = _verb(words)
    if verb is Verb.HELP:
        if options:
            raise _refused("option", "help takes no options")
        return Command(verb=verb)
    if verb is Verb.APPLY and "sha" not in options:
        raise _refused(
            "sha", "apply needs sha=, the commit whose numbers are to be applied", _APPLY_HINT
        )
    if component is not None and "component" in options:
        raise _refused("duplicate", "explain names its component once, without component=")
    trigger = _two_fields("".join(below))
    return Command(
        verb=verb,
        git_repo=trigger.git_repo if trigger else None,
        app_description=trigger.app_description if trigger else None,
        environment=_environment(options.get("env")),
        component=component or options.get("component"),
        sha=_sha(options.get("sha")),
    )


def repository_slug(git_repo: str) -> str:
    """Host, owner and name of a repository in lower case: one spelling for each.

    >>> repository_slug("https://GitHub.com/Acme/Shop.git")
    'github.com/acme/shop'

    Raises:
        UsageError: Not ``https://host/owner/repository``.
    """
    match = _REPOSITORY.fullmatch(git_repo)
    if match is None or match["name"].strip(".") == "" or ".." in match["host"]:
        raise _refused(
            "git_repo",
            "git_repo is not an address of the form https://host/owner/repository",
            "No user name, port, query or deeper path may stand in it.",
        )
    return f"{match['host']}/{match['owner']}/{match['name']}".lower()


_APPLY_HINT = "Copy the command from the end of the sizing comment."


def _refused(code: str, message: str, hint: str = f"It takes: {FORMS}") -> UsageError:
    return UsageError(message, code=f"command.{code}", hint=hint)


def _first_line(line: str) -> tuple[list[str], dict[str, str]]:
    """The words before the options, and the options."""
    if len(line) > MAX_FIRST_LINE:
        raise _refused("too_long", f"the first line is longer than {MAX_FIRST_LINE} characters")
    hidden = next((char for char in line if _hidden(char)), None)
    if hidden is not None:
        raise _refused(
            "character", f"the first line contains the invisible character U+{ord(hidden):04X}"
        )
    try:
        parts = shlex.split(clean(line)[len("/ai-provision") :])
    except ValueError as error:
        raise _refused("quote", "a quote on the first line never closes") from error
    words: list[str] = []
    options: dict[str, str] = {}
    for part in parts:
        if "=" in part:
            _add_option(part, options)
        elif options:
            raise _refused("order", f"{part[:40]!r} stands after the options; verbs come first")
        else:
            words.append(part)
    return words, options


def _hidden(char: str) -> bool:
    return char != "\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _add_option(part: str, options: dict[str, str]) -> None:
    name, _, value = part.partition("=")
    if name not in _OPTIONS:
        raise _refused("option", f"{name[:40]!r} is no option of /ai-provision")
    if name in options:
        raise _refused("duplicate", f"{name}= is given twice")
    if not value.strip():
        raise _refused("option", f"{name}= has no value")
    options[name] = _component(value) if name == "component" else value


def _verb(words: Sequence[str]) -> tuple[Verb, str | None]:
    """What is asked for, and the component that ``explain`` names."""
    match words:
        case []:
            return Verb.SIZE, None
        case ["help"]:
            return Verb.HELP, None
        case ["apply"]:
            return Verb.APPLY, None
        case ["explain", name]:
            return Verb.EXPLAIN, _component(name)
        case ["explain", *_]:
            raise _refused("component", "explain names one component: /ai-provision explain api")
        case ["help" | "apply" as verb, more, *_]:
            raise _refused("word", f"{more[:40]!r} does not belong after {verb}")
        case [other, *_]:
            raise _refused("verb", f"{other[:40]!r} is nothing that /ai-provision can do")
    raise AssertionError(words)  # a sequence is empty, or has a first word


def _component(name: str) -> str:
    if not name.strip() or len(name) > MAX_COMPONENT:
        raise _refused("component", f"a component's name has 1 to {MAX_COMPONENT} characters")
    return name.strip()


def _environment(value: str | None) -> Environment | None:
    if value is None:
        return None
    known: Mapping[str, Environment] = {item.value: item for item in Environment}
    if value not in known:
        raise _refused("env", f"{value[:40]!r} is no environment", f"Write env={'|'.join(known)}.")
    return known[value]


def _sha(value: str | None) -> str | None:
    if value is None:
        return None
    if not _SHA.fullmatch(value.lower()):
        raise _refused("sha", f"sha={value[:70]} is not 7 to 64 hexadecimal digits", _APPLY_HINT)
    return value.lower()


def _two_fields(below: str) -> Trigger | None:
    """The fields below the first line; None when there is nothing."""
    if not clean(below).strip():
        return None
    # With a command of its own above them, so that lines count as the reader sees them, and a
    # second command further down is refused and not obeyed.
    trigger = parse_trigger(f"/ai-provision\n{below}")
    repository_slug(trigger.git_repo)
    return trigger
