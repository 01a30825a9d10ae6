"""Which Dockerfiles are services: variants are joined, helpers are left out.

A helper only builds, tests or generates: its path or name says so, it is the base of another
Dockerfile of the repository, or it packs nothing and starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dca.repository.deployment.runs import Build, image_name
from dca.repository.docker.dockerfile import Dockerfile, image_facts, parse_dockerfile
from dca.repository.docker.image_words import (
    HELPERS,
    LAST_CHOICE,
    OTHER_FORMATS,
    PREFERRED,
    PRODUCTION,
    SYSTEMS,
    TEST_MODULES,
    TEST_STARTS,
    TOOLS,
    VARIANTS,
)
from dca.repository.docker.origin import Layout, origin_of
from dca.repository.facts import DockerfileFacts
from dca.repository.paths import (
    basename,
    is_example,
    is_test,
    is_tooling,
    parent,
    telling_part,
    words,
)
from schemas.context import Note
from schemas.ports import FileTree

_FILE = re.compile(
    r"^(?:docker|container)file(?:[._-].*|[A-Z].*)?$|^.*[._-]?(?:docker|container)file$", re.I
)


MAX_DOCKERFILES = 1_000
"""Each is compared with all that runs; the largest public repositories have some three hundred."""


@dataclass(frozen=True, slots=True)
class ImageUnit:
    """One image that the repository builds."""

    facts: DockerfileFacts
    source_path: str
    names: tuple[str, ...]
    """What it may be called, best first; empty for a Dockerfile in the root."""
    target: str | None = None
    variants: tuple[str, ...] = ()
    """Other Dockerfiles of the same service."""
    example: bool = False
    unplaced: bool = False
    """It packs build output of a module that it does not name: any module may use it."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    file: Dockerfile
    group: str
    suffix: str
    variant: tuple[str, ...]


@dataclass(slots=True)
class Images:
    """The services among the Dockerfiles, and what was left out."""

    units: list[ImageUnit] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    parsed: dict[str, Dockerfile] = field(default_factory=dict)


def is_dockerfile(path: str) -> bool:
    """Whether a file is named like a Dockerfile."""
    name = basename(path)
    if len(name) > 100 or not _FILE.match(name):
        return False
    return name.lower().rpartition(".")[2] not in OTHER_FORMATS or "." not in name


def read_images(files: FileTree, tree: Layout, builds: Sequence[Build]) -> Images:
    """Read all Dockerfiles and choose those that are services.

    Args:
        files: The repository.
        tree: Its layout.
        builds: What compose files and build tools say of builds.
    """
    images = Images()
    named = {build.dockerfile for build in builds if build.dockerfile in tree.files}
    paths = sorted(
        {path for path in tree.paths if is_dockerfile(path)} | {path for path in named if path}
    )
    if len(paths) > MAX_DOCKERFILES:
        said = f"only the first {MAX_DOCKERFILES} of {len(paths)} Dockerfiles are read"
        images.notes.append(Note(code="skipped.dockerfile", message=said))
    groups: dict[tuple[str, str], list[_Candidate]] = {}
    for path in sorted(paths, key=lambda item: item.count("/"))[:MAX_DOCKERFILES]:
        text = files.read_text(path)
        if text is None:
            reason = next(
                (item.reason for item in files.skipped if item.path == path), "unreadable"
            )
            images.notes.append(Note(code="skipped.dockerfile", message=f"{path}: {reason}"[:900]))
            continue
        images.parsed[path] = parse_dockerfile(path, text)
        candidate = _candidate(images.parsed[path])
        if candidate is not None and candidate.file.stages:
            groups.setdefault((candidate.group, candidate.suffix), []).append(candidate)
    bases = _used_as_base(images.parsed.values())
    contexts = {build.dockerfile: build.context for build in builds if build.dockerfile}
    for candidates in groups.values():
        images.units.extend(_units(candidates, tree, builds, contexts, bases))
    images.units = _without_doubles(_without_examples(images.units))
    return images


def _candidate(file: Dockerfile) -> _Candidate | None:
    """Place a Dockerfile in its group; None for one that only tests, builds or generates."""
    directory = parent(file.path)
    if is_test(directory) or is_tooling(directory):
        return None
    name = re.sub(r"(docker|container)file", " ", basename(file.path), flags=re.IGNORECASE)
    suffix = [word for word in words(name) if not word.isdecimal()]
    if HELPERS & set(suffix):
        return None
    variant = [word for word in suffix if word in VARIANTS]
    service = "-".join(word for word in suffix if word not in VARIANTS)
    group = directory
    own = words(basename(directory))
    if own and all(word in VARIANTS or word.isdecimal() for word in own) and "/" in directory:
        group = parent(directory)
        variant += [word for word in own if not word.isdecimal()]
    return _Candidate(file, group, service, tuple(variant))


def _order(candidate: _Candidate) -> tuple[int, int, str]:
    joined = "-".join(candidate.variant)
    if joined in PREFERRED:
        return 0, PREFERRED.index(joined), candidate.file.path
    last = bool(LAST_CHOICE & set(candidate.variant))
    return 1 + last, len(candidate.variant), candidate.file.path


def _units(
    candidates: list[_Candidate],
    tree: Layout,
    builds: Sequence[Build],
    contexts: dict[str, str],
    bases: frozenset[tuple[str, ...]],
) -> list[ImageUnit]:
    ordered = sorted(candidates, key=_order)
    chosen = ordered[0]
    others = tuple(candidate.file.path for candidate in ordered[1:])
    wanted = {
        build.target for build in builds if build.dockerfile == chosen.file.path and build.target
    }
    found: list[ImageUnit] = []
    for target in _targets(chosen.file, wanted):
        facts = image_facts(chosen.file, target)
        if _is_helper(chosen.file, facts, target) or _path_words(chosen) in bases:
            continue
        hint = chosen.suffix or target or telling_part(chosen.group)
        source = origin_of(facts, tree, hint, contexts.get(chosen.file.path))
        names = [target or "", chosen.suffix, telling_part(chosen.group), telling_part(source)]
        if source == ".":
            names = [target or "", chosen.suffix, telling_part(chosen.group)]
        found.append(
            ImageUnit(
                facts=facts,
                source_path=source,
                names=tuple(dict.fromkeys(name for name in names if name)),
                target=target,
                variants=others,
                example=is_example(chosen.file.path) or is_example(chosen.suffix),
                unplaced=_is_unplaced(facts, tree, source),
            )
        )
    return found


def _path_words(candidate: _Candidate) -> tuple[str, ...]:
    return tuple(word for part in candidate.group.split("/") for word in words(part)) + words(
        candidate.suffix
    )


def _targets(file: Dockerfile, wanted: set[str]) -> list[str | None]:
    """Stages that are services of their own; ``[None]`` for a file that makes one image."""
    used = {number for stage in file.stages for number in stage.copies_from}
    used |= {stage.parent for stage in file.stages if stage.parent is not None}
    ends: list[str | None] = [
        stage.name
        for number, stage in enumerate(file.stages)
        if (number not in used or stage.name in wanted)
        and stage.name
        and not (set(words(stage.name)) & (VARIANTS | HELPERS))
        and any(item.word in ("CMD", "ENTRYPOINT") for item in stage.instructions)
    ]
    if len(ends) >= 2:
        return ends
    last = file.stages[-1].name
    if set(words(last)) & (HELPERS | LAST_CHOICE):
        better = [s.name for s in file.stages if s.name and PRODUCTION & set(words(s.name))]
        return [better[-1]] if better else [None]
    return [None]


def _used_as_base(files: Iterable[Dockerfile]) -> frozenset[tuple[str, ...]]:
    """Names of the images that Dockerfiles build on, as words."""
    found: set[tuple[str, ...]] = set()
    for file in files:
        for stage in file.stages:
            if stage.image and stage.parent is None:
                found.add(words(image_name(stage.image).rpartition("/")[2]))
    return frozenset(name for name in found if len(name) >= 2)


def _is_helper(file: Dockerfile, facts: DockerfileFacts, target: str | None) -> bool:
    start = (*facts.entrypoint, *facts.command)
    if start:
        program = start[0].rpartition("/")[2]
        if len(start) == 1 and program in TOOLS:
            return True
        if program.startswith("python") and start[1:2] == ("-m",) and TEST_MODULES & {*start[2:3]}:
            return True
        if program in ("protoc", "buf", "golangci-lint", "pytest", "cypress", "tox"):
            return True
        return any(start[: len(test)] == test for test in TEST_STARTS)
    index = file.index(target)
    packs = index is not None and any(
        file.stages[number].copies_external for number in file.lineage(index)
    )
    base = image_name(facts.base_image or "").rpartition("/")[2]
    first = words(base)[:1]
    silent = facts.base_image is None or base.endswith("eclipse") or bool(SYSTEMS & {*first})
    return silent and not packs and not facts.ports


def _is_unplaced(facts: DockerfileFacts, tree: Layout, source: str) -> bool:
    """It copies build output only, from a place that is not in the repository."""
    outputs = ("build/", "target/", "dist/", "out/", "bin/", "publish/")
    local = [item.removeprefix("./") for item in facts.copied]
    packed = [item for item in local if item.startswith(outputs) or "$" in item]
    return bool(packed) and len(packed) == len(local) and not tree.holds_source(parent(facts.path))


def _without_examples(units: list[ImageUnit]) -> list[ImageUnit]:
    real = [unit for unit in units if not unit.example]
    return real or units


def _without_doubles(units: list[ImageUnit]) -> list[ImageUnit]:
    """Join Dockerfiles that start the same program from the same source."""
    found: dict[tuple[object, ...], ImageUnit] = {}
    result: list[ImageUnit] = []
    for unit in sorted(units, key=lambda item: (len(basename(item.facts.path)), item.facts.path)):
        start = (*unit.facts.entrypoint, *unit.facts.command)
        key = (unit.source_path, start)
        same = found.get(key) if start and unit.target is None else None
        if same is not None and parent(same.facts.path) == parent(unit.facts.path):
            joined = replace(same, variants=(*same.variants, unit.facts.path, *unit.variants))
            result[result.index(same)] = joined
            found[key] = joined
            continue
        found[key] = unit
        result.append(unit)
    return sorted(result, key=lambda item: (item.facts.path, item.target or ""))
