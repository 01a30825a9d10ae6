"""The corpus: sizing facts in YAML files, one component (or a few close ones) per file.

A file names its component and topic once and lists facts, each in the terms of
`schemas.knowledge.Fact`; a fact may name another component or topic of its own::

    component: postgresql
    topic: sql
    facts:
      - id: postgresql-shared-buffers
        kind: vendor_guidance
        statement: ...

How the files are organised, and the units that figures may have, is in ``README.md`` beside this
file. Files come from this package and from the directory of documents that the operator added, so
they are read with bounds: size, nesting, number, and no aliases.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.errors import SettingsError
from schemas.knowledge import Fact

FACTS = Path(__file__).parent / "facts"
"""The facts that ship with the package."""

MAX_FILES = 5000
MAX_FILE_BYTES = 4 * 1024 * 1024
"""A long added document is under 1 MiB of passages; the package's own files are under 50 KiB."""
MAX_TOTAL_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 12
"""Levels of nesting. A fact has five; libyaml's composer recurses, so depth is bounded first."""

_INHERITED = ("component", "topic")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Corpus:
    """All facts of some directories."""

    facts: tuple[Fact, ...]
    """Sorted by id."""
    fingerprint: str
    """SHA-256 over names and bytes of the files: what `corpus_fingerprint` gives for them."""
    by_id: Mapping[str, Fact] = field(repr=False)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # one of two
    """The safe loader that refuses a doubled key, of which one would be lost."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
        """As the safe loader does, but complete."""
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise yaml.MarkedYAMLError(
                problem="a key is given twice in one mapping", problem_mark=node.start_mark
            )
        return mapping


def load_corpus(directories: Sequence[Path] = (FACTS,)) -> Corpus:
    """Read all facts below some directories.

    Args:
        directories: A directory that does not exist holds no facts.

    Raises:
        SettingsError: A file cannot be read or is no file of facts, a fact is not valid, or two
            facts share an id; names the file and, where there is one, the fact.
    """
    by_id: dict[str, Fact] = {}
    seen_in: dict[str, Path] = {}
    digest = hashlib.sha256()
    for path, name, content in _files(directories):
        _add_to(digest, name, content)
        for fact in facts_of(path, content):
            if fact.id in by_id:
                raise _refused(path, fact.id, f"the id is taken already by {seen_in[fact.id]}")
            by_id[fact.id] = fact
            seen_in[fact.id] = path
    facts = tuple(by_id[id_] for id_ in sorted(by_id))
    return Corpus(facts, digest.hexdigest(), {fact.id: fact for fact in facts})


def corpus_fingerprint(directories: Sequence[Path] = (FACTS,)) -> str:
    """SHA-256 over names and bytes of all files of facts, without parsing them.

    It changes when a file is added, removed, renamed or edited.

    Raises:
        SettingsError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for _, name, content in _files(directories):
        _add_to(digest, name, content)
    return digest.hexdigest()


def facts_of(path: Path, content: bytes) -> tuple[Fact, ...]:
    """The facts of one file, in its order.

    Args:
        path: Names the file in errors; it is not opened.
        content: The file's bytes.

    Raises:
        SettingsError: No file of facts, or a fact is not valid.
    """
    document = _parse(path, content)
    shared = {key: document.pop(key) for key in _INHERITED if key in document}
    entries = document.pop("facts", None)
    if document:
        raise _refused(path, None, f"unknown key {str(next(iter(document)))[:80]!r}")
    if not isinstance(entries, list):
        raise _refused(path, None, "no list of facts under the key `facts`")
    return tuple(_fact(path, number, entry, shared) for number, entry in enumerate(entries, 1))


def _fact(path: Path, number: int, entry: object, shared: Mapping[str, Any]) -> Fact:
    if not isinstance(entry, dict):
        raise _refused(path, f"number {number}", "not a mapping")
    name = entry.get("id")
    try:
        return Fact.model_validate({**shared, **entry})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:80] for part in first["loc"])
        label = name[:120] if isinstance(name, str) else f"number {number}"
        raise _refused(path, label, f"{where}: {first['msg'][:300]}") from error


def _parse(path: Path, content: bytes) -> dict[Any, Any]:
    try:
        text = content.decode()
        _check_shape(text)
        # A subclass of SafeLoader: it makes plain values only.
        value = yaml.load(text, Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        reason = str(getattr(error, "problem", None) or type(error).__name__)[:200]
        raise SettingsError(
            f"{path}{place}: not valid YAML: {reason}", code="knowledge.invalid"
        ) from error
    if not isinstance(value, dict):
        raise _refused(path, None, "not a mapping with component, topic and facts")
    return value


def _check_shape(text: str) -> None:
    """Refuse aliases and deep nesting before anything recurses over them."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
            problem = "nested too deeply" if depth > MAX_DEPTH else "an alias, which is not allowed"
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _files(directories: Sequence[Path]) -> Iterator[tuple[Path, str, bytes]]:
    """Path, name below its directory, and bytes of each file; in the same order everywhere."""
    count = total = 0
    for directory in directories:
        for path in _paths(directory):
            content = _read(path)
            count, total = count + 1, total + len(content)
            if count > MAX_FILES or total > MAX_TOTAL_BYTES:
                raise SettingsError(
                    f"{directory}: more than {MAX_FILES} files or {MAX_TOTAL_BYTES >> 20} MiB of "
                    "facts",
                    code="knowledge.too_large",
                )
            yield path, path.relative_to(directory).as_posix(), content


def _paths(directory: Path) -> list[Path]:
    found: list[Path] = []
    for folder, subfolders, names in os.walk(directory, followlinks=False):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.suffix in _SUFFIXES and path.is_file()]
        if len(found) > MAX_FILES:
            break
    return sorted(found, key=lambda path: path.relative_to(directory).as_posix())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"{path}: the facts cannot be read: {error.strerror or error}",
            code="knowledge.unreadable",
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise SettingsError(
            f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB", code="knowledge.too_large"
        )
    return content


def _add_to(digest: Any, name: str, content: bytes) -> None:  # noqa: ANN401 - hashlib's is private
    digest.update(f"{len(name)}:{name}:{len(content)}:".encode())
    digest.update(content)


def _refused(path: Path, fact: str | None, reason: str) -> SettingsError:
    place = f"{path}, fact {fact}" if fact else str(path)
    return SettingsError(f"{place}: {reason}", code="knowledge.invalid")
