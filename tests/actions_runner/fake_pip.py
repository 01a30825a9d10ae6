"""Stands in for pip: installs what is installed here already, and exactly what it is asked for.

Called as pip is: ``--python VENV/bin/python … install … (-r FILE… | SOURCE)``. A pinned library is
linked from the environment of the tests, in the version that is there; one that is not there fails.
So a command that imports a library which no list names fails as it would on a runner.
"""

import os
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PINNED_FOR = (3, 11)
COMMAND = """\
#!{python}
import sys
from ci.cli import main
sys.exit(main())
"""


def main(arguments: list[str]) -> int:
    python = Path(arguments[arguments.index("--python") + 1])
    for flag in ("install", "--no-deps", "--no-compile"):
        assert flag in arguments, f"{flag} is not asked for"
    (site,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    lists = [arguments[n + 1] for n, word in enumerate(arguments) if word == "-r"]
    if lists:
        assert ":all:" in arguments, "source distributions would run their setup"
    for name in lists:
        for line in Path(name).read_text().splitlines():
            if line and not line.startswith("#"):
                _link(line.partition("==")[0], site)
    if not lists:
        _install(Path(arguments[-1]), python, site)
    return 0


def _link(name: str, site: Path) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        if sys.version_info[:2] == PINNED_FOR:
            sys.exit(f"no {name} here")
        return  # other versions of Python need other libraries
    root = Path(found.locate_file("."))
    for top in sorted({path.parts[0] for path in found.files or ()}):
        if top not in ("..", "__pycache__") and not (site / top).exists():
            (site / top).symlink_to(root / top)


def _install(source: Path, python: Path, site: Path) -> None:
    (site / "source.pth").write_text(f"{os.path.realpath(source)}\n")
    command = python.parent / "ai-provision"
    command.write_text(COMMAND.format(python=python))
    command.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
