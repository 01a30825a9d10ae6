"""Repositories written to a temporary directory and read as the tool reads them."""

from __future__ import annotations

import pytest

from adapters.files import DirectoryTree


@pytest.fixture
def checkout(tmp_path):
    """Write files and return them as a tree."""

    def write(files: dict[str, str]) -> DirectoryTree:
        root = tmp_path / "repository"
        root.mkdir(exist_ok=True)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return DirectoryTree(root)

    return write
