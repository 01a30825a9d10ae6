"""Reads a document in a process of its own, within limits of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from knowledge.documents.blocks import Block, Document, Format, read
from schemas.errors import InputFileError
from schemas.quantities import GIB

SECONDS = 60
"""Longest wait; a book of 500 pages takes a third of that."""
_CPU_SECONDS = 40
_ADDRESS_SPACE_BYTES = 3 * GIB
"""lxml and the language tables of the extractor map about 1 GiB."""
_ROOT = Path(__file__).parents[2]


def extract(data: bytes, kind: Format, name: str) -> Document:
    """The blocks of a document.

    Args:
        data: The file.
        kind: Its format.
        name: How errors call it.

    Raises:
        InputFileError: Damaged, empty, or it cannot be read within the limits.
    """
    try:
        done = subprocess.run(  # noqa: S603 - this module, with a fixed argument
            [sys.executable, "-m", __name__, kind.value],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PYTHONHASHSEED": "0"},
        )
    except subprocess.TimeoutExpired as error:
        raise _beyond(name) from error
    if done.returncode != 0:
        raise _beyond(name)
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise InputFileError(f"{name}: {answer['error']}", code=answer["code"])
    blocks = tuple(Block(*block) for block in answer["blocks"])
    return Document(answer["title"], blocks)


def _beyond(name: str) -> InputFileError:
    return InputFileError(
        f"{name} cannot be read within {_CPU_SECONDS} s of CPU and"
        f" {_ADDRESS_SPACE_BYTES // GIB} GiB",
        code="knowledge.limit",
        hint="Add the part that matters as Markdown.",
    )


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, object]
    try:
        document = read(sys.stdin.buffer.read(), Format(sys.argv[1]))
    except InputFileError as error:
        answer = {"error": error.message, "code": error.code}
    else:
        blocks = [(block.heading, block.text, block.code) for block in document.blocks]
        answer = {"title": document.title, "blocks": blocks}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
