"""Start commands: the words of the program that really runs, wrappers taken off.

Nothing is run. A script of the repository that a Dockerfile starts is read as text for its last
``exec`` line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dca.repository.docker.dockerfile import split_shell, unwrap_shell
from dca.repository.docker.dockerfile_text import substitute

_MAX_WORDS = 400
_PLAIN_WRAPPERS = frozenset(
    ["exec", "tini", "dumb-init", "catatonit", "pid1", "sudo", "nohup", "time", "command", "setsid"]
)
"""Start the rest of the line; their options have no separate value."""
_USER_WRAPPERS = frozenset(["su-exec", "gosu", "chroot", "setpriv"])
"""Start the rest of the line after one word that names a user."""
_TOOL_RUNNERS: dict[str, frozenset[str]] = {
    "poetry": frozenset(["run"]),
    "pipenv": frozenset(["run"]),
    "uv": frozenset(["run"]),
    "pdm": frozenset(["run"]),
    "rye": frozenset(["run"]),
    "hatch": frozenset(["run"]),
    "bundle": frozenset(["exec"]),
    "npx": frozenset([""]),
    "pnpm": frozenset(["exec", "dlx"]),
    "opentelemetry-instrument": frozenset([""]),
    "ddtrace-run": frozenset([""]),
    "newrelic-admin": frozenset(["run-program"]),
    "doppler": frozenset(["run"]),
    "chamber": frozenset(["exec"]),
    "infisical": frozenset(["run"]),
    "dotenv": frozenset(["run"]),
    "dockerize": frozenset([""]),
}
"""Environment managers and agents: the words between the tool and the program."""
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_WORD_VARIABLE = re.compile(r"^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$")
_SPLIT = re.compile(r"\s*(?:&&|\|\||;|\n)\s*")
_CASE = re.compile(r"^case\s+[\"']?\$\{?1\b[^\s]{0,60}\s+in\b")
_LABEL = re.compile(r"^\(?([\w*\"'.:-]{1,60}(?:\s*\|\s*[\w*\"'.:-]{1,60}){0,10})\s*\)\s*(.*)$")
_SERVING_BRANCHES = ("api", "web", "server", "serve", "app", "start", "run")
_PROGRAMS = frozenset(
    [
        *["python", "python3", "gunicorn", "uvicorn", "hypercorn", "celery", "java", "node", "npm"],
        *["yarn", "pnpm", "bundle", "poetry", "uv", "pipenv", "puma", "sidekiq", "ruby", "rails"],
        *["php", "php-fpm", "apache2-foreground", "nginx", "httpd", "apachectl", "dotnet", "mix"],
        *["supervisord", "flask", "streamlit", "uwsgi", "postgres", "redis-server", "catalina.sh"],
    ]
)
_SET_UP = frozenset(
    [
        *[
            "cd",
            "echo",
            "set",
            "export",
            "source",
            ".",
            "mkdir",
            "chown",
            "chmod",
            "cp",
            "mv",
            "rm",
        ],
        *["ln", "sleep", "wait", "trap", "if", "then", "fi", "else", "elif", "for", "do", "done"],
        *["while", "case", "esac", "test", "[", "[[", "local", "return", "printf", "exit", "umask"],
        *[
            "ulimit",
            "touch",
            "cat",
            "sed",
            "envsubst",
            "unset",
            "shift",
            "true",
            "wait-for-it",
            "fi;",
        ],
        *[
            "nc",
            "until",
            "ls",
            "tee",
            "read",
            "eval",
            "function",
            "shopt",
            "id",
            "whoami",
            "}",
            "{",
        ],
        *["curl", "wget", "grep", "find", "date", "declare", "break", "continue", "openssl", ":"],
    ]
)
"""Shell words and helpers that only prepare the start."""


def words_from(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever a YAML file holds
    """Words of a ``command`` or ``args`` value: a list, or text as a shell would split it."""
    if isinstance(value, str):
        return split_shell(value[:20_000])[:_MAX_WORDS]
    if isinstance(value, list):
        return unwrap_shell(tuple(str(word) for word in value[:_MAX_WORDS] if word is not None))
    return ()


def start_words(words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The program and its arguments: shells, init programs and environment managers taken off.

    >>> start_words(("tini", "--", "env", "A=1", "bundle", "exec", "puma", "-w", "3"), {})
    ('puma', '-w', '3')
    """
    current = _last_command(_expand(words, environment))
    for _ in range(12):
        shorter = _peel(unwrap_shell(current))
        if shorter == current or not shorter:
            break
        current = shorter
    return current[:_MAX_WORDS]


def script_start(text: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What a shell script starts at its end.

    Args:
        text: The script.
        arguments: The words that the script is given; they stand for ``"$@"``.

    Returns:
        The words of the last ``exec``, else of the last line that is no preparation; empty when
        there is none.
    """
    lines = _chosen_branch(_logical_lines(text), arguments)
    candidates = [line for line in lines if line.startswith("exec ")]
    candidates = candidates or [line for line in lines if "|" not in line and _starts_program(line)]
    for line in reversed(candidates):
        if line.startswith(("exec <", "exec >", "exec 2>", "exec 3>", "exec &")):
            continue
        line = line.removeprefix("exec ").rstrip("&;")
        words = _with_arguments(split_shell(line), arguments)
        if words:
            return words
    return ()


def _chosen_branch(lines: list[str], arguments: tuple[str, ...]) -> list[str]:
    """The script without the branches of ``case "$1" in`` that its first argument does not choose.

    Images with several programs have such a script. Without an argument the branch that serves is
    taken, since the others are started by name.
    """
    start = next((n for n, line in enumerate(lines) if _CASE.match(line)), None)
    if start is None:
        return lines
    branches: list[tuple[tuple[str, ...], list[str]]] = []
    end = len(lines)
    for number in range(start + 1, len(lines)):
        if lines[number].startswith("esac"):
            end = number
            break
        label = _LABEL.match(lines[number])
        if label is not None:
            names = tuple(name.strip(" \"'") for name in label[1].split("|"))
            branches.append((names, [label[2]] if label[2] else []))
        elif branches:
            branches[-1][1].append(lines[number])
    wanted = arguments[:1] or _SERVING_BRANCHES
    for word in (*wanted, "*") if arguments else wanted:
        for names, body in branches:
            if word in names:
                return lines[:start] + [line.removesuffix(";;").strip() for line in body]
    return lines[:start] + lines[end + 1 :]


def _logical_lines(text: str) -> list[str]:
    joined = text[:64_000].replace("\\\r\n", " ").replace("\\\n", " ")
    lines: list[str] = []
    for line in joined.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            lines.append(stripped)
    return lines


def _starts_program(line: str) -> bool:
    first = line.split(None, 1)[0]
    # A plain word may be a function of the script: only what is surely a program counts.
    if "/" not in first and first not in _PROGRAMS:
        return False
    return (
        first not in _SET_UP
        and not _ASSIGNMENT.match(first)
        and not first.endswith((")", "()", ";;", "{"))
        and re.match(r"^[\w./${}\"@*-]+$", first) is not None
    )


def _with_arguments(words: tuple[str, ...], arguments: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for word in words:
        if word in ("$@", "$*", "${@}", "$1"):
            found.extend(arguments)
        else:
            found.append(word)
    return tuple(found)


def _expand(words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Fill in variables; one that makes up a whole word is split into words."""
    found: list[str] = []
    for word in words[:_MAX_WORDS]:
        if "$" not in word:
            found.append(word)
            continue
        whole = _WORD_VARIABLE.match(word)
        if whole and whole[1] in environment:
            found.extend(split_shell(environment[whole[1]][:4_000]))
        else:
            found.append(substitute(word, environment, keep_unknown=True)[:4_000])
    return tuple(found)


def _last_command(words: tuple[str, ...]) -> tuple[str, ...]:
    """The last command of a shell list that is no preparation (``cd /app && exec x``)."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", "||", ";", "|", "&"):
            commands.append([])
        elif word.endswith(";") and len(word) > 1:
            commands[-1].append(word[:-1])
            commands.append([])
        else:
            commands[-1].append(word)
    useful = [command for command in commands if command and command[0] not in _SET_UP]
    chosen = [command for command in useful if command[0] == "exec"] or useful
    return tuple(chosen[-1]) if chosen else words


def _peel(words: tuple[str, ...]) -> tuple[str, ...]:
    """Take one wrapper off."""
    if not words:
        return words
    if _ASSIGNMENT.match(words[0]):
        return words[1:]
    program = words[0].rpartition("/")[2]
    if program in _PLAIN_WRAPPERS:
        return _after_options(words[1:])
    if program == "env":
        return _after_options(words[1:])
    if program in _USER_WRAPPERS:
        return _after_options(words[1:])[1:] or words
    return _peel_tool(program, words)


def _peel_tool(program: str, words: tuple[str, ...]) -> tuple[str, ...]:
    verbs = _TOOL_RUNNERS.get(program)
    if verbs is None:
        return words
    if "" in verbs:
        return _after_options(words[1:]) or words
    rest = _after_options(words[1:])
    if rest and rest[0] in verbs:
        return _after_options(rest[1:]) or words
    return words


def _after_options(words: tuple[str, ...]) -> tuple[str, ...]:
    position = 0
    while position < len(words) and words[position].startswith("-"):
        position += 1
        if words[position - 1] == "--":
            break
    return words[position:]
