"""Regular files of a commit.

The contents API would answer a link with the file that it leads to, and files from 1 MB on without
their content. So a path is followed through git's own trees, which say what each name is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from adapters.github.answers import Blob, Reference, Tree, TreeEntry, read_as
from adapters.github.names import checked_branch, is_sha, path_segments, quoted_path
from adapters.github.session import Session
from schemas.errors import GitHubError
from schemas.github import FileAt

MAX_FILE_BYTES: Final = 1 << 20
_FOLDER: Final = "040000"
_REGULAR: Final = frozenset({"100644", "100755"})


class Files:
    """Reads files of one repository.

    Args:
        session: Requests.
        root: The repository's path in the API.
    """

    def __init__(self, session: Session, root: str) -> None:
        self._session, self._root = session, root
        self._trees: dict[str, dict[str, TreeEntry]] = {}
        """By name of the object, which never changes: many files share their folders."""

    def at(self, path: str, ref: str) -> FileAt | None:
        """A regular file; None when there is none: nothing, a folder, a link or a submodule.

        Args:
            path: Inside the repository.
            ref: A commit's full name, or a branch.

        Raises:
            GitHubError: It cannot be read, or is larger than `MAX_FILE_BYTES`.
        """
        segments = path_segments(path)
        entry = TreeEntry(path="", mode=_FOLDER, sha=ref if is_sha(ref) else self.head_of(ref))
        for segment in segments:
            if entry.mode != _FOLDER:
                return None
            found = self._tree(entry.sha).get(segment)
            if found is None:
                return None
            entry = found
        if entry.mode not in _REGULAR:
            return None
        if entry.size is None or entry.size > MAX_FILE_BYTES:
            raise GitHubError(f"{path} is larger than 1 MiB", code="github.invalid")
        return FileAt(path, self._blob(entry.sha, path), entry.sha)

    def head_of(self, branch: str) -> str:
        """The commit that a branch is at.

        Raises:
            GitHubError: There is no such branch, or it cannot be read.
        """
        name = quoted_path(checked_branch(branch))
        answer = self._session.get(f"{self._root}/git/ref/heads/{name}")
        return read_as(Reference, answer.data).object.sha

    def _tree(self, sha: str) -> dict[str, TreeEntry]:
        if sha not in self._trees:
            tree = read_as(Tree, self._session.get(f"{self._root}/git/trees/{sha}").data)
            if tree.truncated:
                raise GitHubError("a folder has too many files to be listed", code="github.invalid")
            self._trees[sha] = {entry.path: entry for entry in tree.tree}
        return self._trees[sha]

    def _blob(self, sha: str, path: str) -> bytes:
        blob = read_as(Blob, self._session.get(f"{self._root}/git/blobs/{sha}").data)
        try:
            content = base64.b64decode(blob.content) if blob.encoding == "base64" else None
        except binascii.Error:
            content = None
        if content is None or blob_name(content, len(sha)) != sha:
            raise GitHubError(f"{path}: GitHub's answer is not that file", code="github.invalid")
        return content


def blob_name(content: bytes, digits: int = 40) -> str:
    """The name that git gives a file's content.

    Args:
        content: The file.
        digits: Of the repository's names: 40 for SHA-1, 64 for SHA-256.
    """
    data = b"blob %d\0" % len(content) + content
    if digits == 64:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
