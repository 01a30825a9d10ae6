"""A hostile directory is listed and read within bounds, and no link is followed."""

from __future__ import annotations

import os

import pytest

from adapters.files import DirectoryTree, TreeLimits
from schemas.errors import InputFileError
from tests.bounded import bounded


def reasons(tree):
    return {item.path: item.reason for item in tree.skipped}


def write(root, path, content="x"):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return target


def test_files_are_listed_sorted_with_relative_paths(tmp_path):
    for path in ("b/z.txt", "a.txt", "b/a.txt"):
        write(tmp_path, path)
    assert DirectoryTree(tmp_path).paths == ("a.txt", "b/a.txt", "b/z.txt")


def test_an_empty_directory_has_no_files(tmp_path):
    tree = DirectoryTree(tmp_path)
    assert (tree.paths, tree.skipped, tree.truncated) == ((), (), False)


def test_a_directory_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(InputFileError, match="cannot be listed"):
        DirectoryTree(tmp_path / "absent")


def test_links_to_files_and_directories_are_skipped(tmp_path):
    outside = tmp_path / "outside"
    write(outside, "secret.txt", "secret")
    root = tmp_path / "root"
    write(root, "a.txt")
    (root / "link.txt").symlink_to(outside / "secret.txt")
    (root / "linked").symlink_to(outside)
    tree = DirectoryTree(root)
    assert tree.paths == ("a.txt",)
    assert reasons(tree) == {"link.txt": "symbolic link", "linked": "symbolic link"}
    assert tree.read_text("linked/secret.txt") is None


def test_a_file_swapped_for_a_link_after_the_listing_is_not_followed(tmp_path):
    secret = write(tmp_path, "outside/secret.txt", "secret")
    root = tmp_path / "root"
    target = write(root, "sub/a.txt", "harmless")
    tree = DirectoryTree(root)
    target.unlink()
    target.symlink_to(secret)
    assert tree.read_text("sub/a.txt") is None
    assert "cannot be read" in reasons(tree)["sub/a.txt"]
    assert tree.size("sub/a.txt") == 0


def test_a_parent_swapped_for_a_link_after_the_listing_is_not_followed(tmp_path):
    write(tmp_path, "outside/a.txt", "secret")
    root = tmp_path / "root"
    write(root, "sub/a.txt", "harmless")
    tree = DirectoryTree(root)
    (root / "sub").rename(root / "moved")
    (root / "sub").symlink_to(tmp_path / "outside")
    assert tree.read_text("sub/a.txt") is None


def test_a_file_swapped_for_a_fifo_does_not_block(tmp_path):
    target = write(tmp_path, "a.txt")
    tree = DirectoryTree(tmp_path)
    target.unlink()
    os.mkfifo(target)
    assert tree.read_text("a.txt") is None
    assert reasons(tree)["a.txt"] == "not a regular file"


def test_a_fifo_is_skipped(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    tree = DirectoryTree(tmp_path)
    assert tree.paths == ()
    assert reasons(tree) == {"pipe": "not a regular file"}


def test_a_dockerfile_of_50_megabytes_is_skipped_with_its_size(tmp_path):
    with (tmp_path / "Dockerfile").open("wb") as stream:
        stream.truncate(50 << 20)
    tree = DirectoryTree(tmp_path)
    assert tree.size("Dockerfile") == 50 << 20
    assert tree.read_text("Dockerfile") is None
    assert reasons(tree)["Dockerfile"].startswith("52428800 bytes")


def test_bytes_that_are_not_utf8_are_replaced(tmp_path):
    write(tmp_path, "a.txt", b"caf\xe9 \xef\xbb\xbf")
    assert DirectoryTree(tmp_path).read_text("a.txt").startswith("caf\ufffd ")


def test_a_byte_order_mark_is_dropped(tmp_path):
    write(tmp_path, "a.txt", b"\xef\xbb\xbfname: x")
    assert DirectoryTree(tmp_path).read_text("a.txt") == "name: x"


def test_a_binary_file_is_refused(tmp_path):
    write(tmp_path, "a.bin", b"ELF\0\0")
    tree = DirectoryTree(tmp_path)
    assert tree.read_text("a.bin") is None
    assert reasons(tree) == {"a.bin": "binary file"}


def test_a_path_that_was_not_listed_is_not_read(tmp_path):
    write(tmp_path, "outside.txt", "secret")
    root = tmp_path / "root"
    write(root, "a.txt")
    tree = DirectoryTree(root)
    assert tree.read_text("../outside.txt") is None
    assert tree.size("../outside.txt") == 0


def test_the_total_that_is_read_is_bounded_and_a_second_reading_is_free(tmp_path):
    for name in "abc":
        write(tmp_path, name, "x" * 40)
    tree = DirectoryTree(tmp_path, TreeLimits(total_bytes=100))
    assert [tree.read_text(name) is None for name in ("a", "a", "b", "c")] == [
        *[False, False, False, True]
    ]
    assert tree.truncated
    assert "no more are" in reasons(tree)["c"]


def test_nesting_is_bounded(tmp_path):
    write(tmp_path, "/".join(["d"] * 10) + "/a.txt".lstrip("/"))
    tree = DirectoryTree(tmp_path, TreeLimits(depth=5))
    assert tree.paths == ()
    assert tree.truncated
    assert list(reasons(tree).values()) == ["nested too deeply"]


def test_the_time_of_the_listing_is_bounded(tmp_path):
    for number in range(5):
        write(tmp_path, f"d{number}/a.txt")
    ticks = iter(range(0, 1000, 10))
    tree = DirectoryTree(tmp_path, TreeLimits(seconds=25), monotonic=lambda: next(ticks))
    assert tree.truncated
    assert len(tree.paths) < 5


@pytest.mark.parametrize("name", [".git", "node_modules", ".venv", "__pycache__"])
def test_directories_of_tools_are_pruned(tmp_path, name):
    write(tmp_path, f"{name}/Dockerfile")
    write(tmp_path, "a.txt")
    assert DirectoryTree(tmp_path).paths == ("a.txt",)


@pytest.mark.parametrize(
    ("name", "beside"),
    [("target", "pom.xml"), ("vendor", "go.mod"), ("obj", "Api.csproj"), ("dist", "package.json")],
)
def test_build_output_is_pruned_only_beside_its_build_file(tmp_path, name, beside):
    write(tmp_path, f"made/{name}/a.txt")
    write(tmp_path, f"made/{beside}")
    write(tmp_path, f"plain/{name}/a.txt")
    assert DirectoryTree(tmp_path).paths == (f"made/{beside}", f"plain/{name}/a.txt")


def test_a_build_directory_that_holds_a_dockerfile_is_kept(tmp_path):
    write(tmp_path, "package.json")
    write(tmp_path, "build/Dockerfile")
    assert "build/Dockerfile" in DirectoryTree(tmp_path).paths


def test_names_that_are_no_printable_text_are_skipped(tmp_path):
    write(tmp_path, "a\nb.txt")
    with (tmp_path / os.fsdecode(b"bad\xff.txt")).open("w"):
        pass
    tree = DirectoryTree(tmp_path)
    assert tree.paths == ()
    assert set(reasons(tree)) == {"a\\nb.txt", "bad\\udcff.txt"}


def test_fifty_thousand_files_are_listed_in_bounded_time_and_number(tmp_path):
    for directory in range(60):
        folder = tmp_path / f"d{directory:02}"
        folder.mkdir()
        for number in range(1000):
            os.close(os.open(folder / f"{number:04}.yaml", os.O_CREAT | os.O_WRONLY))
    with bounded():
        tree = DirectoryTree(tmp_path)
    assert len(tree.paths) == 50_000
    assert tree.truncated
    assert DirectoryTree(tmp_path).paths == tree.paths
