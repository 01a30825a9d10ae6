"""What is recommended, once applied to the repository, is recommended again: nothing drifts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def size(repository, *arguments):
    trigger = str(repository / "trigger.yaml")
    return subprocess.run(
        [
            sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())",
            "size", "--trigger", trigger, "--checkout", str(repository), *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )  # fmt: skip


def patched(document, patch, scratch):
    """The document as the real kubectl makes it."""
    target = scratch / "target.yaml"
    target.write_text(yaml.safe_dump(document))
    done = subprocess.run(
        [
            "kubectl", "patch", "--local", "-f", str(target), "--type=strategic",
            "--patch-file", str(patch), "-o", "yaml",
        ],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    return yaml.safe_load(done.stdout)


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_check_passes_once_the_recommendation_is_in_the_repository(tmp_path):
    shop, out = tmp_path / "shop", tmp_path / "out"
    shutil.copytree(ROOT / "examples" / "shop", shop)
    assert size(shop, "--check", "--out", str(out)).returncode == 1, "nothing is applied yet"

    manifest = shop / "deploy" / "inventory-api.yaml"
    documents = list(yaml.safe_load_all(manifest.read_text()))
    patch = out / "patches" / "inventory-api.yaml"
    manifest.write_text(
        yaml.safe_dump_all(
            patched(document, patch, tmp_path) if document["kind"] == "Deployment" else document
            for document in documents
        )
    )
    for file in (out / "manifests").iterdir():
        shutil.copy(file, shop / "deploy" / f"sized-{file.name}")

    again = size(shop, "--check")
    assert again.returncode == 0, again.stdout
    assert "Changes to the repository's manifests" not in again.stdout
