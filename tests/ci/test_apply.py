"""``ai-provision apply``: what it prints, what it writes, and what it never touches."""

import json
import os
import stat
import subprocess

import pytest
import yaml

from ci.cli import main
from ci.handoff.edits import Edits, FileEdit
from ci.handoff.edits.checkout import checkout_reader, write_edits
from ci.handoff.edits.diff import diff_of
from schemas.errors import OutputError
from schemas.github import FileAt

API = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      containers:
      - name: api # main"""
NUMBERS = {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}


def recommendation(**changes):
    """The JSON of one component with a Deployment."""
    interval = {"low": 1, "target": 2, "high": 3}
    amounts = {
        "cpu_request": {"low": "1m", "target": "250m", "high": "1"},
        "memory_request": {"low": "1Mi", "target": "512Mi", "high": "1Gi"},
        "memory_limit": {"low": "1Mi", "target": "1Gi", "high": "2Gi"},
    }
    containers = [{"name": "api", "resources": NUMBERS}]
    component = {
        "name": "api",
        "source_path": "api",
        "language": "Go",
        "framework": None,
        "role": "backend_api",
        "kind": "Deployment",
        "route": "docs",
        "route_reason": "new",
        "replicas": 2,
        "resources": NUMBERS,
        "confidence": 0.5,
        "intervals": {"replicas": interval, **amounts},
        "reasoning": [],
        "evidence": [],
        "target": {
            "api_version": "apps/v1",
            "kind": "Deployment",
            "name": "api",
            "container": "api",
            "path": "deploy/my api.yaml",
        },
        "patch": {"spec": {"replicas": 2, "template": {"spec": {"containers": containers}}}},
    }
    whole = {
        "trigger": {"git_repo": "https://git.example.com/a/b", "app_description": "A web shop."},
        "repository": {"url": "https://git.example.com/a/b"},
        "components": [component],
        "findings": [],
        "cost": {},
        "run": {
            "id": "run-1",
            "version": "0.1.0",
            "started_at": "2026-01-02T03:04:05Z",
            "seconds": 1,
            "reasoner": {"requested": "none", "used": "none", "why": "asked"},
        },
    }
    return {**whole, **changes}


@pytest.fixture
def checkout(tmp_path):
    """A repository with one manifest, and the recommendation for it beside."""
    root = tmp_path / "repo"
    (root / "deploy").mkdir(parents=True)
    (root / "deploy" / "my api.yaml").write_text(API)
    (tmp_path / "recommendation.json").write_text(json.dumps(recommendation()))
    return root


def names(directory):
    return sorted(file.name for file in directory.iterdir())


def apply(checkout, *flags):
    return main(
        ["apply", str(checkout.parent / "recommendation.json"), "--checkout", str(checkout), *flags]
    )


def test_the_numbers_are_written_and_a_second_time_nothing_is(checkout, capsys):
    manifest = checkout / "deploy" / "my api.yaml"
    manifest.chmod(0o640)
    assert apply(checkout) == 0
    assert "changed 1 files, created 0" in capsys.readouterr().err
    spec = yaml.safe_load(manifest.read_text())["spec"]
    assert spec["replicas"] == 2
    assert spec["template"]["spec"]["containers"] == [{"name": "api", "resources": NUMBERS}]
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o640
    assert names(checkout / "deploy") == ["my api.yaml"]
    assert apply(checkout) == 0
    assert "changed 0 files" in capsys.readouterr().err


@pytest.mark.tool
def test_the_diff_of_a_dry_run_is_what_git_applies(checkout, capfdbinary):
    subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    assert apply(checkout, "--dry-run") == 0
    diff = capfdbinary.readouterr().out
    assert (checkout / "deploy" / "my api.yaml").read_text() == API, "nothing is written"
    subprocess.run(["git", "apply", "-"], input=diff, cwd=checkout, check=True)
    applied = (checkout / "deploy" / "my api.yaml").read_bytes()
    (checkout / "deploy" / "my api.yaml").write_text(API)
    assert apply(checkout) == 0
    assert (checkout / "deploy" / "my api.yaml").read_bytes() == applied


@pytest.mark.tool
@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a b.yaml", b"a\n", b"b"),
        ('d/ü"x.yaml', b"a", b"a\n"),
        ("new.yaml", None, b"a: 1\r\nb\r\n"),
        ("empty.yaml", b"", b"x\n"),
    ],
    ids=["no end of line", "odd name", "new", "empty"],
)
def test_git_applies_any_diff(tmp_path, path, before, after):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    old = FileAt(path, before or b"", "" if before is None else "s")
    edit = FileEdit(path, old, after, ())
    if before is not None:
        (tmp_path / path).write_bytes(before)
    diff = diff_of(Edits((edit,)) if before is not None else Edits(created=(edit,)))
    subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, check=True)
    assert (tmp_path / path).read_bytes() == after


def test_a_blocking_finding_forbids_it(checkout, capsys):
    finding = {"id": "A13", "severity": "block", "passed": False, "message": "x"}
    file = checkout.parent / "recommendation.json"
    file.write_text(json.dumps(recommendation(findings=[finding])))
    assert apply(checkout) == 1
    assert "error[apply.blocked]: the numbers are blocked: A13" in capsys.readouterr().err
    assert (checkout / "deploy" / "my api.yaml").read_text() == API
    assert apply(checkout, "--dry-run") == 1


def test_what_is_left_by_hand_is_said_and_shows_in_the_exit_code(checkout, capsys):
    (checkout / "deploy" / "my api.yaml").write_text("{{ template }}")
    assert apply(checkout) == 1
    said = capsys.readouterr().err
    assert "by hand: api: Deployment/api in deploy/my api.yaml" in said


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--component", "web"), 2, "there is no component 'web'"),
        (("--component", "api"), 0, "changed 1 files"),
    ],
    ids=["unknown", "known"],
)
def test_one_component_can_be_chosen(checkout, capsys, flags, code, words):
    assert apply(checkout, *flags) == code
    assert words in capsys.readouterr().err


def test_a_checkout_that_is_no_directory_is_a_usage_error(checkout, capsys):
    file = checkout / "deploy" / "my api.yaml"
    code = main(["apply", str(checkout.parent / "recommendation.json"), "--checkout", str(file)])
    assert code == 2
    assert "is not a directory" in capsys.readouterr().err


def linked_file(root):
    (root / "deploy" / "my api.yaml").rename(root.parent / "outside.yaml")
    (root / "deploy" / "my api.yaml").symlink_to(root.parent / "outside.yaml")


def linked_directory(root):
    (root / "deploy").rename(root.parent / "outside")
    (root / "deploy").symlink_to(root.parent / "outside")


def pipe(root):
    (root / "deploy" / "my api.yaml").unlink()
    os.mkfifo(root / "deploy" / "my api.yaml")


@pytest.mark.parametrize("trap", [linked_file, linked_directory, pipe], ids=lambda f: f.__name__)
def test_links_and_pipes_are_not_followed(checkout, trap):
    trap(checkout)
    assert checkout_reader(checkout)("deploy/my api.yaml") is None
    assert apply(checkout) == 1
    outside = [*checkout.parent.glob("outside*"), *checkout.parent.glob("outside/*")]
    assert all(file.read_text() == API for file in outside if file.is_file())


def two_edits(root):
    read = checkout_reader(root)
    (root / "deploy" / "z.yaml").write_text("z: 1\n")
    first = read("deploy/my api.yaml")
    last = read("deploy/z.yaml")
    created = FileEdit("new/x.yaml", FileAt("new/x.yaml", b"", ""), b"x", ())
    changed = (
        FileEdit(first.path, first, b"a: 1\n", ()),
        FileEdit(last.path, last, b"z: 2\n", ()),
    )
    return Edits(changed, (created,))


def test_a_file_that_changed_meanwhile_stops_everything(checkout):
    edits = two_edits(checkout)
    (checkout / "deploy" / "z.yaml").write_text("z: 9\n")
    with pytest.raises(OutputError, match="changed since it was read"):
        write_edits(edits, checkout)
    assert (checkout / "deploy" / "my api.yaml").read_text() == API
    assert not (checkout / "new").exists()


def test_a_failing_disk_leaves_every_file_as_it_was(checkout, monkeypatch):
    edits = two_edits(checkout)
    kept = type(checkout).replace

    def replace(self, target):
        if target.name == "z.yaml":
            raise OSError(28, "No space left on device", str(target))
        return kept(self, target)

    monkeypatch.setattr(type(checkout), "replace", replace)
    with pytest.raises(OutputError, match="No space left"):
        write_edits(edits, checkout)
    monkeypatch.undo()
    assert (checkout / "deploy" / "my api.yaml").read_text() == API
    assert (checkout / "deploy" / "z.yaml").read_text() == "z: 1\n"
    assert names(checkout / "deploy") == ["my api.yaml", "z.yaml"]
    assert not (checkout / "new").exists()


def test_a_new_file_is_not_made_through_a_link(checkout):
    (checkout.parent / "away").mkdir()
    (checkout / "new").symlink_to(checkout.parent / "away")
    with pytest.raises(OutputError, match="a link is in the way"):
        write_edits(two_edits(checkout), checkout)
    assert names(checkout.parent / "away") == []
