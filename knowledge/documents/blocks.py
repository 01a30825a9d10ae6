"""A document as headings, paragraphs and code, whatever format it came in.

What is read here was written by strangers. `extract` runs it in a process of its own, so that a
document that explodes takes only that process with it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from schemas.errors import InputFileError

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_PDF_PAGES = 500
_HEADING_SEPARATOR = " › "
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Control characters, and the invisible ones that can hide or reorder text; newlines stay."""


class Format(StrEnum):
    """What can be read."""

    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, table or piece of code."""

    heading: str
    """The headings that it stands under, outermost first; empty at the top."""
    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of one document."""

    title: str
    """Its own title; empty when it has none."""
    blocks: tuple[Block, ...]


def format_of(name: str, content_type: str, head: bytes) -> Format:
    """The format, by what the server says, then the file's name, then its first bytes.

    Raises:
        InputFileError: None of the formats that can be read.
    """
    lower = name.lower()
    if head.startswith(b"%PDF-"):
        return Format.PDF
    if content_type in ("text/html", "application/xhtml+xml") or lower.endswith((".html", ".htm")):
        return Format.HTML
    if content_type == "text/markdown" or lower.endswith((".md", ".markdown")):
        return Format.MARKDOWN
    plain = content_type == "text/plain" or (
        not content_type and lower.endswith((".txt", ".adoc", ".rst"))
    )
    if plain and b"\x00" not in head:
        return Format.TEXT
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return Format.HTML
    kind = content_type or "unknown type"
    raise InputFileError(
        f"{name} is neither Markdown, HTML, PDF nor plain text ({kind})",
        code="knowledge.format",
        hint="Convert it to Markdown.",
    )


def read(data: bytes, kind: Format) -> Document:
    """The blocks of a document, in its order, without control and invisible characters.

    Raises:
        InputFileError: The document is damaged or holds no text.
    """
    match kind:
        case Format.MARKDOWN:
            document = _markdown(_decoded(data))
        case Format.HTML:
            document = _html(data)
        case Format.PDF:
            document = _pdf(data)
        case Format.TEXT:
            document = Document("", tuple(_paragraphs(_decoded(data))))
        case _:
            assert_never(kind)
    blocks = tuple(_visible(block) for block in document.blocks)
    blocks = tuple(block for block in blocks if block.text)
    if not blocks:
        raise InputFileError("the document holds no text", code="knowledge.empty")
    return Document(_clean(document.title), blocks)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")


def _visible(block: Block) -> Block:
    text = _CONTROL.sub("", block.text.replace("\r\n", "\n"))
    return Block(
        _clean(block.heading), text.strip("\n") if block.code else _one_line(text), block.code
    )


def _clean(text: str) -> str:
    return _one_line(_CONTROL.sub("", text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> Iterator[Block]:
    for part in re.split(r"\n[ \t]*\n", text):
        if part.strip():
            yield Block("", part)


def _html(data: bytes) -> Document:
    """The main text of a page; navigation, scripts and hidden parts are left out."""
    import trafilatura

    extracted = trafilatura.extract_with_metadata(
        data, output_format="markdown", include_tables=True, include_comments=False
    )
    if extracted is None or not extracted.text:
        raise InputFileError("the page holds no main text", code="knowledge.empty")
    read_back = _markdown(extracted.text)
    return Document(extracted.title or read_back.title, read_back.blocks)


def _pdf(data: bytes) -> Document:
    import pypdf
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise InputFileError("the PDF is encrypted", code="knowledge.damaged")
        pages = reader.pages[:MAX_PDF_PAGES]
        title = (reader.metadata.title if reader.metadata else None) or ""
        blocks = [
            Block(f"page {number}", block.text)
            for number, page in enumerate(pages, start=1)
            for block in _paragraphs(page.extract_text())
        ]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # pypdf raises all of these on damaged files.
        raise InputFileError(
            f"the PDF cannot be read: {error}", code="knowledge.damaged"
        ) from error
    return Document(str(title), tuple(blocks))


def _markdown(text: str) -> Document:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table")
    body = _without_front_matter(text)
    headings: list[tuple[int, str]] = []
    blocks = []
    for level, block in _walk(parser.parse(body)):
        if level:
            headings = [(at, words) for at, words in headings if at < level]
            headings.append((level, block))
        else:
            path = _HEADING_SEPARATOR.join(words for _, words in headings)
            blocks.append(Block(path, block, code=level is None))
    first = next((words for words in _first_headings(parser.parse(body[:20_000]))), "")
    return Document(first, tuple(blocks))


def _without_front_matter(text: str) -> str:
    found = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    return text[found.end() :] if found else text


def _walk(tokens: Iterable[Token]) -> Iterator[tuple[int | None, str]]:
    """(heading level, words), (0, text of a paragraph or row), or (None, code)."""
    level = 0
    row: list[str] | None = None
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield 0, " | ".join(row) + ";"
            row = None
        elif token.type == "inline":
            words = _inline(token)
            if row is not None:
                row.append(words)
            elif words:
                yield level, words
        elif token.type in ("fence", "code_block"):
            yield None, token.content


def _first_headings(tokens: Iterable[Token]) -> Iterator[str]:
    return (words for level, words in _walk(tokens) if level)


def _inline(token: Token) -> str:
    """Text and code of a line; links lose their target, images and HTML are dropped."""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts).strip()
