"""Which manifests and which files make up the program of one directory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dca.repository.facts import DockerfileFacts
from dca.repository.source.dependencies import Ecosystem, Manifest, manifests_in, read_manifest
from dca.repository.source.dependencies.go import imports_of, main_packages
from dca.repository.source.dependencies.manifest import unique
from dca.repository.source.runtimes import RUNTIME_OF, language_by_extension
from dca.repository.source.sources import (
    Sources,
    ancestors,
    extension,
    is_aside,
    is_manifest,
    is_test_or_generated,
    parent,
)

_MAX_LINKED = 30
"""Projects of the same repository that one program is followed into."""
_MAX_NESTED = 40


@dataclass(frozen=True, slots=True)
class Program:
    """What is compiled or run together."""

    directory: str
    manifests: tuple[Manifest, ...]
    """Of the directory itself, of its only project below, or of the nearest directory above."""
    linked: tuple[Manifest, ...] = ()
    """Of projects of the same repository that it is built with."""
    files: tuple[str, ...] = ()
    """Source files, tests and generated code left out."""
    imports: frozenset[str] = field(default_factory=frozenset)
    """Go: packages imported from other modules; empty when no main package was singled out."""

    @property
    def inherited(self) -> bool:
        """The manifests are those of a directory above."""
        return bool(self.manifests) and not any(
            item.path.startswith(f"{self.directory}/") or self.directory == "."
            for item in self.manifests
        )


def find_program(
    directory: str, sources: Sources, dockerfile: DockerfileFacts | None = None
) -> Program:
    """The program of a directory; the Dockerfile decides between several of a workspace."""
    manifests = _own_manifests(directory, sources)
    linked = _linked(manifests, sources, dockerfile)
    files = _source_files(directory, manifests, linked, sources)
    go = next((item for item in manifests if item.ecosystem is Ecosystem.GO), None)
    if go is None or not any(path.endswith(".go") for path in files):
        return Program(directory, manifests, linked, files)
    return _go_program(Program(directory, manifests, linked, files), go, sources, dockerfile)


def _own_manifests(directory: str, sources: Sources) -> tuple[Manifest, ...]:
    own = manifests_in(directory, sources)
    own += _requirement_folder(directory, sources)
    if any(not item.weak for item in own):
        return own
    below = [] if _has_sources(directory, sources) else _shallowest(directory, sources)
    own += tuple(item for here in below for item in manifests_in(here, sources))
    return own + _manifests_above(directory, below, own, sources)


def _has_sources(directory: str, sources: Sources) -> bool:
    known = language_by_extension()
    return any(extension(path) in known for path in sources.here(directory))


def _manifests_above(
    directory: str, below: list[str], own: tuple[Manifest, ...], sources: Sources
) -> tuple[Manifest, ...]:
    """The nearest manifests above that name packages of a language which the directory has."""
    known = language_by_extension()
    written = {
        known[extension(path)][0]
        for path in sources.under(directory)
        if extension(path) in known
        and not is_aside(path, directory)
        and not any(path.startswith(f"{here}/") for here in below)
    } - {RUNTIME_OF[item.ecosystem] for item in own}
    for above in ancestors(directory):
        found = manifests_in(above, sources)
        fitting = tuple(item for item in found if RUNTIME_OF[item.ecosystem] in written)
        if fitting or not written:
            return fitting
    return ()


def _requirement_folder(directory: str, sources: Sources) -> tuple[Manifest, ...]:
    """``requirements/base.txt`` and the like."""
    folder = "requirements" if directory == "." else f"{directory}/requirements"
    kept = [
        path
        for path in sources.here(folder)
        if path.endswith((".txt", ".in"))
        and not path.rpartition("/")[2].startswith(
            ("dev", "test", "lint", "doc", "ci", "local", "combined")
        )
    ]
    found = (read_manifest(path, sources, kind="requirements.txt") for path in kept)
    return tuple(item for item in found if item is not None)


def _shallowest(directory: str, sources: Sources) -> list[str]:
    """The projects below that lie least deep."""
    nested = [
        parent(path)
        for path in sources.under(directory)
        if is_manifest(path) and not is_aside(path, directory)
    ]
    least = min((path.count("/") for path in nested), default=0)
    return list(unique([path for path in nested if path.count("/") == least]))[:_MAX_NESTED]


def _linked(
    manifests: tuple[Manifest, ...], sources: Sources, dockerfile: DockerfileFacts | None
) -> tuple[Manifest, ...]:
    queue = [item for manifest in manifests for item in manifest.projects]
    queue += _members(manifests, dockerfile)
    seen, found = {parent(item.path) for item in manifests}, list[Manifest]()
    while queue and len(seen) < _MAX_LINKED:
        here = queue.pop(0)
        if here in seen:
            continue
        seen.add(here)
        for manifest in manifests_in(here, sources):
            found.append(manifest)
            queue += manifest.projects
    return tuple(found)


def _members(manifests: tuple[Manifest, ...], dockerfile: DockerfileFacts | None) -> Iterable[str]:
    """Members of a workspace: those that the Dockerfile names, else all of them."""
    members = [item for manifest in manifests for item in manifest.members]
    if dockerfile is None:
        return members
    said = " ".join(
        (dockerfile.run_text, *dockerfile.copied, *dockerfile.entrypoint, *dockerfile.command)
    )
    named = [item for item in members if item in said or f"/{item.rpartition('/')[2]}" in said]
    return named or members


def _source_files(
    directory: str,
    manifests: tuple[Manifest, ...],
    linked: tuple[Manifest, ...],
    sources: Sources,
) -> tuple[str, ...]:
    known = language_by_extension()
    every = [
        path
        for path in sources.under(directory)
        if extension(path) in known
        and not is_aside(path, directory)
        and not is_test_or_generated(path)
    ]
    mine = {parent(item.path) for item in (*manifests, *linked)}
    foreign = {
        here
        for path in sources.under(directory)
        if is_manifest(path)
        and (here := parent(path)) not in mine
        and here != directory
        and not _is_part(path, manifests)
    }
    if not foreign:
        return tuple(every)
    kept = tuple(path for path in every if not foreign & {parent(path), *ancestors(parent(path))})
    return kept or tuple(every)


def _is_part(path: str, manifests: tuple[Manifest, ...]) -> bool:
    """CMake has a file in every folder; Python keeps lists of requirements beside each other."""
    if path.lower().endswith(("cmakelists.txt", "meson.build")):
        return any(item.ecosystem is Ecosystem.CPP for item in manifests)
    return parent(path).endswith("requirements")


def _go_program(
    program: Program, go: Manifest, sources: Sources, dockerfile: DockerfileFacts | None
) -> Program:
    root = parent(go.path)
    main = _main_package(program.directory, sources, dockerfile)
    if main is None:
        return program
    outside, followed = imports_of(main, root, sources)
    files = [
        path
        for here in followed
        for path in sources.here(here)
        if path.endswith(".go") and not is_test_or_generated(path)
    ]
    others = [path for path in program.files if not path.endswith(".go")]
    return Program(
        program.directory,
        program.manifests,
        program.linked,
        (*files, *others),
        frozenset(outside),
    )


def _main_package(
    directory: str, sources: Sources, dockerfile: DockerfileFacts | None
) -> str | None:
    """The main package that the image runs; None when several could be meant."""
    mains = [
        item
        for item in main_packages(directory, sources)
        if item == directory or not is_aside(f"{item}/main.go", directory)
    ]
    if directory in mains or len(mains) == 1:
        return directory if directory in mains else mains[0]
    if not mains or dockerfile is None:
        return None
    last = [word.rpartition("/")[2] for word in (*dockerfile.entrypoint, *dockerfile.command)]
    named = [item for item in mains if item.rpartition("/")[2] in last]
    built = [item for item in mains if f"/{item.rpartition('/')[2]}" in dockerfile.run_text]
    return next(iter(named or built), None) if len(named or built) == 1 else None
