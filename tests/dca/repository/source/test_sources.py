"""Directories of a repository, what lies aside in them, and lines of evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.source.sources import (
    Sources,
    ancestors,
    extension,
    is_aside,
    is_manifest,
    join,
    line_of,
    parent,
)
from tests.dca.tree import FakeTree

NAMES = st.sampled_from(["a", "a-b", "a.b", "a0", "b", "a/x", "a/x/y", "a-b/z"])


@given(st.sets(NAMES.map(lambda name: f"{name}/f.py")), NAMES)
def test_what_lies_under_a_directory_is_what_starts_with_its_path(paths, directory):
    found = Sources(FakeTree(dict.fromkeys(paths, ""))).under(directory)
    assert found == sorted(path for path in paths if path.startswith(f"{directory}/"))


def test_here_is_only_what_lies_directly():
    sources = Sources(FakeTree({"a/x.py": "", "a/b/y.py": "", "z.py": ""}))
    assert sources.here("a") == ["a/x.py"]
    assert sources.here(".") == ["z.py"]


def test_a_file_is_read_once():
    tree = FakeTree({"a.py": "x"})
    sources = Sources(tree)
    assert [sources.read("a.py"), sources.read("a.py"), sources.read("b.py")] == ["x", "x", None]
    assert tree.reads == ["a.py"]


@pytest.mark.parametrize(
    ("path", "within", "aside"),
    [
        ("tests/a.py", ".", True),
        ("app/node_modules/x/a.js", "app", True),
        ("examples/shop/main.py", "examples/shop", False),
        ("src/main/java/com/sample/orders/A.java", ".", False),
        ("api/src/main/java/com/example/A.java", ".", False),
        ("src/test/java/A.java", ".", True),
        ("samples/api/src/main/java/A.java", ".", True),
        ("contest/a.py", ".", False),
    ],
)
def test_tests_vendored_and_generated_code_lies_aside(path, within, aside):
    assert is_aside(path, within) is aside


@pytest.mark.parametrize(
    ("path", "manifest"),
    [
        ("a/requirements-prod.txt", True),
        ("requirements-dev.txt", False),
        ("X.csproj", True),
        ("GO.MOD", True),
        ("go.sum", False),
    ],
)
def test_manifests_are_known_by_name(path, manifest):
    assert is_manifest(path) is manifest


def test_paths_are_joined_inside_the_repository_only():
    assert join("a/b", "../c/./d") == "a/c/d"
    assert join("a", "../../etc/passwd") == ""
    assert join("a", "..\\b\\x.csproj") == "b/x.csproj"


def test_parents_and_suffixes():
    assert (parent("a/b.py"), parent("b.py")) == ("a", ".")
    assert list(ancestors("a/b")) == ["a", "."]
    assert list(ancestors(".")) == []
    assert [extension(name) for name in ("a.PY", ".env", "a/.b/c", "x.tar.gz")] == [
        ".py",
        "",
        "",
        ".gz",
    ]


def test_a_line_is_counted_from_one():
    assert line_of("a\nB\nc", "b") == 2
    assert line_of("a", "z") is None
    assert line_of(None, "a") is None
