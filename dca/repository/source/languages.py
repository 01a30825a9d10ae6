"""What the source code of a directory says: language, framework, libraries, routes, uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dca.catalogue import Product, product_for_image
from dca.repository.facts import DockerfileFacts, SourceFacts
from dca.repository.source.dependencies import Ecosystem, Manifest, read_manifest
from dca.repository.source.dependencies.manifest import unique
from dca.repository.source.frameworks import (
    Family,
    FrameworkMatch,
    find_framework,
    sizing_libraries,
)
from dca.repository.source.language_choice import Choice, choose_language
from dca.repository.source.program import Program, find_program
from dca.repository.source.runtimes import (
    RUNTIME_OF,
    image_version,
    language_by_extension,
    runtime_of_image,
)
from dca.repository.source.sources import (
    Sources,
    extension,
    is_aside,
    is_manifest,
    join,
    line_of,
    parent,
)
from dca.repository.source.traits import (
    ONLY_PROXIES,
    TEMPLATES,
    by_relevance,
    find_traits,
    only_proxies,
    template_count,
)
from dca.repository.source.uses import file_evidence, uses_of
from schemas.evidence import Evidence
from schemas.ports import FileTree

_MAX_DIRECTORIES = 500
_MIN_TEMPLATES = 2
"""One page is an error page or a health page; two are a site."""
_ROUTES_PER_TEMPLATE = 15
"""An API with a login page has many routes and a template or two; a site has a page for most."""
_VERSION_FILES = {"ruby": ".ruby-version", "node": ".nvmrc", "python": ".python-version"}
_CLEAR_SOURCES = frozenset(
    {"main.py", "app.py", "server.py", "wsgi.py", "manage.py", "server.js", "index.php", "main.go",
     "program.cs", "main.rs", "config.ru", "locustfile.py"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """A framework with the evidence for it."""

    name: str | None = None
    family: Family | None = None
    evidence: tuple[Evidence, ...] = ()


def source_facts(
    files: FileTree, directory: str, dockerfile: DockerfileFacts | None = None
) -> SourceFacts:
    """Everything that the code of one directory says.

    Args:
        files: The repository.
        directory: Relative with ``/``; ``.`` is the root.
        dockerfile: The image that is built from it, when there is one: its stages and its start
            command decide between several languages and several programs.
    """
    sources = Sources(files)
    facts = _source_facts(directory.strip("/") or ".", sources, dockerfile)
    return replace(facts, problems=sources.problems) if sources.problems else facts


def _source_facts(
    directory: str, sources: Sources, dockerfile: DockerfileFacts | None
) -> SourceFacts:
    program = find_program(directory, sources, dockerfile)
    choice = choose_language(program, sources, dockerfile)
    if choice.runtime is None:
        return _product_facts(directory, dockerfile, choice, sources)
    kept = tuple(path for path in program.files if _belongs(path, choice.runtime))
    ordered = by_relevance(kept)
    traits = find_traits(ordered, sources)
    framework = _framework(program, choice, traits, sources)
    facts = _facts(program, choice, framework, ordered, sources)
    version = _version(program, choice, sources, dockerfile)
    templates = template_count(directory, sources)
    if templates >= max(_MIN_TEMPLATES, facts.endpoint_count / _ROUTES_PER_TEMPLATE):
        traits |= {TEMPLATES}
    return replace(facts, language_version=version, traits=tuple(sorted(traits)))


def source_directories(files: FileTree) -> tuple[str, ...]:
    """Directories that hold a program: a dependency manifest, or code that starts by itself.

    Folders of tests, examples, vendored and generated code are left out.
    """
    sources = Sources(files)
    with_manifest = {
        parent(path) for path in files.paths if is_manifest(path) and not is_aside(path)
    }
    clear = {
        parent(path)
        for path in files.paths
        if path.rpartition("/")[2].lower() in _CLEAR_SOURCES and not is_aside(path)
    }
    lacking = {
        item
        for item in clear
        if not any(item == known or item.startswith(f"{known}/") for known in with_manifest)
        and (item != "." or sources.here("."))
    }
    return tuple(sorted(with_manifest | lacking))[:_MAX_DIRECTORIES]


def _facts(
    program: Program,
    choice: Choice,
    framework: _Found,
    files: tuple[str, ...],
    sources: Sources,
) -> SourceFacts:
    from dca.repository.source.endpoints import find_endpoints

    uses, use_evidence = uses_of(program, sources)
    routes = find_endpoints(program.directory, files, sources, framework.name)
    dependencies = _dependencies(program, choice)
    sizing = [
        name for ecosystem, names in dependencies for name, _ in sizing_libraries(ecosystem, names)
    ]
    return SourceFacts(
        directory=program.directory,
        name=_name(program),
        language=choice.language,
        framework=framework.name,
        libraries=unique([name for _, names in dependencies for name in names]),
        sizing_libraries=unique(sizing),
        uses=uses,
        endpoints=routes.kept,
        endpoint_count=routes.count,
        start_command=_start_command(program, choice),
        deployable=_is_deployable(program, framework, files),
        evidence=(*choice.evidence, *framework.evidence, *use_evidence),
    )


def _product_facts(
    directory: str, dockerfile: DockerfileFacts | None, choice: Choice, sources: Sources
) -> SourceFacts:
    """A directory without code: an image of somebody else's product with a configuration."""
    product = product_of(dockerfile)
    return SourceFacts(
        directory=directory,
        language=choice.language or (product.language if product else None),
        framework=product.title if product else None,
        deployable=dockerfile is not None,
        traits=(ONLY_PROXIES,) if only_proxies(directory, sources) else (),
        evidence=choice.evidence,
    )


def product_of(dockerfile: DockerfileFacts | None) -> Product | None:
    """The product that an image is built on."""
    if dockerfile is None or dockerfile.base_image is None:
        return None
    return product_for_image(dockerfile.base_image)


def _belongs(path: str, runtime: str) -> bool:
    return language_by_extension().get(extension(path), ("", ""))[0] == runtime


def _of_runtime(manifests: Iterable[Manifest], runtime: str | None) -> list[Manifest]:
    return [item for item in manifests if RUNTIME_OF[item.ecosystem] == runtime]


def _dependencies(program: Program, choice: Choice) -> list[tuple[Ecosystem, tuple[str, ...]]]:
    """Run-time dependencies of the chosen language, of the directory's own manifests first."""
    found = []
    for manifest in _of_runtime((*program.manifests, *program.linked), choice.runtime):
        names = manifest.dependencies
        if manifest.ecosystem is Ecosystem.GO and program.imports:
            names = tuple(
                name
                for name in names
                if any(item == name or item.startswith(f"{name}/") for item in program.imports)
            )
        found.append((manifest.ecosystem, names))
    return found


def _framework(
    program: Program, choice: Choice, traits: frozenset[str], sources: Sources
) -> _Found:
    """From the directory's own manifests; else from projects it is built with, or that it holds."""
    for group in (program.manifests, program.linked, _held(program, choice, sources)):
        manifests = _of_runtime(group, choice.runtime)
        match, where = _match(manifests, program, traits)
        if match is not None and (match.framework.family is not Family.LIBRARY or group):
            return _found(match, where, sources)
    return _Found()


def _held(program: Program, choice: Choice, sources: Sources) -> tuple[Manifest, ...]:
    """Projects right below one that has an image but no framework: ``frontend/package.json``."""
    if choice.built_from is None:
        return ()
    depth = 0 if program.directory == "." else program.directory.count("/") + 1
    nested = [
        path
        for path in sources.under(program.directory)
        if is_manifest(path) and path.count("/") == depth + 1 and not is_aside(path)
    ]
    found = (read_manifest(path, sources) for path in nested)
    return tuple(item for item in found if item is not None)


def _match(
    manifests: list[Manifest], program: Program, traits: frozenset[str]
) -> tuple[FrameworkMatch | None, Manifest | None]:
    by_ecosystem: dict[Ecosystem, list[Manifest]] = {}
    for manifest in manifests:
        by_ecosystem.setdefault(manifest.ecosystem, []).append(manifest)
    for ecosystem, items in by_ecosystem.items():
        names = [name for item in items for name in item.dependencies]
        if ecosystem is Ecosystem.GO:
            names = list(program.imports) or [*names, "net/http"]
        built = [name for item in items for name in item.build_dependencies]
        match = find_framework(ecosystem, names, built, traits)
        if match is not None:
            return match, _origin(match, items)
    return None, None


def _origin(match: FrameworkMatch, items: list[Manifest]) -> Manifest | None:
    for item in items:
        if match.dependency in (*item.dependencies, *item.build_dependencies):
            return item
    return items[0] if match.framework.ecosystem == Ecosystem.GO else None


def _found(match: FrameworkMatch, manifest: Manifest | None, sources: Sources) -> _Found:
    name = match.framework.name
    if manifest is None:
        return _Found(name, match.framework.family)
    word = match.dependency.rpartition(":")[2]
    line = line_of(sources.read(manifest.path), word)
    statement = f"{manifest.path} depends on {match.dependency}: {name}."
    item = file_evidence(manifest.path, line, statement, "framework")
    return _Found(name, match.framework.family, (item,))


def _name(program: Program) -> str | None:
    own = [item for item in program.manifests if parent(item.path) == program.directory]
    return next((item.name for item in own if item.name), None)


def _version(
    program: Program, choice: Choice, sources: Sources, dockerfile: DockerfileFacts | None
) -> str | None:
    for manifest in _of_runtime((*program.manifests, *program.linked), choice.runtime):
        if manifest.language_version:
            return manifest.language_version
    text = sources.read(join(program.directory, _VERSION_FILES.get(choice.runtime or "", "-")))
    if text and text.strip().lstrip("vruby-")[:1].isdigit():
        return text.strip().lstrip("vruby-").split()[0]
    images = (dockerfile.base_image, *dockerfile.build_images) if dockerfile else ()
    for image in images:
        if runtime_of_image(image) == choice.runtime and image_version(image):
            return image_version(image)
    return None


def _start_command(program: Program, choice: Choice) -> tuple[str, ...]:
    manifests = _of_runtime(program.manifests, choice.runtime)
    return next((item.start_command for item in manifests if item.start_command), ())


def _is_deployable(program: Program, framework: _Found, files: tuple[str, ...]) -> bool:
    if any(item.deployable for item in program.manifests if not program.inherited):
        return True
    if framework.family not in (None, Family.LIBRARY):
        return True
    return any(path.rpartition("/")[2].lower() in _CLEAR_SOURCES for path in files)
