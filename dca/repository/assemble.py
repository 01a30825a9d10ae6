"""One repository as components: every reader's findings joined, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dca.catalogue import product_for_image
from dca.repository.component import Draft, build_component, directory_of_image, run_source
from dca.repository.connections import connect
from dca.repository.facts import DockerfileFacts, RepositoryReading, SourceFacts
from dca.repository.gather import gather
from dca.repository.images import ImageUnit
from dca.repository.languages import source_directories, source_facts
from dca.repository.linking import Linked, link
from dca.repository.naming import same_service
from dca.repository.origin import Layout, layout, programs_of
from dca.repository.paths import is_below, is_example, is_library, is_test, is_tooling
from schemas.base import JsonObject
from schemas.context import FoundIn, Note
from schemas.evidence import Evidence
from schemas.ports import ChartRenderer, FileTree

MAX_COMPONENTS = 300
_MAX_LEFT_OVER = 60
"""Source directories without deployment files that are looked into."""


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
    units = [_with_own_name(unit, sources) for unit in gathered.images.units]
    linked = link(
        gathered.runs,
        units,
        gathered.known_images,
        lambda image: product_for_image(image) is not None,
    )
    drafts = _drafts(linked, tree, sources)
    drafts += _left_over(drafts, units, directories, sources)
    notes = list(gathered.notes)
    if len(drafts) > MAX_COMPONENTS:
        notes.append(
            Note(
                code="skipped.components",
                message=f"only the first {MAX_COMPONENTS} of {len(drafts)} components are read",
            )
        )
    return _reading(drafts[:MAX_COMPONENTS], files, tree, notes)


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
    # An image for any module comes last: the modules that run under a name are known by then.
    ordered = sorted(
        linked, key=lambda item: bool(item.unit and item.unit.unplaced and not item.runs)
    )
    for item in ordered:
        if item.unit is None:
            directory = run_source(item.runs, tree) if item.runs else None
            # A Dockerfile that takes its module as an argument packs whatever has no own.
            unit = shared if directory and item.runs[0].found_in is not FoundIn.PROCFILE else None
            image = unit.facts if unit else None
            facts = sources.of(directory, image) if directory else None
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
            drafts.append(Draft(item.runs, item.unit, path, sources.of(path, item.unit.facts)))
    return drafts


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
    directories: Sequence[str],
    sources: _Sources,
) -> list[Draft]:
    """Programs that no deployment file covers."""
    covered = {draft.directory for draft in drafts if draft.directory}
    covered |= {unit.source_path for unit in units}
    if "." in covered:
        return []
    found: list[Draft] = []
    for directory in sorted(directories, key=lambda item: (item.count("/"), item))[:_MAX_LEFT_OVER]:
        if any(is_below(directory, item) for item in covered):
            continue
        if is_test(directory) or is_tooling(directory) or is_example(directory):
            continue
        if covered and (is_library(directory) or directory == "."):
            continue
        facts = sources.of(directory, None)
        # Beside services with deployment files only a server counts, not every tool with a main.
        serves = facts.framework is not None or facts.endpoint_count > 0
        if facts.deployable and (serves or not covered):
            found.append(Draft((), None, directory, facts))
            covered.add(directory)
    return found
