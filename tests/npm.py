"""Packages of the npm registry, for tests that hold something against what others publish."""

import shutil
import subprocess

import pytest


def packed(package, directory):
    """The archive of an npm package; skips where there is no npm or no registry."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "pack", "--silent", "--fetch-retries=0", package]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode != 0:
        pytest.skip(f"npm cannot fetch {package}")
    (archive,) = directory.glob("*.tgz")
    return archive
