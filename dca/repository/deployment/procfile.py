"""Procfile: the process types of one directory."""

from __future__ import annotations

import re

from dca.repository.deployment.runs import Build, Run
from dca.repository.docker.dockerfile import split_shell
from dca.repository.paths import basename, parent
from schemas.context import FoundIn

_LINE = re.compile(r"^([A-Za-z0-9_-]{1,60}):\s+(\S.{0,2000})$")
_NOT_RUNNING = frozenset(["release", "console", "postdeploy", "preview", "test"])
"""Process types that run once or by hand."""


def is_procfile(path: str) -> bool:
    """Whether a file is the Procfile that is deployed (``Procfile.dev`` is for one machine)."""
    return basename(path) == "Procfile"


def processes(path: str, text: str) -> list[Run]:
    """The process types that keep running, at most 50."""
    found: list[Run] = []
    for number, line in enumerate(text[:64_000].splitlines(), start=1):
        match = _LINE.match(line.strip()[:2_100])
        if match and match[1].lower() not in _NOT_RUNNING:
            found.append(
                Run(
                    name=match[1],
                    found_in=FoundIn.PROCFILE,
                    path=path,
                    line=number,
                    build=Build(parent(path), None),
                    command=split_shell(match[2]),
                )
            )
    return found[:50]
