"""``knowledge add`` and ``knowledge remove``: the operator's own documents."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adapters.clock import SystemClock
from adapters.settings import Settings
from adapters.web import WebPages
from knowledge.documents.blocks import format_of
from knowledge.documents.extract import extract
from knowledge.documents.shelf import Provenance, Shelf, facts_of
from pipeline.knowledge_index import added_directory
from schemas.errors import InputFileError
from schemas.knowledge import Fact
from schemas.quantities import format_memory


def add(settings: Settings, arguments: argparse.Namespace) -> int:
    """Read a file or page and keep its passages; returns the exit code.

    Raises:
        InputFileError: The file cannot be read, or holds nothing that can be.
        WebError: The page was refused or cannot be fetched.
        OutputError: The document cannot be kept.
    """
    facts = _facts(arguments, settings)
    id_ = Shelf(added_directory(settings)).put(facts)
    sized = sum(bool(fact.figures) for fact in facts)
    sys.stdout.write(f"{id_}\n")
    sys.stderr.write(
        f"kept {len(facts)} passages, {sized} of them with figures; ai-provision knowledge build"
        " lets them be found by meaning too\n"
    )
    if sized and not arguments.product:
        sys.stderr.write(
            "the figures move no number: --product NAME says which product they are about\n"
        )
    return 0


def remove(settings: Settings, arguments: argparse.Namespace) -> int:
    """Forget a document; returns the exit code.

    Raises:
        UsageError: There is none of that id.
        OutputError: It cannot be removed.
    """
    count = Shelf(added_directory(settings)).remove(arguments.id)
    sys.stderr.write(f"removed {count} passages\n")
    return 0


def _facts(arguments: argparse.Namespace, settings: Settings) -> tuple[Fact, ...]:
    given = arguments.source
    today = SystemClock().now().date()
    title, products = arguments.title or "", tuple(arguments.product or ())
    if "://" in given:
        page = WebPages(settings).fetch(given)
        data, content_type, name = page.data, page.content_type, page.url
        provenance = Provenance(page.url, given, today, title, products)
    else:
        data, content_type, name = _file(Path(given), settings.web_max_bytes), "", Path(given).name
        shown = "file:" + "_".join(name.split())
        provenance = Provenance(shown, str(Path(given).resolve()), today, title, products)
    document = extract(data, format_of(name, content_type, data[:512]), name)
    return facts_of(document, provenance)


def _file(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise InputFileError(
            f"{path} is larger than {format_memory(most)}",
            hint="AI_PROVISION_WEB_MAX_BYTES allows more.",
        )
    return data
