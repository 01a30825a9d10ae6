"""Runs git for a stranger's repository: nothing inherited, nothing executed, bounded.

The command gets an environment of its own. Configuration of the machine and of the user, proxies,
tracing, hooks, filters, submodules and every transport but https are switched off there; secrets
travel there too, never on a command line. GitPython is not used for these commands because it
passes the whole environment of the process on; it reads the result.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from adapters.git_url import RepositoryUrl
from adapters.settings import Settings
from schemas.errors import RepositoryError

POLL_SECONDS = 0.05
MAX_OUTPUT_BYTES = 64 << 20
"""A listing of several hundred thousand files."""

SAFE_CONFIG: tuple[tuple[str, str], ...] = (
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("http.followRedirects", "false"),
    ("http.sslVerify", "true"),
    ("http.proxy", ""),
    ("http.cookieFile", ""),
    ("credential.helper", ""),
    ("core.askPass", ""),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.symlinks", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.attributesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.gitProxy", ""),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.fsckObjects", "true"),
    ("transfer.fsckObjects", "true"),
    # Old but harmless flaws of real histories, which hosting services accept as well.
    ("fetch.fsck.zeroPaddedFilemode", "ignore"),
    ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
    ("fetch.fsck.badTimezone", "ignore"),
    ("fetch.fsck.missingSpaceBeforeEmail", "ignore"),
    ("filter.lfs.smudge", ""),
    ("filter.lfs.clean", ""),
    ("filter.lfs.process", ""),
    ("filter.lfs.required", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("init.templateDir", ""),
    ("init.defaultBranch", "main"),
    ("safe.bareRepository", "all"),
    ("advice.detachedHead", "false"),
    ("fetch.writeCommitGraph", "false"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one repository may cost."""

    seconds: float
    """For all commands together."""
    max_bytes: int
    """Of the directory that they write to."""


@dataclass(frozen=True, slots=True)
class GitResult:
    """How a command ended; `errors` may hold secrets and must not be shown as they are."""

    code: int
    output: bytes
    errors: str


class GitRunner:
    """Runs git commands in one directory under one budget of time and size."""

    def __init__(self, directory: Path, config: Sequence[tuple[str, str]], limits: Limits) -> None:
        """Start the budget.

        Args:
            directory: Where git works; watched for its size.
            config: Configuration on top of `SAFE_CONFIG`; may hold secrets.
            limits: The budget.

        Raises:
            RepositoryError: git is not installed.
        """
        program = shutil.which("git")
        if program is None:
            raise RepositoryError(
                "git is not installed",
                code="repository.git_missing",
                hint="Install git 2.37 or later.",
            )
        self._program = program
        self._directory = directory
        self._environment = _environment(Path(program), (*SAFE_CONFIG, *config))
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds

    def run(self, *arguments: str, stdin: bytes = b"") -> GitResult:
        """Run one command to its end, or kill it with all its children.

        Raises:
            RepositoryError: ``repository.timeout`` or ``repository.too_large``.
        """
        with (
            tempfile.TemporaryFile() as source,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
        ):
            source.write(stdin)
            source.seek(0)
            process = subprocess.Popen(  # noqa: S603 - fixed program, arguments checked
                [self._program, *arguments],
                stdin=source,
                stdout=output,
                stderr=errors,
                cwd=self._directory,
                env=self._environment,
                start_new_session=True,
            )
            try:
                self._watch(process, output, errors)
            finally:
                _end_group(process)
            words = _read(errors).decode("utf-8", "replace")
            return GitResult(process.returncode, _read(output), words)

    def _watch(self, process: subprocess.Popen[bytes], *outputs: IO[bytes]) -> None:
        while True:
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                self._check_budget(outputs)
            else:
                self._check_size(outputs)
                return

    def _check_budget(self, outputs: Sequence[IO[bytes]]) -> None:
        if time.monotonic() > self._deadline:
            raise RepositoryError(
                f"fetching the repository took longer than {self._limits.seconds:g} seconds",
                code="repository.timeout",
                hint="Try again, or raise AI_PROVISION_GIT_TIMEOUT_SECONDS.",
            )
        self._check_size(outputs)

    def _check_size(self, outputs: Sequence[IO[bytes]]) -> None:
        written = any(os.fstat(file.fileno()).st_size > MAX_OUTPUT_BYTES for file in outputs)
        if written or directory_bytes(self._directory) > self._limits.max_bytes:
            raise too_large(self._limits.max_bytes)


def too_large(max_bytes: int) -> RepositoryError:
    """The error for a repository over its size limit."""
    return RepositoryError(
        f"the repository is larger than {max_bytes} bytes",
        code="repository.too_large",
        hint="Raise AI_PROVISION_GIT_MAX_BYTES, or run the command in a local checkout.",
    )


def directory_bytes(root: Path) -> int:
    """Bytes of all files below a directory; files that vanish meanwhile count nothing."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def transfer_config(
    url: RepositoryUrl, addresses: Sequence[str], settings: Settings
) -> tuple[tuple[str, str], ...]:
    """Configuration for one host: its addresses pinned, its authorities, proxy and credentials."""
    config = [("remote.origin.url", str(url))]
    pinned = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    if ":" not in url.host:
        # An address as host needs no resolution. git splits no value here, curl splits at commas.
        config.append(("http.curloptResolve", f"{url.host}:{url.port}:{pinned}"))
    if settings.git_ca_file:
        config.append(("http.sslCAInfo", settings.git_ca_file))
    if settings.git_proxy:
        config.append(("http.proxy", settings.git_proxy.get_secret_value()))
    if settings.git_token and url.host in settings.git_token_hosts:
        config.append((f"http.https://{url.authority}/.extraHeader", _basic_auth(settings)))
    return tuple(config)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Texts that no message may contain, longest first."""
    secrets = []
    if settings.git_token:
        secrets += [_basic_auth(settings).rpartition(" ")[2], settings.git_token.get_secret_value()]
    if settings.git_proxy:
        secrets.append(settings.git_proxy.get_secret_value())
    return tuple(sorted(filter(None, secrets), key=len, reverse=True))


def _basic_auth(settings: Settings) -> str:
    token = settings.git_token.get_secret_value() if settings.git_token else ""
    pair = f"{settings.git_username.get_secret_value()}:{token}"
    return "Authorization: Basic " + base64.b64encode(pair.encode()).decode()


def _environment(program: Path, config: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    environment = {
        "PATH": os.pathsep.join((str(program.parent), os.defpath)),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "https",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    for number, (key, value) in enumerate(config):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a git that still runs, with its helpers (git-remote-https, index-pack).

    The group is signalled only while its leader is not reaped: its number cannot be another's yet.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(MAX_OUTPUT_BYTES)
