"""The documents that the operator added, each one file of facts in a directory of their own."""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from knowledge.documents.blocks import Document
from knowledge.documents.passages import Passage, passages
from schemas.errors import OutputError, UsageError
from schemas.knowledge import (
    AppliesTo,
    Confidence,
    Fact,
    FactKind,
    FactSource,
    SourceGrade,
)

MAX_DOCUMENTS = 2000
TOPIC = "added"
_ID = re.compile(r"added-[a-z0-9-]{1,80}")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a document came from, and what the operator says it is about."""

    url: str
    """``https://…``, or ``file:NAME``: nobody needs to see the operator's directories."""
    identity: str
    """What makes it the same document again: the URL, or the file's full path."""
    added: date
    title: str = ""
    """The operator's own title; the document's when empty."""
    products: tuple[str, ...] = ()


def facts_of(document: Document, provenance: Provenance) -> tuple[Fact, ...]:
    """One fact per passage; ids are the same when the same document is added again."""
    title = (provenance.title or document.title or provenance.url)[:200]
    base = document_id(title, provenance.identity)
    source = FactSource(
        url=provenance.url,
        title=title.ljust(3, "."),
        grade=SourceGrade.ADDED,
        checked=provenance.added,
    )
    products = tuple(word.lower() for word in provenance.products)
    return tuple(
        Fact(
            id=f"{base}.{number:03}",
            topic=TOPIC,
            component=products[0] if products else _slug(title),
            kind=FactKind.DOCUMENT,
            statement=_statement(title, passage),
            figures=dict(passage.figures),
            applies_to=AppliesTo(products=products),
            source=source,
            confidence=Confidence.LOW,
        )
        for number, passage in enumerate(passages(document), start=1)
    )


def document_id(title: str, identity: str) -> str:
    """``added-`` with words of the title and a hash of where it is from."""
    return (
        f"added-{_slug(title)[:40].strip('-')}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    )


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100] or "document"


def _statement(title: str, passage: Passage) -> str:
    parts = [part for part in (title[:80], passage.heading[:60], passage.text) if part]
    return " — ".join(parts)[:1000].ljust(10, ".")


class Shelf:
    """The directory of added documents.

    Args:
        directory: Made when the first document is added.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def ids(self) -> tuple[str, ...]:
        """Ids of all documents, sorted."""
        if not self._directory.is_dir():
            return ()
        return tuple(sorted(path.stem for path in self._directory.glob("added-*.yaml")))

    def put(self, facts: Sequence[Fact]) -> str:
        """Keep a document, in place of its former self (also when its title changed).

        Returns:
            The document's id.

        Raises:
            UsageError: The shelf is full.
            OutputError: It cannot be written; nothing has changed then.
        """
        id_ = facts[0].id.partition(".")[0]
        former = {name for name in self.ids() if name[-8:] == id_[-8:]} - {id_}
        if id_ not in self.ids() and not former and len(self.ids()) >= MAX_DOCUMENTS:
            raise UsageError(
                f"{MAX_DOCUMENTS} documents are kept already",
                hint="Remove one: ai-provision knowledge list --kind document.",
            )
        self._write(id_, _text(facts))
        for name in former:
            (self._directory / f"{name}.yaml").unlink(missing_ok=True)
        return id_

    def remove(self, id_: str) -> int:
        """Forget a document, named by its id or that of one of its passages.

        Returns:
            How many passages it had.

        Raises:
            UsageError: There is none of that id.
            OutputError: It cannot be removed.
        """
        name = id_.partition(".")[0]
        path = self._directory / f"{name}.yaml"
        if not _ID.fullmatch(name) or not path.is_file():
            raise UsageError(
                f"no added document has the id {id_[:120]}",
                code="knowledge.unknown_document",
                hint="ai-provision knowledge list --kind document shows them; facts that ship with "
                "the tool cannot be removed.",
            )
        try:
            count = path.read_text("utf-8").count("\n- id: ")
            path.unlink()
        except OSError as error:
            raise OutputError(f"{path} cannot be removed: {error.strerror}") from error
        return count

    def _write(self, id_: str, text: str) -> None:
        """Whole or not at all: a reader never meets half a document."""
        temporary = None
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._directory, prefix=".", delete=False
            ) as file:
                temporary = Path(file.name)
                file.write(text)
            temporary.replace(self._directory / f"{id_}.yaml")
        except OSError as error:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            raise OutputError(
                f"the document cannot be kept in {self._directory}: {error.strerror}",
                hint="AI_PROVISION_DATA_DIR names another directory.",
            ) from error


def _text(facts: Sequence[Fact]) -> str:
    rows = [
        fact.model_dump(mode="json", exclude={"topic", "component"}, exclude_defaults=True)
        for fact in facts
    ]
    whole = {"component": facts[0].component, "topic": TOPIC, "facts": rows}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
