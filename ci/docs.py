"""Writes the generated parts of the README: ``python -m ci.docs [--write]``.

Between ``<!-- generated: NAME -->`` and ``<!-- end -->`` stands what the code itself says; a test
compares them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from adapters.settings import settings_table
from ci.cli import EXIT_CODES

README = Path(__file__).parent.parent / "README.md"
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _exit_codes() -> str:
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES)
    return f"| code | meaning |\n|---|---|\n{rows}"


PARTS: dict[str, Callable[[], str]] = {
    "exit-codes": _exit_codes,
    "settings": settings_table,
}


def generated(text: str) -> str:
    """The text with all generated parts made anew."""
    return _PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}{match[3]}", text)


if __name__ == "__main__":
    fresh = generated(README.read_text("utf-8"))
    if "--write" in sys.argv:
        README.write_text(fresh, "utf-8")
    elif fresh != README.read_text("utf-8"):
        sys.exit("README.md is not up to date: run `make docs`")
