"""Writes what was measured into docs/evaluation.md.

    python -m bench.evaluation --truth truth.jsonl --checkouts DIR... [options of eval]

The options are those of ``ai-provision eval``; the table stands between ``<!-- measured -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ci.cli import main as run

DOCUMENT = Path(__file__).parent.parent / "docs" / "evaluation.md"
_PART = re.compile(r"(<!-- measured -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str], document: Path = DOCUMENT) -> int:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run(["eval", *arguments])
    if code == 0:
        document.write_text(with_table(document.read_text("utf-8"), printed.getvalue()), "utf-8")
    return code


def with_table(text: str, table: str) -> str:
    """The document with this table in its measured part."""
    return _PART.sub(lambda match: f"{match[1]}```text\n{table}```\n{match[2]}", text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
