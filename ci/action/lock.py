"""Writes the pinned requirements of the Action: ``python -m ci.action.lock [--write]``.

The Action sizes, and needs neither Chroma nor the pictures nor the readers of web pages and PDFs;
`NOT_NEEDED` names what is left out and why that is right. Versions are those of the environment
this runs in, which is the one that the tests run in. Installing is done without resolving
(``pip --no-deps``), so a file that misses something fails a test and not a user.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SIZE, MODELS, GITHUB = "requirements.txt", "requirements-llm.txt", "requirements-github.txt"
"""For sizing; beside it, when a language model takes part; for the gate and the publisher alone."""
NOT_NEEDED: Mapping[str, str] = {
    "chromadb": "facts are searched by words (BM25); an index by meaning is not built in a job",
    "llama-index-vector-stores-chroma": "as chromadb",
    "llama-index-core": "only with a language model",
    "llama-index-llms-ollama": "only with a language model",
    "ollama": "only with a language model",
    "matplotlib": "no pictures are drawn",
    "trafilatura": "no web pages are added to the knowledge base",
    "lxml-html-clean": "as trafilatura",
    "markdown-it-py": "no documents are added; rich brings it where it needs it",
    "protego": "no web pages are fetched",
    "pypdf": "no PDFs are added",
}
"""Dependencies of the package that the Action can do without, with the reason."""
WITH_MODELS = ("llama-index-core", "llama-index-llms-ollama", "ollama")
"""What is installed beside the rest when the input ``llm`` names a model."""
WITH_OPENAI = "openai"
"""The extra for servers that speak OpenAI's protocol."""
OF_GITHUB = ("pydantic", "pyyaml", "ruamel-yaml", "jinja2", "pygithub")
"""What the jobs with a write token import: they install no more than that."""
BUILD = "setuptools"
"""Installs the Action's own source without a second environment."""
_HEAD = "# Written by `python -m ci.action.lock --write`; do not edit.\n"


def locked(roots: Iterable[str], leave_out: Mapping[str, str]) -> dict[str, str]:
    """Distribution name → version of the roots and all that they need on this platform.

    Args:
        roots: Requirements as in ``pyproject.toml``.
        leave_out: Names that are not followed as roots; what another root needs is kept.

    Raises:
        PackageNotFoundError: One is not installed here.
    """
    found: dict[str, str] = {}
    waiting = [Requirement(text) for text in roots]
    waiting = [item for item in waiting if canonicalize_name(item.name) not in leave_out]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        item = waiting.pop()
        name = canonicalize_name(item.name)
        key = (name, frozenset(item.extras))
        if key in seen:
            continue
        seen.add(key)
        installed = distribution(name)
        found[name] = installed.version
        waiting += _needed(installed.requires or (), item.extras)
    return found


def _needed(requires: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
    wanted = ("", *extras)
    for text in requires:
        item = Requirement(text)
        if item.marker is None or any(item.marker.evaluate({"extra": extra}) for extra in wanted):
            yield item


def files(project: Path = ROOT / "pyproject.toml") -> dict[str, str]:
    """The three files: name → text."""
    data = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    base = locked((*data["dependencies"], BUILD), NOT_NEEDED)
    github = locked((*OF_GITHUB, BUILD), {})
    extra = (*WITH_MODELS, *data["optional-dependencies"][WITH_OPENAI])
    models = {name: text for name, text in locked(extra, {}).items() if name not in base}
    return {SIZE: _text(base), MODELS: _text(models), GITHUB: _text(github)}


def _text(pins: Mapping[str, str]) -> str:
    return _HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(pins.items()))


def main(argv: list[str] | None = None) -> int:
    """Write the files, or say whether they are as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files anew")
    arguments = parser.parse_args(argv)
    try:
        wanted = files()
    except PackageNotFoundError as error:
        sys.stderr.write(f"error[lock.missing]: {error.name} is not installed here\n")
        return 2
    stale = [name for name, text in wanted.items() if _read(HERE / name) != text]
    if arguments.write:
        for name in stale:
            (HERE / name).write_text(wanted[name], encoding="utf-8")
    elif stale:
        sys.stderr.write(f"error[lock.stale]: {', '.join(stale)}: run with --write\n")
        return 1
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
