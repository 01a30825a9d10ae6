"""One component out of what was found about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dca.catalogue import Product, product_for_image
from dca.repository.deployment.redact import clean_text, clean_words
from dca.repository.deployment.runs import Run, image_name
from dca.repository.docker.command import script_start, start_words
from dca.repository.docker.images import ImageUnit
from dca.repository.docker.origin import Layout
from dca.repository.docker.runtime import runtime_settings
from dca.repository.facts import DockerfileFacts, RoleHints, SourceFacts
from dca.repository.naming import is_filler, is_stage, label, same_service, unique
from dca.repository.paths import basename, is_below, join, parent, telling_part, words
from dca.repository.roles import classify_role
from schemas.context import Component, CurrentSizing, FoundIn, Use, WorkloadKind, WorkloadRef
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.ports import FileTree

_DEPLOYED = frozenset([FoundIn.MANIFEST, FoundIn.KUSTOMIZE, FoundIn.CHART, FoundIn.PAYLOAD])
_MAX_METADATA = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """What belongs to one component."""

    runs: tuple[Run, ...]
    unit: ImageUnit | None
    directory: str | None
    source: SourceFacts | None


@dataclass(frozen=True, slots=True)
class _Start:
    words: tuple[str, ...]
    path: str
    line: int


def run_source(
    runs: Sequence[Run], tree: Layout, packed: frozenset[str] = frozenset()
) -> str | None:
    """Source directory of a run whose image no Dockerfile of the repository makes.

    Args:
        runs: What runs, the most trusted first.
        tree: The repository.
        packed: Directories that a Dockerfile packs: an image of another name is not theirs.
    """
    if any(run.image and product_for_image(run.image) for run in runs):
        return None
    for run in runs:
        if run.build is not None and tree.holds_source(run.build.context):
            return run.build.context
    for run in runs:
        exact = directory_of_image(run.image, tree)
        if exact is not None:
            return exact
        named = [
            item
            for item in tree.source_directories
            if same_service(basename(item), run.name) >= 2
            or (run.plain_name and same_service(basename(item), run.plain_name) >= 2)
            or (
                run.image
                and same_service(basename(item), run.image.rpartition("/")[2].partition(":")[0])
                >= 2
            )
        ]
        if named:
            return min(
                named, key=lambda item: (-_shared_parts(item, run.path), item.count("/"), item)
            )
        # ``shop-orders`` is the directory of ``orders``; ``ui`` is not the one of ``shop-ui``.
        prefixed = [
            item
            for item in tree.source_directories
            if same_service(basename(item), run.name)
            and len(words(basename(item))) > len(words(run.name))
        ]
        if len(prefixed) == 1 and prefixed[0] != ".":
            return prefixed[0]
        # A Compose file beside the code brings other people's images along; a manifest seldom.
        if run.found_in is FoundIn.COMPOSE and run.image and run.build is None:
            continue
        around = [
            item for item in tree.source_directories if item != "." and is_below(run.path, item)
        ]
        around = [item for item in around if not run.image or item not in packed]
        if around:
            return max(around, key=len)
    return None


def directory_of_image(image: str | None, tree: Layout) -> str | None:
    """The directory with code that is called what an image is called, when there is just one."""
    wanted = words(image_name(image or "").rpartition("/")[2])
    found = [item for item in tree.directories if wanted and words(basename(item)) == wanted]
    found = [item for item in found if any(is_below(code, item) for code in tree.code_directories)]
    return found[0] if len(found) == 1 else None


def _shared_parts(directory: str, path: str) -> int:
    count = 0
    for left, right in zip(directory.split("/"), path.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def build_component(
    draft: Draft, files: FileTree, tree: Layout, taken: Sequence[str]
) -> tuple[Component, list[Evidence]]:
    """Describe one component.

    Args:
        draft: What was found.
        files: The repository, for start scripts.
        tree: Its layout.
        taken: Names that are used already.
    """
    deployed = [run for run in draft.runs if run.found_in in _DEPLOYED]
    facts = draft.unit.facts if draft.unit else None
    image = next((run.image for run in draft.runs if run.image), None)
    product = _product(draft, image)
    start = _start(draft, files, tree)
    environment = _environment(draft)
    evidence = _evidence(draft, start, product)
    runtime = runtime_settings(
        start_words(start.words, environment),
        environment,
        tuple(item.id for item in evidence if "command" in item.figures),
    )
    name = _free_name(draft, taken)
    workload = next((run.workload for run in draft.runs if run.workload), None)
    ports = _ports(draft)
    hints = RoleHints(
        name=name,
        source=draft.source,
        base_image=facts.base_image if facts else None,
        image=image if draft.unit is None else None,
        start_command=start_words(start.words, environment),
        runtime=runtime,
        ports=ports,
        workload_kind=workload.kind
        if workload
        else next((r.kind for r in draft.runs if r.kind), None),
        containers=workload.containers if workload else (),
    )
    role, reason = classify_role(hints)
    source = draft.source or SourceFacts(directory=".")
    component = Component(
        name=name,
        source_path=draft.directory,
        found_in=_found_in(draft),
        language=source.language or (product.language if product else None),
        language_version=source.language_version,
        framework=source.framework,
        role=role,
        role_reason=reason,
        kind=_kind(draft, product),
        third_party=product.key if product else None,
        image=clean_text(image) if image else None,
        base_image=facts.base_image if facts else None,
        dockerfile=facts.path if facts else None,
        ports=ports or (product.ports if product else ()),
        endpoints=source.endpoints[:50],
        endpoint_count=source.endpoint_count,
        start_command=clean_words(start.words),
        runtime=runtime,
        metadata=_metadata(facts),
        libraries=source.sizing_libraries,
        uses=_with_evidence(source.uses),
        has_volume=any(run.has_volume for run in draft.runs),
        volume_bytes=next((run.volume_bytes for run in draft.runs if run.volume_bytes), None),
        schedule=next((run.schedule for run in draft.runs if run.schedule), None),
        current=_current(draft.runs),
        workload=workload if deployed else None,
        evidence=tuple(dict.fromkeys(item.id for item in evidence)),
    )
    return component, evidence


def _with_evidence(uses: Sequence[Use]) -> tuple[Use, ...]:
    return tuple({use.name: use for use in reversed(uses)}.values())[::-1]


def _product(draft: Draft, image: str | None) -> Product | None:
    """The product that the component is, not one that only serves its code."""
    if draft.unit is None:
        return product_for_image(image) if image and draft.directory is None else None
    base = draft.unit.facts.base_image
    product = product_for_image(base) if base else None
    has_code = draft.source is not None and bool(
        draft.source.libraries or draft.source.endpoint_count
    )
    return None if product is None or product.runtime or has_code else product


def _name(draft: Draft) -> str:
    trusted = [_own_name(run) for run in draft.runs if run.found_in is not FoundIn.PROCFILE]
    telling = [name for name in trusted if not is_filler(name)]
    if telling:
        return telling[0]
    # A stage called production says where an image runs, not what it is.
    names = [name for name in (draft.unit.names if draft.unit else ()) if not is_stage(name)]
    if draft.directory not in (None, ".") and not (draft.unit and draft.unit.target):
        names.insert(
            0
            if not names or not draft.unit or draft.unit.source_path != draft.directory
            else len(names),
            basename(draft.directory or ""),
        )
    if draft.source and draft.source.name:
        names.append(draft.source.name.rpartition("/")[2])
    processes = [run.name for run in draft.runs]
    base = names[0] if names else "app"
    says_more = bool(processes) and processes[0] not in ("web", base)
    return f"{base}-{processes[0]}" if says_more else base


def _free_name(draft: Draft, taken: Sequence[str]) -> str:
    """The component's name; one that is taken gets its directory's own word in front first."""
    name = label(_name(draft))
    above = telling_part(parent(draft.directory)) if draft.directory else ""
    if name in taken and above and not any(run.workload for run in draft.runs):
        name = label(f"{above}-{name}")
    return unique(name, taken)


def _own_name(run: Run) -> str:
    """What a run is called; the release before a chart's workloads was only made up to render."""
    plain = run.plain_name if run.found_in is FoundIn.CHART else ""
    return plain if plain and not is_filler(plain) else run.name


def _found_in(draft: Draft) -> tuple[FoundIn, ...]:
    found = [FoundIn.DOCKERFILE] if draft.unit else []
    for run in draft.runs:
        found.append(run.found_in)
        if run.workload is not None and run.workload.kustomization is not None:
            found.append(FoundIn.KUSTOMIZE)
    return tuple(dict.fromkeys(found)) or (FoundIn.DEPENDENCIES,)


def _kind(draft: Draft, product: Product | None) -> WorkloadKind:
    stated = next((run.kind for run in draft.runs if run.kind), None)
    if stated is not None:
        return stated
    return product.kind if product is not None and product.kind else WorkloadKind.DEPLOYMENT


def _ports(draft: Draft) -> tuple[int, ...]:
    listed = [run.ports for run in draft.runs]
    facts = [draft.unit.facts.ports] if draft.unit else []
    return next((ports for ports in (*listed, *facts) if ports), ())


def _environment(draft: Draft) -> dict[str, str]:
    merged = dict(draft.unit.facts.environment) if draft.unit else {}
    for run in reversed(draft.runs):
        merged.update(run.environment)
    return merged


def _current(runs: Sequence[Run]) -> CurrentSizing | None:
    return next((run.current for run in runs if run.current), None)


def _metadata(facts: DockerfileFacts | None) -> dict[str, str]:
    pairs = list(facts.metadata.items())[:_MAX_METADATA] if facts else []
    return {key: clean_text(value) for key, value in pairs}


def _start(draft: Draft, files: FileTree, tree: Layout) -> _Start:
    """The start command: of the workload, the image, the compose file or the code.

    What is deployed counts before a compose file, which often starts a development server.
    """
    facts = draft.unit.facts if draft.unit else None
    deployed = [run for run in draft.runs if run.found_in in _DEPLOYED]
    own = facts.entrypoint + facts.command if facts else ()
    for run in deployed or draft.runs:
        if run.command or run.entrypoint:
            entrypoint = run.entrypoint or (facts.entrypoint if facts else ())
            inherited = facts.command if facts and not run.entrypoint else ()
            words = entrypoint + (run.command or inherited)
            return _Start(_through_script(words, draft, files, tree), run.path, run.line)
    if facts is not None and own:
        words = _through_script(own, draft, files, tree)
        return _Start(words, facts.path, facts.lines.get("command", 1))
    if draft.source is not None and draft.source.start_command:
        return _Start(draft.source.start_command, draft.source.directory, 0)
    return _Start((), "", 0)


def _through_script(
    words: tuple[str, ...], draft: Draft, files: FileTree, tree: Layout
) -> tuple[str, ...]:
    """The program that a start script of the repository runs, when the script says so plainly."""
    for position, word in enumerate(words[:4]):
        if not word.endswith(".sh") and "entrypoint" not in word.rpartition("/")[2]:
            continue
        text = _script(word, draft, files, tree)
        if text is not None:
            return script_start(text, words[position + 1 :]) or words
    return words


def _script(word: str, draft: Draft, files: FileTree, tree: Layout) -> str | None:
    name = basename(word)
    places = [draft.directory or "."]
    if draft.unit is not None:
        places.append(parent(draft.unit.facts.path))
        copied = [item.removeprefix("./") for item in draft.unit.facts.copied[:200]]
        places.extend(parent(item) for item in copied if basename(item) == name)
    for place in places:
        for relative in (
            name,
            word.lstrip("/"),
            f"scripts/{name}",
            f"docker/{name}",
            f"bin/{name}",
        ):
            path = join(place, relative)
            if path is not None and path in tree.files:
                text = files.read_text(path)
                if text is not None:
                    return text
    return None


def file_evidence(
    path: str, line: int, statement: str, **figures: float | int | str | bool
) -> Evidence:
    """A fact that stands in a file of the repository."""
    return Evidence(
        id=f"file:{path[:300]}:{max(line, 1)}" + (f"#{next(iter(figures))}" if figures else ""),
        kind=EvidenceKind.FILE,
        grade=EvidenceGrade.STATED,
        statement=statement[:1000],
        source=path,
        line=max(line, 1),
        figures=figures,
    )


def _evidence(draft: Draft, start: _Start, product: Product | None) -> list[Evidence]:
    found: list[Evidence] = []
    facts = draft.unit.facts if draft.unit else None
    if facts is not None and facts.base_image:
        line = facts.lines.get("base_image", 1)
        found.append(file_evidence(facts.path, line, f"The image is built on {facts.base_image}."))
    if facts is not None and facts.ports:
        listed = ", ".join(str(port) for port in facts.ports)
        found.append(
            file_evidence(facts.path, facts.lines.get("ports", 1), f"It exposes port {listed}.")
        )
    if facts is not None and facts.metadata:
        line = facts.lines.get("metadata", 1)
        found.append(file_evidence(facts.path, line, "It carries an application metadata header."))
    if start.words and start.line:
        words = " ".join(clean_words(start.words))[:300]
        found.append(file_evidence(start.path, start.line, f"It starts {words}.", command=words))
    for run in draft.runs:
        what = f" as a {run.workload.kind}" if run.workload else ""
        image = f", image {clean_text(run.image)}" if run.image else ""
        path = _shown_path(run.workload, run.path)
        found.append(file_evidence(path, run.line, f"{run.name} runs{what}{image}."))
    if draft.source is not None:
        found.extend(draft.source.evidence)
    return found


def _shown_path(workload: WorkloadRef | None, path: str) -> str:
    if workload is not None and workload.chart is not None:
        return join(workload.chart, path) or path
    return path
