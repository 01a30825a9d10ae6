"""The package's plain names must win over folders that other wheels leave in site-packages."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_schemas_folder_without_init_that_comes_first_does_not_hide_ours(tmp_path):
    (tmp_path / "schemas" / "embedding_functions").mkdir(parents=True)
    (tmp_path / "schemas" / "errors.py").write_text("raise RuntimeError('not ours')")
    text = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}];"
        "import schemas.errors; print(schemas.errors.ProvisionError.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "ProvisionError"
