"""Blobs, trees and commits under the names that git gives them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE, TREE = "100644", "100755", "120000", "160000", "040000"


@dataclass(frozen=True)
class Executable:
    """A file with the executable bit."""

    content: bytes | str


@dataclass(frozen=True)
class Symlink:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Submodule:
    """Another repository at a commit."""

    sha: str = "1" * 40


Content = bytes | str | Executable | Symlink | Submodule | None


@dataclass(frozen=True)
class Entry:
    """What a tree says about one name."""

    mode: str
    sha: str

    @property
    def kind(self) -> str:
        return {TREE: "tree", SUBMODULE: "commit"}.get(self.mode, "blob")


@dataclass(frozen=True)
class Commit:
    """A commit and all its files."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    files: Mapping[str, Entry]


@dataclass
class GitObjects:
    """The objects of a repository and its forks, which share them as on GitHub."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def commit(self, parent: str | None, changes: Mapping[str, Content], message: str) -> str:
        """Commit changes on top of a commit; None removes a file."""
        files = dict(self.commits[parent].files) if parent is not None else {}
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
            else:
                files[path] = self._entry(content)
        tree = self._tree(files)
        parents = (parent,) if parent is not None else ()
        who = "A. U. Thor <author@example.com> 1767225600 +0000"
        lines = [f"tree {tree}", *(f"parent {each}" for each in parents)]
        text = "\n".join([*lines, f"author {who}", f"committer {who}", "", message])
        sha = _name("commit", text.encode())
        self.commits[sha] = Commit(sha, tree, parents, message, files)
        return sha

    def put_blob(self, content: bytes) -> str:
        sha = _name("blob", content)
        self.blobs[sha] = content
        return sha

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` holds all commits of `older`."""
        seen = [newer]
        while seen:
            sha = seen.pop()
            if sha == older:
                return True
            seen += self.commits[sha].parents
        return False

    def _entry(self, content: bytes | str | Executable | Symlink | Submodule) -> Entry:
        if isinstance(content, Submodule):
            return Entry(SUBMODULE, content.sha)
        if isinstance(content, Symlink):
            return Entry(SYMLINK, self.put_blob(content.target.encode()))
        mode = EXECUTABLE if isinstance(content, Executable) else REGULAR
        data = content.content if isinstance(content, Executable) else content
        return Entry(mode, self.put_blob(data.encode() if isinstance(data, str) else data))

    def _tree(self, files: Mapping[str, Entry]) -> str:
        entries: dict[str, Entry] = {}
        folders: dict[str, dict[str, Entry]] = {}
        for path, entry in files.items():
            first, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(first, {})[rest] = entry
            else:
                entries[first] = entry
        entries |= {name: Entry(TREE, self._tree(inside)) for name, inside in folders.items()}
        # git sorts a folder as if its name ended with a slash
        ordered = sorted(entries.items(), key=lambda e: e[0] + "/" * (e[1].mode == TREE))
        data = b"".join(
            f"{entry.mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(entry.sha)
            for name, entry in ordered
        )
        sha = _name("tree", data)
        self.trees[sha] = dict(ordered)
        return sha


def _name(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
