import json
import os
import stat
from pathlib import Path

import pytest

from ci.handoff import publish as module
from ci.handoff.marker import MARKER
from ci.handoff.publish import publish
from schemas.errors import OutputError

FIRST = {"a.txt": b"one", "deep/er/b.txt": b"two", "gone/c.txt": b"three"}
SECOND = {"a.txt": b"ONE", "deep/er/b.txt": b"TWO", "new/d.txt": b"FOUR"}


def snapshot(directory: Path) -> dict[str, bytes | str | None]:
    """Everything below a directory: bytes of files, targets of links, None for directories."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(directory.rglob("*")):
        key = str(path.relative_to(directory))
        if path.is_symlink():
            found[key] = str(path.readlink())
        else:
            found[key] = path.read_bytes() if path.is_file() else None
    return found


def test_a_new_directory_holds_the_files_and_nothing_else(tmp_path):
    out = tmp_path / "made" / "out"
    paths = publish(FIRST, out)
    assert paths == tuple(out / name for name in sorted(FIRST))
    assert {path.name for path in tmp_path.joinpath("made").iterdir()} == {"out"}
    assert {key for key, value in snapshot(out).items() if value is not None} == {*FIRST, MARKER}


def test_a_second_run_replaces_the_first_and_leaves_other_files(tmp_path):
    publish(FIRST, tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "gone" / "mine.txt").write_text("mine too")
    (tmp_path / "deep" / ".terraform").mkdir()
    publish(SECOND, tmp_path)
    after = snapshot(tmp_path)
    assert after["mine.txt"] == b"mine"
    assert after["gone/mine.txt"] == b"mine too"
    assert "gone/c.txt" not in after
    assert {name: after[name] for name in SECOND} == SECOND
    assert json.loads(after[MARKER])["files"].keys() == SECOND.keys()


def test_a_directory_that_only_held_files_of_ours_goes_with_them(tmp_path):
    publish(FIRST, tmp_path)
    publish(SECOND, tmp_path)
    assert not (tmp_path / "gone").exists()


def test_the_same_files_give_the_same_bytes(tmp_path):
    publish(FIRST, tmp_path / "x")
    publish(dict(reversed(FIRST.items())), tmp_path / "y")
    before = snapshot(tmp_path / "x")
    publish(FIRST, tmp_path / "x")
    assert before == snapshot(tmp_path / "x") == snapshot(tmp_path / "y")


def foreign_file(out):
    (out / "a.txt").write_text("not ours")


def edited_file(out):
    publish(FIRST, out)
    (out / "a.txt").write_text("edited by hand")


def edited_stale_file(out):
    publish(FIRST, out)
    (out / "gone" / "c.txt").write_text("edited by hand")


def linked_file(out):
    (out.parent / "secret").write_text("secret")
    (out / "a.txt").symlink_to(out.parent / "secret")


def dangling_link(out):
    (out / "a.txt").symlink_to(out.parent / "nowhere")


def linked_directory(out):
    (out.parent / "elsewhere").mkdir()
    (out / "deep").symlink_to(out.parent / "elsewhere")


def directory_by_the_name(out):
    (out / "a.txt").mkdir()


def file_where_a_directory_belongs(out):
    (out / "deep").write_text("not a directory")


def same_bytes_without_marker(out):
    (out / "a.txt").write_bytes(b"ONE")


def broken_marker(out):
    (out / MARKER).write_text("{")


def linked_marker(out):
    (out.parent / "marker").write_text('{"written_by": "ai-provision", "files": {}}')
    (out / MARKER).symlink_to(out.parent / "marker")


def marker_that_leaves(out):
    (out.parent / "victim").write_bytes(b"x")
    files = {"../victim": ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]}
    (out / MARKER).write_text(json.dumps({"written_by": "ai-provision", "files": files}))


@pytest.mark.parametrize(
    "prepare",
    [
        foreign_file,
        edited_file,
        edited_stale_file,
        linked_file,
        dangling_link,
        linked_directory,
        directory_by_the_name,
        file_where_a_directory_belongs,
        same_bytes_without_marker,
        broken_marker,
        linked_marker,
        marker_that_leaves,
    ],
    ids=lambda prepare: prepare.__name__,
)
def test_what_is_not_ours_is_refused_and_untouched(tmp_path, prepare):
    out = tmp_path / "out"
    out.mkdir()
    prepare(out)
    before = snapshot(tmp_path)
    with pytest.raises(OutputError) as caught:
        publish(SECOND, out)
    assert caught.value.code == "output.foreign"
    assert caught.value.hint
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("kind", ["link", "dangling", "file", "below a file", "loop"])
def test_an_output_that_is_no_directory_is_refused(tmp_path, kind):
    out = tmp_path / "out"
    if kind == "link":
        (tmp_path / "real").mkdir()
        out.symlink_to(tmp_path / "real")
    elif kind == "dangling":
        out.symlink_to(tmp_path / "real")
    elif kind == "loop":
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        out = tmp_path / "loop" / "out"
    else:
        out.write_text("x")
        out = out / "below" if kind == "below a file" else out
    before = snapshot(tmp_path)
    with pytest.raises(OutputError):
        publish(FIRST, out)
    assert snapshot(tmp_path) == before


def test_parents_may_be_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    publish(FIRST, tmp_path / "link" / "out")
    assert (tmp_path / "real" / "out" / "a.txt").read_bytes() == b"one"


def test_the_current_directory_can_be_the_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    publish(FIRST, Path())
    assert (tmp_path / "a.txt").read_bytes() == b"one"


def caught(kind, call, *args):
    """The error that a call raises, or None."""
    try:
        call(*args)
    except kind as error:
        return error
    return None


class FailingDisk:
    """A fake disk that is full from the nth call on."""

    def __init__(self, good: int, call) -> None:
        self.left = good
        self.call = call

    def __call__(self, *args, **kwargs):
        self.left -= 1
        if self.left == -1:
            raise OSError(28, "No space left on device")
        return self.call(*args, **kwargs)


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
@pytest.mark.parametrize("fresh", [True, False], ids=["new directory", "second run"])
def test_whichever_call_fails_the_old_output_is_intact(tmp_path, monkeypatch, call, fresh):
    owner = os if call == "fsync" else Path
    real = getattr(owner, call)
    failures = 0
    for good in range(40):
        out = tmp_path / f"{call}-{good}" / "out"
        if not fresh:
            publish(FIRST, out)
        else:
            out.parent.mkdir()
        before = snapshot(out.parent)
        disk = FailingDisk(good, real)
        with monkeypatch.context() as patch:
            patch.setattr(owner, call, lambda *a, _disk=disk, **k: _disk(*a, **k))
            error = caught(OutputError, publish, SECOND, out)
        if error is None:
            after = snapshot(out)
            assert {name: after[name] for name in SECOND} == SECOND
        else:
            failures += 1
            assert "No space left" in error.message
            assert snapshot(out.parent) == before
        if disk.left >= 0:
            break
    else:
        pytest.fail("never succeeded")
    assert failures > 0 or (call == "replace" and fresh)


def test_a_run_that_was_killed_halfway_can_be_repeated(tmp_path, monkeypatch):
    publish(FIRST, tmp_path)

    class Killed(BaseException):
        """Ends the process without a chance to undo."""

    count = 0
    real = Path.replace

    def replace(self, target):
        nonlocal count
        count += 1
        if count == 3:
            raise Killed
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        patch.setattr(module, "_undo", lambda steps: None)
        with pytest.raises(Killed):
            publish(SECOND, tmp_path)
    half = snapshot(tmp_path)
    assert {half["a.txt"], half["deep/er/b.txt"]} == {b"ONE", b"two"}
    publish(SECOND, tmp_path)
    after = snapshot(tmp_path)
    assert {name: after[name] for name in SECOND} == SECOND
    assert "gone/c.txt" not in after


def test_two_runs_do_not_write_at_once(tmp_path):
    publish(FIRST, tmp_path)
    with module._locked(tmp_path), pytest.raises(OutputError) as caught:
        publish(SECOND, tmp_path)
    assert caught.value.code == "output.busy"


def test_modes_follow_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        publish(FIRST, tmp_path / "out")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "out" / "a.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "out" / "deep").stat().st_mode) == 0o750
