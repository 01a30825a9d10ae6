"""Fakes of the published actions that the workflows use, by the name before the ``@``."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.github_server import FakeGitHub
from tests.github_server.git_objects import EXECUTABLE, REGULAR

_PYTHON = """\
#!/bin/bash
if [ "$1" = -m ] && [ "$2" = pip ]; then exec {python} {pip} "${{@:3}}"; fi
exec {python} "$@"
"""


class StepFailed(Exception):
    """The action failed, with its words."""


@dataclass
class World:
    """What lies outside of the jobs of one run."""

    github: FakeGitHub
    sources: Mapping[tuple[str, str], Path]
    """Other repositories that can be checked out, by name and commit."""
    artifacts: dict[str, Path] = field(default_factory=dict)
    caches: dict[str, Path] = field(default_factory=dict)
    """Kept from run to run, by key."""
    store: Path = Path()
    """Where caches lie."""


@dataclass
class Machine:
    """The machine of one job."""

    root: Path
    permissions: Mapping[str, str]

    @property
    def workspace(self) -> Path:
        return self.root / "work"

    @property
    def temp(self) -> Path:
        return self.root / "temp"


Inputs = Mapping[str, str]
Outputs = dict[str, str]


class FakeCheckout:
    """Writes the files of a commit, and a ``.git`` that stands at it."""

    def __call__(self, inputs: Inputs, world: World, machine: Machine) -> Outputs:
        assert inputs["persist-credentials"] == "false", "a token would be left in .git/config"
        target = machine.workspace / inputs.get("path", ".")
        repository = inputs.get("repository") or world.github.repository
        source = world.sources.get((repository, inputs["ref"]))
        if source is not None:
            target.symlink_to(source)
            return {}
        if world.github.gone or repository != world.github.repository:
            raise StepFailed(f"repository {repository} not found")
        assert machine.permissions.get("contents") in ("read", "write")
        commit = world.github.git.commits.get(inputs["ref"])
        if commit is None:
            raise StepFailed(f"no commit {inputs['ref']}")
        for path, entry in commit.files.items():
            if entry.mode in (REGULAR, EXECUTABLE):
                file = target / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(world.github.git.blobs[entry.sha])
        self._stand_at(target / ".git", commit.sha)
        return {"commit": commit.sha}

    def _stand_at(self, directory: Path, sha: str) -> None:
        for name in ("objects", "refs"):
            (directory / name).mkdir(parents=True)
        (directory / "HEAD").write_text(f"{sha}\n")
        (directory / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")


class FakeSetupPython:
    """Gives the interpreter of the tests, with a pip that reaches no network."""

    def __call__(self, inputs: Inputs, world: World, machine: Machine) -> Outputs:
        program = machine.root / "python"
        pip = Path(__file__).with_name("fake_pip.py")
        program.write_text(_PYTHON.format(python=sys.executable, pip=pip))
        program.chmod(0o755)
        return {"python-path": str(program), "python-version": "3.11.9"}


class FakeCache:
    """Restores a directory by its key; keeps it at the job's end when there was none."""

    def __call__(self, inputs: Inputs, world: World, machine: Machine) -> Outputs:
        assert inputs["key"]
        kept = world.caches.get(inputs["key"])
        if kept is not None:
            shutil.copytree(kept, inputs["path"], symlinks=True)
        return {"cache-hit": "true" if kept else "false"}

    def after(self, inputs: Inputs, world: World, machine: Machine) -> None:
        if inputs["key"] not in world.caches and Path(inputs["path"]).exists():
            kept = world.store / f"cache-{len(world.caches)}"
            shutil.copytree(inputs["path"], kept, symlinks=True)
            world.caches[inputs["key"]] = kept


class FakeUploadArtifact:
    """Keeps a directory without its hidden files, as the action does."""

    def __call__(self, inputs: Inputs, world: World, machine: Machine) -> Outputs:
        source = machine.workspace / inputs["path"]
        files = [path for path in source.rglob("*") if path.is_file()]
        shown = [path for path in files if not _hidden(path.relative_to(source))]
        if not shown:
            if inputs.get("if-no-files-found") == "ignore":
                return {}
            raise StepFailed("no files were found")
        assert inputs["name"] not in world.artifacts
        kept = machine.root.parent / f"artifact-{inputs['name']}"
        for path in shown:
            copy = kept / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        world.artifacts[inputs["name"]] = kept
        return {}


class FakeDownloadArtifact:
    """Puts a kept directory into the workspace."""

    def __call__(self, inputs: Inputs, world: World, machine: Machine) -> Outputs:
        kept = world.artifacts.get(inputs["name"])
        if kept is None:
            raise StepFailed(f"artifact {inputs['name']} not found")
        shutil.copytree(kept, machine.workspace / inputs["path"])
        return {}


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


ACTIONS: Mapping[str, Any] = {
    "actions/checkout": FakeCheckout(),
    "actions/setup-python": FakeSetupPython(),
    "actions/cache": FakeCache(),
    "actions/upload-artifact": FakeUploadArtifact(),
    "actions/download-artifact": FakeDownloadArtifact(),
}


def environment(machine: Machine) -> dict[str, str]:
    """The variables that a hosted runner gives every step; nothing of this process but PATH."""
    home = machine.root / "home"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "RUNNER_TEMP": str(machine.temp),
        "GITHUB_WORKSPACE": str(machine.workspace),
    }
