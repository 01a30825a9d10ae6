"""The files that are edited: each read once, only at paths inside the repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ci.handoff.edits.result import EditRefused, FileEdit
from ci.handoff.edits.source import Source, source_of
from schemas.github import FileAt

Read = Callable[[str], FileAt | None]
_ENDINGS = (".yaml", ".yml", ".json")
_LONGEST = 1024
_CLOSED = frozenset({".git", ".github"})
"""Git's own, and what GitHub acts upon."""


@dataclass(slots=True)
class _Open:
    before: FileAt
    source: Source
    text: str
    components: dict[str, None]


@dataclass(slots=True)
class Files:
    """Working copies of the repository's files.

    Args:
        read: Reads a regular file; None when there is none (a link, a directory).
    """

    read: Read
    _read: dict[str, FileAt | None] = field(default_factory=dict)
    _open: dict[str, _Open] = field(default_factory=dict)
    _new: dict[str, FileEdit] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Whether there is a file at a path, be it one that cannot be edited."""
        return path in self._new or (is_inside(path) and self._at(path) is not None)

    def source(self, path: str) -> Source:
        """The file as it was, for its line endings.

        Raises:
            EditRefused: The path is not to be touched, nothing is there, or it is no text.
        """
        return self._opened(path).source

    def text(self, path: str) -> str:
        """The file with the edits so far.

        Raises:
            EditRefused: As `source`.
        """
        return self._opened(path).text

    def write(self, path: str, text: str, components: Iterable[str]) -> None:
        """Keep an edit; the same text is none."""
        opened = self._opened(path)
        if opened.text != text:
            opened.text = text
            opened.components |= dict.fromkeys(components)

    def create(self, path: str, content: bytes, components: tuple[str, ...]) -> None:
        """Keep a new file.

        Raises:
            EditRefused: Something stands there, or the path is not to be touched.
        """
        if not is_inside(path) or self.has(path):
            raise EditRefused(f"{path} is there already")
        self._new[path] = FileEdit(path, FileAt(path, b"", ""), content, components)

    def changed(self) -> tuple[FileEdit, ...]:
        """The files that differ now, sorted."""
        return tuple(
            FileEdit(path, item.before, item.source.encoded(item.text), tuple(item.components))
            for path, item in sorted(self._open.items())
            if item.text != item.source.text
        )

    def created(self) -> tuple[FileEdit, ...]:
        """The new files, sorted."""
        return tuple(self._new[path] for path in sorted(self._new))

    def _at(self, path: str) -> FileAt | None:
        if path not in self._read:
            self._read[path] = self.read(path)
        return self._read[path]

    def _opened(self, path: str) -> _Open:
        if path not in self._open:
            if not is_inside(path):
                raise EditRefused("its path is not one that may be changed")
            found = self._at(path)
            if found is None or found.path != path:
                raise EditRefused("there is no such file")
            source = source_of(found.content)
            self._open[path] = _Open(found, source, source.text, {})
        return self._open[path]


def is_inside(path: str) -> bool:
    """A manifest's path inside the repository, written in one way only, not one of GitHub's own."""
    parts = path.split("/")
    return (
        0 < len(path) <= _LONGEST
        and path.isprintable()
        and "\\" not in path
        and ":" not in path
        and not any(part in ("", ".", "..") for part in parts)
        and parts[0].casefold() not in _CLOSED
        and ".git" not in {part.casefold() for part in parts}
        and path.endswith(_ENDINGS)
    )
