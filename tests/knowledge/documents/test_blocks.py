"""What is read of a document, by format; hostile ones end in one sentence."""

import contextlib
import io

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import extract as extraction
from knowledge.documents.blocks import Block, Format, format_of, read
from knowledge.documents.extract import extract
from schemas.errors import InputFileError

MARKDOWN = b"""---
front: matter
---
# Sizing the shop

Words about **Postgres** and [links](https://evil.example/?q=1), ![no](https://evil.example/i.png).

## API

| users | memory |
|---|---|
| 100 | 1 GiB |

```yaml
resources: {requests: {cpu: 100m}}
```

<script>alert(1)</script>
"""


def pdf(*pages):
    """A PDF with one line of text per page, written by hand as the format has it."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 "]
    objects[2] += b"/BaseFont /Helvetica >>"
    kids = []
    for text in pages:
        stream = b"BT /F1 12 Tf 72 700 Td (" + text.encode() + b") Tj ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n" % (len(objects) + 1))
    out.write(b"%d\n%%%%EOF\n" % start)
    return out.getvalue()


def test_markdown_keeps_headings_tables_and_code_and_drops_links_images_and_html():
    document = read(MARKDOWN, Format.MARKDOWN)
    assert document.title == "Sizing the shop"
    assert document.blocks[0] == Block("Sizing the shop", "Words about Postgres and links, .")
    assert document.blocks[1:4] == (
        Block("Sizing the shop › API", "users | memory;"),
        Block("Sizing the shop › API", "100 | 1 GiB;"),
        Block("Sizing the shop › API", "resources: {requests: {cpu: 100m}}", code=True),
    )
    assert not any("evil.example" in block.text for block in document.blocks)


def test_a_page_gives_its_main_text_without_menus_and_scripts():
    body = "<p>A broker needs 4 GiB of memory for its page cache, more when it lags.</p>" * 5
    page = (
        "<html><head><title>Broker sizing</title></head><body><nav><a href=/>Home menu</a></nav>"
        f"<article><h1>Brokers</h1>{body}<pre><code>resources:\n  requests:\n    cpu: 100m"
        "</code></pre></article><script>alert(1)</script></body></html>"
    )
    document = extract(page.encode(), Format.HTML, "page")
    text = " ".join(block.text for block in document.blocks)
    assert "4 GiB of memory" in text
    assert "menu" not in text
    assert "alert" not in text
    assert any(block.code and "cpu: 100m" in block.text for block in document.blocks)


def test_a_pdf_gives_its_text_by_page():
    data = pdf("Redis needs 2 GB", "A fork doubles it")
    document = extract(data, Format.PDF, "r.pdf")
    assert document.blocks == (
        Block("page 1", "Redis needs 2 GB"),
        Block("page 2", "A fork doubles it"),
    )


def test_an_encrypted_pdf_is_refused():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(InputFileError, match=r"r\.pdf: the PDF is encrypted"):
        extract(out.getvalue(), Format.PDF, "r.pdf")


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b"%PDF-1.4 broken", Format.PDF, "knowledge.damaged"),
        (b"", Format.MARKDOWN, "knowledge.empty"),
        (b" \n\t\n", Format.TEXT, "knowledge.empty"),
        ("\u200b\u202e\x00".encode(), Format.TEXT, "knowledge.empty"),
        (b"<html><body></body></html>", Format.HTML, "knowledge.empty"),
        (b"\xff\xfe" * 50, Format.HTML, "knowledge.empty"),
    ],
    ids=["pdf", "empty", "blank", "invisible", "no body", "no page"],
)
def test_a_document_without_text_is_refused_in_one_sentence(data, kind, code):
    with pytest.raises(InputFileError) as caught:
        extract(data, kind, "name")
    assert caught.value.code == code
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b"> " * 50_000 + b"x", b"*a_ " * 100_000, b"`" * 100_000, b"- " * 20_000],
    ids=["brackets", "quotes", "emphasis", "ticks", "lists"],
)
def test_hostile_markdown_ends(data):
    with contextlib.suppress(InputFileError):
        assert extract(data, Format.MARKDOWN, "hostile.md").blocks


def test_a_document_that_takes_too_long_is_cut_off(monkeypatch):
    monkeypatch.setattr(extraction, "SECONDS", 0.01)
    with pytest.raises(InputFileError, match=r"slow\.md cannot be read within"):
        extract(MARKDOWN, Format.MARKDOWN, "slow.md")


def test_invisible_and_control_characters_are_taken_out():
    document = read("a\u202eb\u200bc\x1b[31md\ufeff".encode(), Format.TEXT)
    assert document.blocks[0].text == "abc[31md"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_as_text_or_refused(data):
    try:
        document = read(data, Format.TEXT)
    except InputFileError:
        return
    assert all(block.text.isprintable() for block in document.blocks if block.text.isascii())


@pytest.mark.parametrize(
    ("name", "content_type", "head", "expected"),
    [
        ("x", "", b"%PDF-1.7", Format.PDF),
        ("x", "text/html", b"hello", Format.HTML),
        ("a.md", "", b"# hi", Format.MARKDOWN),
        ("a.md", "text/plain", b"# hi", Format.MARKDOWN),
        ("notes.txt", "", b"hi", Format.TEXT),
        ("https://x.example/robots", "text/plain", b"hi", Format.TEXT),
        ("x", "", b"  <!DOCTYPE html><html>", Format.HTML),
    ],
)
def test_the_format_is_found(name, content_type, head, expected):
    assert format_of(name, content_type, head) is expected


@pytest.mark.parametrize(
    ("name", "content_type", "head"),
    [
        ("x.exe", "", b"MZ\x00"),
        ("x", "image/png", b"\x89PNG"),
        ("x.txt", "", b"a\x00b"),
        ("x", "application/zip", b"PK"),
    ],
)
def test_other_formats_are_refused(name, content_type, head):
    with pytest.raises(InputFileError) as caught:
        format_of(name, content_type, head)
    assert caught.value.code == "knowledge.format"
