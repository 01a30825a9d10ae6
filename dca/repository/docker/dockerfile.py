"""Dockerfiles: stages, and the image that one stage makes.

The instructions are cut by dockerfile-parse. What it does not do is done around it: heredocs are
taken out first (`dockerfile_text`), variables are filled in as the Dockerfile reference says.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dca.repository.deployment.credentials import clean_text
from dca.repository.docker.dockerfile_text import (
    Instruction,
    application_metadata,
    instructions,
    substitute,
)
from dca.repository.facts import DockerfileFacts

_MAX_STAGES = 100
_MAX_VALUE = 4_000
_MAX_EXPANSION = 1 << 20
"""Characters that variables may expand to in one file: values that double each other explode."""
_SHELLS = frozenset(["sh", "bash", "ash", "dash", "zsh"])


@dataclass(frozen=True, slots=True)
class Stage:
    """One ``FROM`` and what follows it, variables filled in."""

    name: str
    line: int
    image: str | None
    """Image as written; None when a build argument leaves it unknown."""
    parent: int | None
    """Index of the earlier stage that it builds on."""
    copies_from: tuple[int, ...]
    """Earlier stages that it copies files from."""
    copies_external: bool
    """It copies from a stage or image at all."""
    instructions: tuple[Instruction, ...]
    environment: dict[str, str]
    """Its own and inherited ``ENV``."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed Dockerfile."""

    path: str
    stages: tuple[Stage, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    metadata_line: int = 0

    def index(self, target: str | None) -> int | None:
        """Index of a stage by name or number, the last one for None."""
        if target is None:
            return len(self.stages) - 1 if self.stages else None
        for index, stage in enumerate(self.stages):
            if stage.name and stage.name.lower() == target.lower():
                return index
        return int(target) if target.isdecimal() and int(target) < len(self.stages) else None

    def needed(self, index: int) -> tuple[int, ...]:
        """Stages that stage `index` is made from, itself included, in file order."""
        found: set[int] = set()
        waiting = [index]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                stage = self.stages[current]
                waiting.extend(stage.copies_from)
                waiting.extend([stage.parent] if stage.parent is not None else [])
        return tuple(sorted(found))

    def lineage(self, index: int) -> tuple[int, ...]:
        """Stage `index` and the stages it builds on, root first."""
        chain = [index]
        while (above := self.stages[chain[-1]].parent) is not None:
            chain.append(above)
        return tuple(reversed(chain))


def parse_dockerfile(
    path: str, text: str, arguments: Mapping[str, str] | None = None
) -> Dockerfile:
    """Parse a Dockerfile of any quality.

    Args:
        path: File in the repository.
        text: Its content.
        arguments: Build arguments that override the file's defaults.
    """
    reader = _Reader(dict(arguments or {}))
    for instruction in instructions(text):
        reader.add(instruction)
        if len(reader.stages) >= _MAX_STAGES:
            break
    reader.close_stage()
    metadata, line = application_metadata(text)
    return Dockerfile(path, tuple(reader.stages), metadata, line)


def image_facts(dockerfile: Dockerfile, target: str | None = None) -> DockerfileFacts:
    """What the image of one stage is: its root image, ports, start command and inputs."""
    index = dockerfile.index(target)
    if index is None:
        return DockerfileFacts(
            path=dockerfile.path, base_image=None, metadata=dict(dockerfile.metadata)
        )
    needed = dockerfile.needed(index) if target is not None else range(len(dockerfile.stages))
    inputs = [dockerfile.stages[number] for number in needed]
    lineage = [dockerfile.stages[number] for number in dockerfile.lineage(index)]
    start = _start(lineage)
    base = lineage[0].image
    lines = {"base_image": lineage[0].line, **start.lines}
    if dockerfile.metadata:
        lines["metadata"] = dockerfile.metadata_line
    return DockerfileFacts(
        path=dockerfile.path,
        base_image=clean_text(base) if base else None,
        build_images=tuple(image for stage in inputs if (image := _root_image(dockerfile, stage))),
        stages=tuple(stage.name for stage in dockerfile.stages),
        ports=start.ports,
        entrypoint=start.entrypoint,
        command=start.command,
        environment=dict(lineage[-1].environment),
        copied=tuple(source for stage in inputs for source in _copied(stage)),
        run_text="\n".join(_run_lines(inputs)),
        metadata=dict(dockerfile.metadata),
        lines=lines,
    )


@dataclass(slots=True)
class _Start:
    ports: tuple[int, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)


def _start(lineage: list[Stage]) -> _Start:
    """``EXPOSE``, ``ENTRYPOINT`` and ``CMD``, inherited from stage to stage."""
    start = _Start()
    for stage in lineage:
        for instruction in stage.instructions:
            if instruction.word == "EXPOSE":
                start.ports = tuple(dict.fromkeys((*start.ports, *_ports(instruction.value))))
                start.lines.setdefault("ports", instruction.line)
            elif instruction.word == "ENTRYPOINT":
                # An ENTRYPOINT resets the CMD that an image below it has set.
                start.entrypoint, start.command = words_of(instruction.value), ()
                start.lines["command"] = instruction.line
            elif instruction.word == "CMD":
                start.command = words_of(instruction.value)
                start.lines["command"] = instruction.line
    return start


def words_of(value: str) -> tuple[str, ...]:
    """Words of an exec or shell form; ``sh -c`` around them is taken off."""
    text = value.strip()
    if text.startswith("["):
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            loaded = None
        if isinstance(loaded, list):
            return unwrap_shell(tuple(str(word) for word in loaded))
    return split_shell(text)


def split_shell(text: str) -> tuple[str, ...]:
    """Words of a shell line; split at white space where its quotes do not match."""
    try:
        return tuple(shlex.split(text, comments=True))
    except ValueError:
        return tuple(text.split())


def unwrap_shell(words: tuple[str, ...]) -> tuple[str, ...]:
    """``["sh", "-c", "exec x y"]`` as the words of its script."""
    if len(words) >= 3 and words[0].rpartition("/")[2] in _SHELLS:
        for position in (1, 2):
            flag = words[position] if position < len(words) - 1 else ""
            if flag.startswith("-") and flag.endswith("c") and not flag.startswith("--"):
                return split_shell(words[position + 1])
    return words


@dataclass(slots=True)
class _Reader:
    """Gathers stages, one instruction after the other."""

    given: dict[str, str]
    stages: list[Stage] = field(default_factory=list)
    global_arguments: dict[str, str] = field(default_factory=dict)
    head: Instruction | None = None
    body: list[Instruction] = field(default_factory=list)
    budget: int = _MAX_EXPANSION

    def add(self, instruction: Instruction) -> None:
        """Take the next instruction."""
        if instruction.word == "FROM":
            self.close_stage()
            self.head, self.body = instruction, []
        elif self.head is not None:
            self.body.append(instruction)
        elif instruction.word == "ARG":
            self.global_arguments.update(self._arguments(instruction.value, {}))

    def close_stage(self) -> None:
        """The stage that is being read is complete."""
        if self.head is not None:
            self.stages.append(self._stage(self.head))
            self.head = None

    def fill(self, text: str, variables: Mapping[str, str]) -> str:
        """Fill in variables as long as all that was filled in stays bounded."""
        if "$" not in text or self.budget <= 0:
            return text
        filled = substitute(text, variables, keep_unknown=True)
        self.budget -= len(filled)
        return filled

    def _stage(self, head: Instruction) -> Stage:
        image, name = _from(head.value, self.global_arguments)
        names = {stage.name.lower(): number for number, stage in enumerate(self.stages)}
        names.pop("", None)
        parent = names.get((image or "").lower())
        environment = dict(self.stages[parent].environment) if parent is not None else {}
        scope: dict[str, str] = {}
        filled: list[Instruction] = []
        sources: list[str] = []
        for instruction in self.body:
            if instruction.word == "ARG":
                scope.update(self._arguments(instruction.value, {**scope, **environment}))
                continue
            # The shell would fill in those of RUN, CMD and ENTRYPOINT: the words are only read.
            value = self.fill(instruction.value, {**scope, **environment})
            if instruction.word == "ENV":
                environment.update(_pairs(value))
            source = _copy_source(instruction.word, value)
            sources.extend([source] if source is not None else [])
            filled.append(replace(instruction, value=value))
        copies = [
            int(text) if text.isdecimal() else names.get(text.lower(), -1) for text in sources
        ]
        known = tuple(number for number in copies if 0 <= number < len(self.stages))
        return Stage(
            name, head.line, image, parent, known, bool(sources), tuple(filled), environment
        )

    def _arguments(self, value: str, variables: Mapping[str, str]) -> dict[str, str]:
        """``ARG``: what the caller gave, else its default, else the argument before ``FROM``."""
        found: dict[str, str] = {}
        for word in split_shell(value):
            name, equals, default = word.partition("=")
            if name in self.given:
                found[name] = self.given[name]
            elif equals:
                filled = self.fill(default, {**self.global_arguments, **variables, **found})
                found[name] = filled[:_MAX_VALUE]
            elif name in self.global_arguments:
                found[name] = self.global_arguments[name]
        return found


def _from(value: str, variables: Mapping[str, str]) -> tuple[str | None, str]:
    parts = [part for part in value.split() if not part.startswith("--")]
    name = parts[2] if len(parts) >= 3 and parts[1].lower() == "as" else ""
    image = substitute(parts[0].strip("\"'"), variables) if parts else ""
    image = image.lstrip("/").removesuffix(":").removesuffix("@")
    return (image if image and not image.startswith((":", "@")) else None), name


def _pairs(value: str) -> dict[str, str]:
    """``ENV a=b c="d e"``, or the old form ``ENV a b``."""
    first, _, rest = value.strip().partition(" ")
    if "=" not in first:
        return {first: rest.strip()} if first else {}
    pairs = (word.partition("=") for word in split_shell(value))
    return {name: text[:_MAX_VALUE] for name, equals, text in pairs if equals}


def _copy_source(word: str, value: str) -> str | None:
    if word not in ("COPY", "ADD"):
        return None
    for part in value.split():
        if not part.startswith("--"):
            return None
        if part.startswith("--from="):
            return part.removeprefix("--from=")
    return None


def _copied(stage: Stage) -> list[str]:
    """Sources of ``COPY``/``ADD`` from the build context."""
    found: list[str] = []
    for instruction in stage.instructions:
        if (
            instruction.word in ("COPY", "ADD")
            and _copy_source(instruction.word, instruction.value) is None
        ):
            found.extend(source for source in _sources(instruction.value) if _is_local(source))
    return found


def _sources(value: str) -> list[str]:
    parts = value.split()
    while parts and parts[0].startswith("--"):
        parts.pop(0)
    rest = " ".join(parts)
    words = list(words_of(rest)) if rest.startswith("[") else list(split_shell(rest))
    return words[:-1]


def _is_local(source: str) -> bool:
    return bool(source) and "://" not in source and not source.startswith(("<<", "git@"))


def _ports(value: str) -> list[int]:
    ports: list[int] = []
    for word in value.split():
        first = word.partition("/")[0].partition("-")[0]
        if first.isascii() and first.isdecimal() and len(first) <= 5 and 0 < int(first) < 65536:
            ports.append(int(first))
    return ports


def _run_lines(stages: list[Stage]) -> list[str]:
    """``RUN`` lines, with a ``cd`` for each ``WORKDIR``: they say what is built where."""
    lines: list[str] = []
    for stage in stages:
        for instruction in stage.instructions:
            if instruction.word == "RUN":
                lines.extend([instruction.value, *instruction.heredoc])
            elif instruction.word == "WORKDIR":
                lines.append(f"cd {instruction.value}")
    return lines


def _root_image(dockerfile: Dockerfile, stage: Stage) -> str | None:
    while stage.parent is not None:
        stage = dockerfile.stages[stage.parent]
    return stage.image
