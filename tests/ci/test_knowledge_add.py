"""``knowledge add`` and ``remove`` as a person uses them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = """# Zebra queue runbook

The zebra queue of the payments team holds 40,000 unacknowledged messages in memory.

```yaml
resources: {requests: {cpu: 64}, limits: {cpu: 64}}
```
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "guide.md").write_text(GUIDE)
    return tmp_path


def run(here, *arguments):
    variables = {
        "PYTHONPATH": str(ROOT),
        "AI_PROVISION_DATA_DIR": str(here / "data"),
        "AI_PROVISION_CACHE_DIR": str(here / "cache"),
    }
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from ci.cli import main; sys.exit(main())",
            "knowledge",
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=here,
        env={**os.environ, **variables},
        check=False,
    )


def test_an_added_document_is_found_named_by_its_source_and_forgotten_again(here):
    added = run(here, "add", "guide.md")
    assert added.returncode == 0, added.stderr
    id_ = added.stdout.strip()
    assert "kept 2 passages, 1 of them with figures" in added.stderr
    assert "--product NAME" in added.stderr
    found = run(here, "search", "zebra queue unacknowledged messages")
    assert f"{id_}.001" in found.stdout
    assert "file:guide.md" in run(here, "show", f"{id_}.001").stdout
    removed = run(here, "remove", id_)
    assert (removed.returncode, removed.stderr) == (0, "removed 2 passages\n")
    again = run(here, "search", "zebra queue unacknowledged messages")
    assert id_ not in again.stdout


def test_a_document_added_again_is_there_once(here):
    first = run(here, "add", "guide.md").stdout
    (here / "guide.md").write_text(GUIDE.replace("40,000", "50,000"))
    assert run(here, "add", "guide.md").stdout == first
    found = run(here, "search", "zebra queue unacknowledged messages")
    assert "50,000" in found.stdout
    assert "40,000" not in found.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "none.md"), 2, "none.md cannot be read: No such file"),
        (("add", "."), 2, ". cannot be read: Is a directory"),
        (("add", "archive.zip"), 2, "neither Markdown, HTML, PDF nor plain text"),
        (("add", "http://example.com/x"), 3, "over https only"),
        (("add", "https://169.254.169.254/latest"), 3, "not public"),
        (("add", "file:///etc/passwd"), 3, "over https only"),
        (("remove", "postgres-shared-buffers"), 2, "no added document"),
    ],
    ids=["absent", "directory", "zip", "http", "metadata", "file URL", "shipped fact"],
)
def test_what_cannot_be_added_or_removed_is_one_sentence(here, arguments, code, words):
    (here / "archive.zip").write_bytes(b"PK\x03\x04")
    done = run(here, *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (here / "data").exists()
