"""All that a run gives out, and what must not be alive in it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

import lxml.html
from markdown_it import MarkdownIt

from ci.handoff.comment.about import CommentAbout
from ci.handoff.comment.render import render_comment, render_explanation
from ci.handoff.explain import explain
from ci.handoff.helm_values import helm_files
from ci.handoff.render import render
from ci.handoff.write import handoff_texts
from ci.mcp.summary import explanations_of, sizing_of
from ci.report.page import report_html
from schemas.recommendation import Recommendation

EVIL = "evil.example"
"""The only host that attempts name."""
_ADDRESS = re.compile(rf"[a-z][a-z0-9+.-]*://[^\s)>\"']*{re.escape(EVIL)}|www\.[^\s]*evil", re.I)
_MENTION = re.compile(r"(?<![\w`/.])@[A-Za-z0-9][A-Za-z0-9-]*")
_ABOUT = CommentAbout("a" * 40)
_LOADS = frozenset({"href", "src", "action", "formaction", "data", "poster", "srcset", "style"})


def printed(recommendation: Recommendation) -> dict[str, str]:
    """What a run prints, by name; the other formats are the texts of hand-off files."""
    texts = {f"--format {form}": render(recommendation, form) for form in ("table", "json")}
    return {**texts, "explain": explain(recommendation)}


def everything_of(
    recommendation: Recommendation, charts: dict[str, dict[str, bytes]]
) -> dict[str, str]:
    """Everything that one run can print, write and answer, by name."""
    texts = printed(recommendation)
    helm = helm_files(recommendation, charts)
    texts |= {f"--out {k}": v for k, v in handoff_texts(recommendation, helm).items()}
    texts["--report"] = report_html(recommendation)
    texts["comment"] = render_comment(recommendation, _ABOUT).full_text
    for item in recommendation.components:
        texts["comment explain"] = render_explanation(recommendation, _ABOUT, item.name).full_text
    texts["mcp size_app"] = sizing_of(recommendation).model_dump_json()
    texts["mcp explain_component"] = json.dumps(explanations_of(recommendation), ensure_ascii=False)
    return texts


def alive_in(name: str, text: str) -> list[str]:
    """What a terminal, a browser or a page of a code host would act upon."""
    found = [f"{name}: {what}" for what in _signs(text)]
    if name == "--report":
        found += [f"{name}: {what}" for what in _in_html(text)]
    elif name.startswith("comment"):
        found += [f"{name}: {what}" for what in _in_page(text)]
    elif name.endswith(".md"):
        found += [f"{name}: {what}" for what in _in_markdown(text)]
    elif name in ("--format table", "explain"):
        # People paste both into comments, and terminals make links of addresses.
        found += [f"{name}: {item[0]!r}" for item in _ADDRESS.finditer(text)]
        found += [f"{name}: {item[0]!r}" for item in _MENTION.finditer(text)]
    return found


def _signs(text: str) -> Iterator[str]:
    """Signs that steer a terminal, or hide or reorder text."""
    for char in dict.fromkeys(text):
        if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            yield f"U+{ord(char):04X}"


def _in_html(text: str) -> Iterator[str]:
    for element in lxml.html.document_fromstring(text).iter(lxml.etree.Element):
        for name, value in element.attrib.items():
            if name.startswith("on") or (name in _LOADS and EVIL in value.lower()):
                yield f"<{element.tag} {name}={value[:60]!r}>"
        if element.tag in ("script", "style", "iframe", "object", "embed", "base", "meta", "link"):
            said = "".join(element.itertext()) + " ".join(element.attrib.values())
            if EVIL in said.lower():
                yield f"<{element.tag}> holds the text"


def _in_page(text: str) -> Iterator[str]:
    """A comment's own markup is HTML in part, so it is looked at as the page that it becomes."""
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    yield from _in_html(page)
    document = lxml.html.document_fromstring(page)
    for element in document.xpath("//code | //pre"):
        element.text = ""
        for child in list(element):
            element.remove(child)
    said = document.text_content()
    yield from (repr(item[0]) for item in _ADDRESS.finditer(said))
    yield from (repr(item[0]) for item in _MENTION.finditer(said))


def _in_markdown(text: str) -> Iterator[str]:
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        if token.type == "html_block":
            yield f"HTML {token.content[:60]!r}"
        for part in token.children or ():
            if part.type in ("link_open", "image", "html_inline"):
                yield f"{part.type} {part.content[:60]!r} {dict(part.attrs)}"
            if part.type == "text":
                # A code host makes links of bare addresses, and notifies whom a text mentions.
                yield from (repr(item[0]) for item in _ADDRESS.finditer(part.content))
                yield from (repr(item[0]) for item in _MENTION.finditer(part.content))
