"""Routes that source code declares, found by the readers of `dca.repository.source.routes`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from dca.repository.deployment.credentials import clean_text
from dca.repository.source.routes import go, javascript, jvm, others, proto, python
from dca.repository.source.routes.route import Route
from dca.repository.source.sources import Sources, is_aside
from dca.repository.source.syntax import MAX_PARSE_BYTES, grammar_for
from dca.repository.source.traits import read_bounded
from schemas.context import Endpoint

KEPT = 50
"""Endpoints that are kept in full; all are counted."""
_MAX_PARSED_BYTES = 700_000
"""What is parsed of one program: a fifth of a second; the most telling files come first."""
_MAX_PROTO_FILES = 30

Reader = Callable[[str, str], Iterator[Route]]

_READERS: dict[str, tuple[tuple[str, ...], Reader]] = {
    "Python": (python.MARKS, python.routes),
    "JavaScript": (javascript.MARKS, javascript.routes),
    "TypeScript": (javascript.MARKS, javascript.routes),
    "TSX": (javascript.MARKS, javascript.routes),
    "Go": (go.MARKS, go.routes),
    "Java": (jvm.MARKS, jvm.routes),
    "Kotlin": (jvm.MARKS, jvm.routes),
    "C#": (others.DOTNET_MARKS, others.dotnet),
    "Rust": (others.RUST_MARKS, others.rust),
    "Ruby": (others.RUBY_MARKS, others.ruby),
    "PHP": (others.PHP_MARKS, others.php),
    "Elixir": (others.ELIXIR_MARKS, others.elixir),
}
_FILE_ROUTED = frozenset({"Next.js", "SvelteKit", "Nuxt", "Astro"})


@dataclass(frozen=True, slots=True)
class Routes:
    """The endpoints of one program."""

    kept: tuple[Endpoint, ...] = ()
    count: int = 0


def find_endpoints(
    directory: str, files: Collection[str], sources: Sources, framework: str | None = None
) -> Routes:
    """Route declarations in the files of a program, then the gRPC methods it implements.

    Args:
        directory: Where the program lies.
        files: Its source files, the most telling first.
        sources: Where they are read.
        framework: Some frameworks make routes of files.
    """
    found = list(_declared(files, sources))
    if framework in _FILE_ROUTED:
        by_file = ((path, javascript.file_route(_below(path, directory))) for path in files)
        found += [_endpoint(path, route) for path, route in by_file if route is not None]
    found += _implemented(directory, files, sources)
    distinct = tuple(dict.fromkeys(found))
    return Routes(distinct[:KEPT], len(distinct))


def _declared(files: Iterable[str], sources: Sources) -> Iterator[Endpoint]:
    left = _MAX_PARSED_BYTES
    for path, text in read_bounded(files, sources):
        marks, reader = _READERS.get(grammar_for(path) or "", ((), None))
        if reader is None or len(text) > min(left, MAX_PARSE_BYTES):
            continue
        if not any(mark in text for mark in marks):
            continue
        left -= len(text)
        for route in reader(path, text):
            yield _endpoint(path, route)


def _implemented(directory: str, files: Collection[str], sources: Sources) -> Iterator[Endpoint]:
    """Methods of gRPC; the .proto files may lie in a folder that several services share."""
    protos = [path for path in sources.under(directory) if path.endswith(".proto")]
    protos = protos or [path for path in sources.under(".") if path.endswith(".proto")]
    texts = {
        path: sources.read(path) or "" for path in protos[:_MAX_PROTO_FILES] if not is_aside(path)
    }
    names = {name for text in texts.values() for name in proto.services(text)}
    if not names:
        return
    wanted: set[str] = set()
    for _, code in read_bounded(files, sources):
        wanted |= {name for name in names - wanted if proto.is_implemented(name, code)}
    seen: set[str] = set()
    for path, text in texts.items():
        for route in proto.routes(text, frozenset(wanted)):
            if route.path not in seen:
                seen.add(route.path)
                yield _endpoint(path, route)


def _endpoint(path: str, route: Route) -> Endpoint:
    # A route may be written with its query: keys stand there.
    place = clean_text(route.path[:300])
    return Endpoint(method=route.method, path=place, file=path, line=route.line)


def _below(path: str, directory: str) -> str:
    return path if directory == "." else path[len(directory) + 1 :]
