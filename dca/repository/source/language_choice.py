"""Which language the program of a directory runs in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from dca.catalogue import product_for_image
from dca.repository.facts import DockerfileFacts
from dca.repository.source.dependencies import Ecosystem, Manifest
from dca.repository.source.program import Program
from dca.repository.source.runtimes import (
    RUNTIME_OF,
    language_by_extension,
    runtime_of_command,
    runtime_of_image,
    runtimes,
    runtimes_installed,
)
from dca.repository.source.sources import Sources, extension, line_of, parent
from dca.repository.source.uses import file_evidence
from schemas.evidence import Evidence

# Weights of the signs, strongest first. What the image runs beats what lies in the folder: a Go
# service with a large React folder is Go. They only have to order the cases, not to be exact.
_RUNS = 8.0
"""The last stage brings the runtime."""
_STARTS = 7.0
"""The start command is the runtime's."""
_COMPILED = 6.0
"""A build stage of a language whose programs need nothing else at run time."""
_SERVED = 5.0
"""A build stage of the browser's language, below a web server."""
_BUILT = 1.5
"""Any other build stage."""
_INSTALLED = 2.0
"""RUN lines install it."""
_MANIFEST = 3.0
"""The directory's own dependency manifest."""
_INHERITED = 1.5
"""A manifest of a directory above."""
_BYTES = 3.0
"""Times the share of the source bytes."""
_MAIN = 1.5
"""Go: a main package was found in the directory."""
_UNWRITTEN = 0.4
"""Factor for what the image says of a language in which the directory has no file."""
_ASSETS = 0.3
"""Factor for Node beside another manifest, when no image says what runs: page assets."""

_MAJORITY = {"TypeScript": 0.35, "Kotlin": 0.25, "C++": 0.2, "Scala": 0.3}
"""Share of the bytes from which a language names the program although its elder has more:
TypeScript projects keep configuration in JavaScript, Kotlin ones keep some Java."""
_ELDER = {"node": "JavaScript", "jvm": "Java", "cpp": "C", "beam": "Elixir", "dotnet": "C#"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A language and what it was chosen by."""

    runtime: str | None = None
    """Name in ``runtimes.yaml``; None when the directory has no code of its own."""
    language: str | None = None
    evidence: tuple[Evidence, ...] = ()
    built_from: str | None = None
    """The Dockerfile that was weighed."""


def choose_language(
    program: Program, sources: Sources, dockerfile: DockerfileFacts | None
) -> Choice:
    """Weigh manifests, sources and the Dockerfile against each other."""
    sizes = _bytes_by_language(program, sources)
    scores, evidence = _score(program, sizes, dockerfile)
    if _is_product_image(program, sizes, dockerfile):
        return Choice(None, _product_language(dockerfile), _image_evidence(dockerfile))
    if not scores:
        return Choice(None, _product_language(dockerfile), _image_evidence(dockerfile))
    runtime = max(scores, key=lambda name: (scores[name], name))
    language = _within(runtime, sizes, program, sources)
    path = dockerfile.path if dockerfile else None
    return Choice(runtime, language, evidence.get(runtime, ()), path)


def _score(
    program: Program, sizes: Mapping[tuple[str, str], int], dockerfile: DockerfileFacts | None
) -> tuple[dict[str, float], dict[str, tuple[Evidence, ...]]]:
    scores: defaultdict[str, float] = defaultdict(float)
    evidence: dict[str, tuple[Evidence, ...]] = {}
    total = sum(sizes.values()) or 1
    for (runtime, _), size in sizes.items():
        scores[runtime] += _BYTES * size / total
    for manifest in program.manifests:
        runtime = RUNTIME_OF[manifest.ecosystem]
        if runtime not in evidence:
            scores[runtime] += _manifest_weight(manifest, program)
            statement = f"{manifest.path} is a dependency manifest of {manifest.ecosystem.value}."
            evidence[runtime] = (file_evidence(manifest.path, None, statement, "language"),)
    written = {runtime for runtime, _ in sizes} | set(evidence)
    for runtime, weight in _dockerfile_signs(dockerfile):
        believed = runtime in written or not sizes or weight == _RUNS
        scores[runtime] += weight if believed else weight * _UNWRITTEN
        evidence.setdefault(runtime, _image_evidence(dockerfile))
    if len(set(evidence) & written) > 1 and dockerfile is None:
        scores["node"] *= _ASSETS
    return {runtime: score for runtime, score in scores.items() if score > 0}, evidence


def _manifest_weight(manifest: Manifest, program: Program) -> float:
    if manifest.weak:
        return 1.0
    own = parent(manifest.path) == program.directory
    if manifest.ecosystem is Ecosystem.GO and program.imports:
        return _MANIFEST + _MAIN
    return _MANIFEST if own else _INHERITED


def _dockerfile_signs(dockerfile: DockerfileFacts | None) -> list[tuple[str, float]]:
    if dockerfile is None:
        return []
    signs: list[tuple[str, float]] = []
    base = runtime_of_image(dockerfile.base_image)
    if base:
        signs.append((base, _RUNS))
    started = runtime_of_command((*dockerfile.entrypoint, *dockerfile.command))
    if started:
        signs.append((started, _STARTS))
    served = _is_web_server(dockerfile.base_image)
    built = {runtime_of_image(image) for image in dockerfile.build_images} - {None, base}
    signs += [(str(item), _build_weight(str(item), base, served=served)) for item in built]
    signs += [
        (item, _INSTALLED + min(count, 5) / 5)
        for item, count in runtimes_installed(dockerfile.run_text).items()
    ]
    return signs


def _build_weight(runtime: str, base: str | None, *, served: bool) -> float:
    if runtimes()[runtime].compiled and base is None and not served:
        return _COMPILED
    return _SERVED if served and runtime == "node" else _BUILT


def _is_web_server(image: str | None) -> bool:
    product = product_for_image(image) if image else None
    return product is not None and product.key in (
        "nginx", "apache-httpd", "caddy", "static-web-server", "lighttpd",
    )  # fmt: skip


def _is_product_image(
    program: Program, sizes: Mapping[tuple[str, str], int], dockerfile: DockerfileFacts | None
) -> bool:
    """An image on top of a product, with scripts and configuration but no project."""
    product = (
        product_for_image(dockerfile.base_image) if dockerfile and dockerfile.base_image else None
    )
    if product is None or dockerfile is None:
        return False
    built = {runtime_of_image(image) for image in dockerfile.build_images[:-1]} - {None}
    own = [item for item in program.manifests if parent(item.path) == program.directory]
    if product.runtime:
        return not built and not program.manifests and not sizes
    return not own and not (built - {runtime_of_image(dockerfile.base_image)})


def _product_language(dockerfile: DockerfileFacts | None) -> str | None:
    product = (
        product_for_image(dockerfile.base_image) if dockerfile and dockerfile.base_image else None
    )
    return product.language if product else None


def _image_evidence(dockerfile: DockerfileFacts | None) -> tuple[Evidence, ...]:
    if dockerfile is None or dockerfile.base_image is None:
        return ()
    line = dockerfile.lines.get("base_image")
    statement = f"The image is built on {dockerfile.base_image}."
    return (file_evidence(dockerfile.path, line, statement),)


def _bytes_by_language(program: Program, sources: Sources) -> dict[tuple[str, str], int]:
    known = language_by_extension()
    sizes: Counter[tuple[str, str]] = Counter()
    for path in program.files:
        found = known.get(extension(path))
        if found and not _is_configuration(path):
            sizes[found] += sources.size(path)
    return dict(sizes)


def _is_configuration(path: str) -> bool:
    """``webpack.config.js`` and the like: in every project, whatever it is written in."""
    name = path.rpartition("/")[2].lower()
    return ".config." in name or name.startswith(".") or name in ("gulpfile.js", "gruntfile.js")


def _within(
    runtime: str, sizes: Mapping[tuple[str, str], int], program: Program, sources: Sources
) -> str | None:
    """The language inside a runtime: Kotlin or Java, TypeScript or JavaScript."""
    named = next(
        (item.language for item in program.manifests if RUNTIME_OF[item.ecosystem] == runtime), None
    )
    shares = {language: size for (name, language), size in sizes.items() if name == runtime}
    total = sum(shares.values())
    if not total:
        return named or _untold(runtime, program, sources)
    for language, share in _MAJORITY.items():
        if shares.get(language, 0) >= share * total:
            return language
    if runtime == "node" and _is_typed(program, sources):
        return "TypeScript"
    return max(shares, key=lambda language: (shares[language], language))


def _untold(runtime: str, program: Program, sources: Sources) -> str | None:
    if runtime == "node" and _is_typed(program, sources):
        return "TypeScript"
    elder = _ELDER.get(runtime)
    return elder or next(iter(runtimes()[runtime].files.values()), None)


def _is_typed(program: Program, sources: Sources) -> bool:
    """Vue and Svelte files are TypeScript when they say so; tsconfig.json decides."""
    markup = [path for path in program.files if extension(path) in (".vue", ".svelte")]
    typed = any(path.endswith((".ts", ".tsx")) for path in program.files)
    config = any(
        sources.has(f"{parent(item.path)}/tsconfig.json".removeprefix("./"))
        for item in program.manifests
    )
    if not config or not typed:
        return False
    return not markup or any(line_of(sources.read(path), 'lang="ts"') for path in markup[:20])
