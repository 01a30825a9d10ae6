"""One repository as components: every reader's findings joined, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dca.catalogue import product_for_image
from dca.repository.component import Draft, build_component, directory_of_image, run_source
from dca.repository.connections import connect
from dca.repository.deployment.runs import Run
from dca.repository.docker.images import ImageUnit
from dca.repository.docker.origin import Layout, layout, programs_of
from dca.repository.facts import DockerfileFacts, RepositoryReading, SourceFacts
from dca.repository.gather import gather
from dca.repository.linking import ENDING, Linked, link
from dca.repository.naming import same_service
from dca.repository.paths import (
    basename,
    is_below,
    is_example,
    is_library,
    is_test,
    is_tooling,
    words,
)
from dca.repository.source.languages import source_directories, source_facts
from schemas.base import JsonObject
from schemas.context import FoundIn, Note
from schemas.evidence import Evidence
from schemas.ports import ChartRenderer, FileTree

MAX_COMPONENTS = 300
_SEVERAL = 3
"""Programs in one image from which on it is a toolbox of services."""
_MAX_LEFT_OVER = 60
"""Source directories without deployment files that are looked into."""


_MAX_PROBLEMS = 40
"""Damaged manifests that get a note each."""


@dataclass(slots=True)
class _Sources:
    """Source facts, each directory read once for each image."""

    files: FileTree
    known: dict[tuple[str, str, tuple[str, ...]], SourceFacts] = field(default_factory=dict)

    def of(self, directory: str, dockerfile: DockerfileFacts | None) -> SourceFacts:
        """Facts of one directory as one image packs it."""
        start = (*dockerfile.entrypoint, *dockerfile.command) if dockerfile else ()
        key = (directory, dockerfile.path if dockerfile else "", start)
        if key not in self.known:
            self.known[key] = source_facts(self.files, directory, dockerfile)
        return self.known[key]

    def notes(self) -> list[Note]:
        """What could not be read of the dependency manifests, each file once."""
        problems = dict.fromkeys(item for facts in self.known.values() for item in facts.problems)
        return [
            Note(code="skipped.manifest", message=problem)
            for problem in list(problems)[:_MAX_PROBLEMS]
        ]


def read_repository(
    files: FileTree, charts: ChartRenderer, extra_documents: Sequence[JsonObject] = ()
) -> RepositoryReading:
    """Read every deployable component of a repository.

    Args:
        files: Its files.
        charts: Renders Helm charts, when it is available.
        extra_documents: Kubernetes documents that came with the trigger.

    Returns:
        At most `MAX_COMPONENTS` components with unique names, notes on what was left out, and the
        evidence that they name. An empty repository has none.
    """
    directories = source_directories(files)
    tree = layout(files, directories)
    gathered = gather(files, charts, tree, extra_documents)
    sources = _Sources(files)
    units = [_with_own_name(_for_any(unit), sources) for unit in gathered.images.units]
    linked = link(
        gathered.runs,
        units,
        gathered.known_images,
        lambda image: product_for_image(image) is not None,
    )
    drafts = _drafts(linked, tree, sources)
    drafts += _left_over(drafts, units, tree, sources)
    notes = [*gathered.notes, *sources.notes()]
    if len(drafts) > MAX_COMPONENTS:
        notes.append(
            Note(
                code="skipped.components",
                message=f"only the first {MAX_COMPONENTS} of {len(drafts)} components are read",
            )
        )
    return _reading(drafts[:MAX_COMPONENTS], files, tree, notes)


def _for_any(unit: ImageUnit) -> ImageUnit:
    """An image whose build argument says which directory is packed belongs to none for itself."""
    copied = unit.facts.copied
    by_argument = bool(copied) and all(item.removeprefix("./").startswith("$") for item in copied)
    return replace(unit, unplaced=True, names=()) if by_argument else unit


def _with_own_name(unit: ImageUnit, sources: _Sources) -> ImageUnit:
    """An image of the whole repository is called what the code's own manifest calls it."""
    if unit.names or unit.unplaced:
        return unit
    name = sources.of(unit.source_path, unit.facts).name
    return replace(unit, names=(name.rpartition("/")[2],)) if name else unit


def _reading(
    drafts: Sequence[Draft], files: FileTree, tree: Layout, notes: list[Note]
) -> RepositoryReading:
    evidence: dict[str, Evidence] = {}
    components = []
    taken: list[str] = []
    # What runs to an end comes after the services, which keep the plain names.
    drafts = sorted(drafts, key=lambda draft: any(run.kind in ENDING for run in draft.runs))
    for draft in drafts:
        component, facts = build_component(draft, files, tree, taken)
        taken.append(component.name)
        components.append(component)
        evidence.update({item.id: item for item in facts})
    joined, facts = connect(components, drafts)
    evidence.update({item.id: item for item in facts})
    return RepositoryReading(tuple(joined), tuple(notes), tuple(evidence.values()))


def _drafts(linked: Sequence[Linked], tree: Layout, sources: _Sources) -> list[Draft]:
    drafts: list[Draft] = []
    unplaced = {id(item.unit): item.unit for item in linked if item.unit and item.unit.unplaced}
    shared = next(iter(unplaced.values())) if len(unplaced) == 1 else None
    packed = frozenset(item.unit.source_path for item in linked if item.unit)
    # An image for any module comes last: the modules that run under a name are known by then.
    ordered = sorted(
        linked, key=lambda item: bool(item.unit and item.unit.unplaced and not item.runs)
    )
    for item in ordered:
        if item.unit is None:
            directory = run_source(item.runs, tree, packed) if item.runs else None
            # A Dockerfile that takes its module as an argument packs whatever has no own.
            unit = shared if directory and item.runs[0].found_in is not FoundIn.PROCFILE else None
            image = unit.facts if unit else None
            started = _started_program(directory, item.runs, tree) if directory else None
            facts = sources.of(started or directory, image) if directory else None
            drafts.append(Draft(item.runs, unit, directory, facts))
        elif item.runs or not _spread_out(drafts, item.unit, tree, sources):
            path = item.unit.source_path
            for run in item.runs:
                named = _named_program(item.unit, run.name, tree)
                if item.unit.unplaced:
                    named = directory_of_image(run.image, tree) or named
                path = named or path
                if named:
                    break
            started = _started_program(path, item.runs, tree)
            facts = sources.of(started or path, item.unit.facts)
            elsewhere = None if facts.language else _copied_program(item.unit, tree)
            if elsewhere is not None:
                path, facts = elsewhere, sources.of(elsewhere, item.unit.facts)
            drafts.append(Draft(item.runs, item.unit, path, facts))
    return drafts + _unstarted(drafts, tree, sources)


def _started_program(directory: str, runs: Sequence[Run], tree: Layout) -> str | None:
    """The program that a run starts, of several that lie below one directory.

    A binary is called like the directory of its main package, often with the product's name in
    front: ``/app/shop-mailer`` is ``cmd/mailer``.
    """
    commands = (run.entrypoint or run.command for run in runs)
    command = next((found for found in commands if found), ())
    told = words(basename(command[0])) if command else ()
    found = [
        item
        for item in (tree.main_directories if told else ())
        if item != directory and is_below(item, directory) and _ends_with(told, item)
    ]
    return max(found, key=lambda item: len(words(basename(item))), default=None)


def _copied_program(unit: ImageUnit, tree: Layout) -> str | None:
    """The program that an image without code starts: built elsewhere, copied in as a binary."""
    start = (*unit.facts.entrypoint, *unit.facts.command)
    told = words(basename(start[0])) if start else ()
    found = [item for item in tree.main_directories if told and words(basename(item)) == told]
    return found[0] if len(found) == 1 else None


def _ends_with(told: tuple[str, ...], directory: str) -> bool:
    own = words(basename(directory))
    return bool(own) and told[-len(own) :] == own


def _unstarted(drafts: Sequence[Draft], tree: Layout, sources: _Sources) -> list[Draft]:
    """Programs that an image of several packs and that nothing in the repository starts.

    They are run by somebody else, or by a part of a chart that is off by default.
    """
    packed = {id(draft.unit): draft.unit for draft in drafts if draft.unit and draft.runs}
    found: list[Draft] = []
    for unit in packed.values():
        programs = programs_of(unit.facts, tree) if not unit.unplaced else ()
        own = {draft.directory for draft in drafts if draft.unit is unit}
        # One that runs under its own name shows that the image is used program by program.
        if len(programs) < _SEVERAL or not own & set(programs):
            continue
        found += [
            Draft((), unit, directory, facts)
            for directory in programs[:_MAX_LEFT_OVER]
            if directory not in own
            and not is_test(directory)
            and (facts := sources.of(directory, None)).deployable
        ]
    return found


def _named_program(unit: ImageUnit, name: str, tree: Layout) -> str | None:
    """The program of a run, of several that one image packs."""
    candidates = programs_of(unit.facts, tree)
    if not candidates and unit.unplaced:
        candidates = tuple(sorted(tree.source_directories))
    scored = [(same_service(item.rpartition("/")[2], name), item) for item in candidates]
    best = max(scored, default=(0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] else None


def _spread_out(drafts: list[Draft], unit: ImageUnit, tree: Layout, sources: _Sources) -> bool:
    """Components of an image that packs several programs; False when it packs one."""
    if unit.unplaced:
        covered = {draft.directory for draft in drafts if draft.directory not in (None, ".")}
        candidates = sorted(
            item
            for item in tree.source_directories
            if item not in (".", unit.source_path)
            and not is_library(item)
            and not any(is_below(item, str(known)) for known in covered)
        )
    else:
        candidates = list(programs_of(unit.facts, tree))
    found = [
        Draft((), unit, directory, facts)
        for directory in candidates[:_MAX_LEFT_OVER]
        if not is_test(directory) and (facts := sources.of(directory, None)).deployable
    ]
    if len(found) < 2 and not (unit.unplaced and any(draft.unit is unit for draft in drafts)):
        return False
    drafts.extend(found)
    return True


def _left_over(
    drafts: Sequence[Draft],
    units: Sequence[ImageUnit],
    tree: Layout,
    sources: _Sources,
) -> list[Draft]:
    """Programs that no deployment file covers."""
    covered = {draft.directory for draft in drafts if draft.directory}
    covered |= {unit.source_path for unit in units}
    if "." in covered:
        return []
    found: list[Draft] = []
    for directory in sorted(tree.source_directories, key=lambda item: (item.count("/"), item))[
        :_MAX_LEFT_OVER
    ]:
        if any(is_below(directory, item) for item in covered):
            continue
        if is_test(directory) or is_tooling(directory) or is_example(directory):
            continue
        if covered and (is_library(directory) or directory == "."):
            continue
        facts = sources.of(directory, None)
        # Beside services with deployment files only a server counts, not every tool with a main,
        # and no library that is made with a server's framework.
        serves = facts.endpoint_count > 0 or bool(
            facts.framework and (facts.start_command or _has_entry(directory, tree))
        )
        if facts.deployable and (serves or not covered):
            found.append(Draft((), None, directory, facts))
            covered.add(directory)
    return found


def _has_entry(directory: str, tree: Layout) -> bool:
    """Whether code starts there: a main file, an application class, a page."""
    return any(is_below(item, directory) for item in tree.entry_directories)
