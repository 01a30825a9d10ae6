"""Gets repositories: https URLs for everyone, local directories for the command line.

Of a URL one commit is fetched and its regular files are written to a temporary directory. Nothing
of the repository runs: there is no checkout with hooks and filters, only git's index and the
objects. Links and submodules are never written. The whole directory is gone after the block.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adapters.addresses import Resolver, checked_addresses, resolve
from adapters.files import DirectoryTree
from adapters.git_failures import failure
from adapters.git_process import (
    GitResult,
    GitRunner,
    Limits,
    secrets_of,
    too_large,
    transfer_config,
)
from adapters.git_url import RepositoryUrl, check_ref, is_full_sha, may_be_sha, parse_url
from adapters.settings import Settings
from schemas.errors import InputFileError, RepositoryError
from schemas.ports import Checkout

MAX_CHECKOUT_FILES = 200_000
"""More are refused; a reader looks at far fewer."""
OLDEST_GIT = (2, 37)
"""The first with ``http.curloptResolve``, which pins the addresses that were checked."""

_LONGEST_PATH, _LONGEST_NAME = 3800, 255
"""Bytes; Linux allows 4096 with the temporary directory, and 255."""
_REGULAR_MODES = frozenset([b"100644", b"100755"])


class GitRepositories:
    """Fetches repositories over https (implements `schemas.ports.RepositorySource`)."""

    def __init__(self, settings: Settings, resolver: Resolver = resolve) -> None:
        """Keep the settings; nothing is contacted.

        Args:
            settings: Allowed hosts, credentials and limits.
            resolver: Turns a host name into addresses.
        """
        self._settings = settings
        self._resolver = resolver

    @contextmanager
    def open(self, git_repo: str, ref: str | None = None) -> Iterator[Checkout]:
        """Fetch one commit; its files are readable inside the block.

        Raises:
            RepositoryError: The URL or ref is refused, or the repository cannot be fetched; the
                code says which.
            SettingsError: AI_PROVISION_GIT_ALLOW_HOSTS cannot be read.
        """
        url = parse_url(git_repo)
        if ref is not None:
            check_ref(ref)
        addresses = checked_addresses(
            url.host, url.port, self._settings.git_allow_hosts, self._resolver
        )
        with _temporary_directory() as top:
            fetch = _Fetch(url, self._runner(top, url, addresses), top, self._settings)
            commit = fetch.run(ref)
            yield Checkout(DirectoryTree(top / "files"), str(url), ref, commit)

    def _runner(self, top: Path, url: RepositoryUrl, addresses: tuple[str, ...]) -> GitRunner:
        limits = Limits(self._settings.git_timeout_seconds, self._settings.git_max_bytes)
        runner = GitRunner(top, transfer_config(url, addresses, self._settings), limits)
        _require_version(runner)
        return runner


class LocalDirectories:
    """Reads directories of this machine; for the command line only, never for a stranger."""

    @contextmanager
    def open(self, git_repo: str, ref: str | None = None) -> Iterator[Checkout]:
        """Make a directory readable as it is; nothing is fetched, written or run.

        Raises:
            InputFileError: It is missing, not a directory, or a ref was asked for.
        """
        root = Path(git_repo).expanduser()
        if ref is not None:
            raise InputFileError(
                "--ref needs a repository URL; a local directory is read as it is",
                code="input.ref",
                hint="Check the ref out first, or give the URL.",
            )
        if not root.is_dir():
            problem = "is not a directory" if root.exists() else "does not exist"
            raise InputFileError(
                f"{git_repo} {problem}",
                code="input.not_a_directory",
                hint="Give a directory, or an https URL.",
            )
        yield Checkout(DirectoryTree(root), str(root), None, head_commit(root))


def head_commit(root: Path) -> str | None:
    """Commit that a directory's ``.git`` stands at; None without one.

    The reference is read from the files; no git command runs, so neither does anything that the
    repository's configuration names.
    """
    if not (root / ".git").exists():
        return None
    import git

    try:
        with git.Repo(root, expand_vars=False) as repository:
            name = git.SymbolicReference.dereference_recursive(repository, "HEAD")
    except (git.GitError, ValueError, OSError):
        return None
    return name if re.fullmatch(r"[0-9a-f]{40,64}", name) else None


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One repository on its way to the directory ``files``."""

    url: RepositoryUrl
    runner: GitRunner
    top: Path
    settings: Settings

    def run(self, ref: str | None) -> str:
        """Fetch `ref` (or the default branch), write its files, return its commit."""
        self._git("init", "--quiet", "--bare", "store")
        commit = self._fetch(ref)
        entries = self._entries(commit)
        present = self._present_blobs()
        if sum(present.get(entry.blob, 0) for entry in entries) > self.settings.git_max_bytes:
            raise too_large(self.settings.git_max_bytes)
        self._write([entry for entry in entries if entry.blob in present])
        for entry in entries:
            if entry.blob not in present:
                self._stand_in(entry.path)
        shutil.rmtree(self.top / "store")
        return commit

    def _fetch(self, ref: str | None) -> str:
        result = self._fetch_refspec(ref or "HEAD", "--depth=1")
        if result.code == 0:
            return self._commit("FETCH_HEAD")
        error = self._failure(result)
        if error.code != "repository.ref_not_found":
            raise error
        if ref is None:
            raise RepositoryError(
                "the repository is empty", code="repository.empty", hint="Push a commit first."
            )
        if not may_be_sha(ref):
            raise error
        # Hosts may refuse to serve a commit by its id, and none serves a shortened one.
        result = self._fetch_refspec("+refs/heads/*:refs/remotes/origin/*")
        if result.code != 0:
            raise self._failure(result)
        return self._commit(ref)

    def _fetch_refspec(self, refspec: str, *options: str) -> GitResult:
        return self.runner.run(
            "-C", "store", "fetch", "--quiet", "--no-tags", "--no-recurse-submodules",
            "--no-write-commit-graph", "--no-auto-maintenance", *options,
            f"--filter=blob:limit={self.settings.git_max_file_bytes}", "origin", refspec,
        )  # fmt: skip

    def _commit(self, name: str) -> str:
        commit = self._git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
        text = commit.decode("ascii", "replace").strip()
        if not is_full_sha(text):
            raise self._failure(GitResult(1, b"", "bad object"))
        return text

    def _entries(self, commit: str) -> list[_Entry]:
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = []
        for record in listing.split(b"\0"):
            head, _, path = record.partition(b"\t")
            mode, _, rest = head.partition(b" ")
            if mode in _REGULAR_MODES and _can_be_written(path):
                entries.append(_Entry(mode, rest.rpartition(b" ")[2], path))
        if len(entries) > MAX_CHECKOUT_FILES:
            raise RepositoryError(
                f"the repository has more than {MAX_CHECKOUT_FILES} files",
                code="repository.too_large",
                hint="Run the command in a local checkout of the part that matters.",
            )
        return entries

    def _present_blobs(self) -> dict[bytes, int]:
        """Sizes of the blobs that the host sent; those over the file limit may be absent."""
        listing = self._git(
            "cat-file", "--batch-all-objects", "--unordered",
            "--batch-check=%(objecttype) %(objectname) %(objectsize)",
        )  # fmt: skip
        blobs = {}
        for line in listing.splitlines():
            kind, name, size = line.split(b" ")
            if kind == b"blob" and int(size) <= self.settings.git_max_file_bytes:
                blobs[name] = int(size)
        return blobs

    def _write(self, entries: list[_Entry]) -> None:
        """Write files through the index, which refuses unsafe paths; no filter or hook runs."""
        files = self.top / "files"
        files.mkdir()
        lines = b"".join(b"%s %s\t%s\0" % (entry.mode, entry.blob, entry.path) for entry in entries)
        worktree = ("-c", "core.bare=false", "--git-dir=store", "--work-tree=files")
        self._checked(self.runner.run(*worktree, "update-index", "-z", "--index-info", stdin=lines))
        self._checked(self.runner.run(*worktree, "checkout-index", "--all", "--force", "--quiet"))

    def _stand_in(self, path: bytes) -> None:
        """Leave a hole larger than the limit, so that a reader reports the file as too large."""
        name = PurePosixPath(path.decode("utf-8", "surrogateescape"))
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in name.parts):
            return
        target = self.top / "files" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.truncate(self.settings.git_max_file_bytes + 1)

    def _git(self, *arguments: str) -> bytes:
        where = () if arguments[0] == "init" else ("-C", "store")
        return self._checked(self.runner.run(*where, *arguments))

    def _checked(self, result: GitResult) -> bytes:
        if result.code != 0:
            raise self._failure(result)
        return result.output

    def _failure(self, result: GitResult) -> RepositoryError:
        return failure(result.errors, str(self.url), secrets_of(self.settings))


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: bytes
    blob: bytes
    path: bytes


def _can_be_written(path: bytes) -> bool:
    """Whether a file system takes a path; git itself knows no limit."""
    return len(path) < _LONGEST_PATH and all(len(part) < _LONGEST_NAME for part in path.split(b"/"))


@contextmanager
def _temporary_directory() -> Iterator[Path]:
    try:
        top = Path(tempfile.mkdtemp(prefix="ai-provision-"))
    except OSError as error:
        raise RepositoryError(
            "no temporary directory can be made",
            code="repository.no_space",
            hint="Point TMPDIR to a directory that can be written.",
        ) from error
    try:
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _require_version(runner: GitRunner) -> None:
    words = runner.run("version").output.decode("ascii", "replace")
    found = re.search(r"(\d+)\.(\d+)", words)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise RepositoryError(
            f"this git is too old: {words.strip()[:60]}",
            code="repository.git_missing",
            hint="Install git 2.37 or later.",
        )
