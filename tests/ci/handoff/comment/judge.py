"""Reads a comment as GitHub does: cmark-gfm renders it, the rest is looked for in the HTML.

GitHub runs three steps: Markdown to HTML (cmark-gfm with its extensions, line breaks kept), a
sanitizer, and filters that turn mentions, issues, commits, emoji names and formulas in the HTML's
text into something else, except within ``pre``, ``code`` and ``a``. What is asserted here holds
before the sanitizer, so nothing relies on it.
"""

import re
import unicodedata
from xml.etree import ElementTree

import cmarkgfm
import html5lib
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

ELEMENTS = frozenset(
    {"details", "summary", "p", "h3", "h4", "ul", "ol", "li", "table", "thead", "tbody", "tr"}
    | {"th", "td", "strong", "em", "code", "pre", "sub", "br", "a"}
)
ATTRIBUTES = frozenset({"align", "lang", "open", "href", "start", "style", "class"})
UNSEEN_BY_FILTERS = ("code", "pre", "a")
BREAKS_OUT = {
    "mention": r"@[A-Za-z0-9]",
    "issue": r"#[0-9]",
    "GH- or another tracker": r"\b[A-Z][A-Z0-9]*-[0-9]",
    "commit": r"\b[0-9a-f]{7,64}\b",
    "emoji name": r":[A-Za-z0-9_+-]+:",
    "address": r"://|\bwww\.|mailto:|xmpp:",
    "formula": r"\$",
}
"""What GitHub's filters would find in text."""
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def cmark_html(markdown):
    """With everything on that GitHub has on, and raw HTML let through."""
    flags = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=flags)


def markdown_it_html(markdown):
    """A second opinion by an independent implementation."""
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": True, "breaks": True})
    return reader.render(markdown)


RENDERERS = {"cmark-gfm": cmark_html, "markdown-it": markdown_it_html}


def tree(markup):
    """Parsed as a browser does."""
    return html5lib.parseFragment(markup, treebuilder="etree", namespaceHTMLElements=False)


def text_of(element):
    """What a reader reads, in one line."""
    return " ".join("".join(element.itertext()).split())


def filtered_text(element):
    """The text that GitHub's filters look through, a space for everything they skip."""
    if not isinstance(element.tag, str) or element.tag in UNSEEN_BY_FILTERS:
        return " "
    inner = "".join(filtered_text(child) + (child.tail or "") for child in element)
    return (element.text or "") + inner


def refuse_unsafe(markdown, *, links=(), renderers=tuple(RENDERERS)):
    """Assert that nothing in a comment reaches out of it, for each renderer."""
    for name in renderers:
        page = tree(RENDERERS[name](markdown))
        comments = [one.text for one in page.iter() if one.tag is ElementTree.Comment]
        assert not comments, (name, comments)
        elements = [one for one in page.iter() if isinstance(one.tag, str)]
        tags = {one.tag for one in elements} - {"DOCUMENT_FRAGMENT"}
        assert tags <= ELEMENTS, (name, tags - ELEMENTS)
        attributes = {key for one in elements for key in one.attrib}
        assert attributes <= ATTRIBUTES, (name, attributes)
        followed = {one.get("href") for one in elements if one.tag == "a"}
        assert followed <= set(links), (name, followed)
        seen = filtered_text(page)
        for what, pattern in BREAKS_OUT.items():
            found = re.search(pattern, seen)
            assert not found, (name, what, seen[max(0, found.start() - 40) : found.end() + 40])
        hidden = [char for char in text_of(page) if unicodedata.category(char) in HIDDEN]
        assert not hidden, (name, hidden)


def shape(markdown):
    """The skeleton of a comment: elements outside folded parts and rows of each table."""
    page = tree(cmark_html(markdown))
    folds = page.findall("details")
    tables = [
        [len(line) for line in table.iter("tr")]
        for table in page.iter("table")
    ]  # fmt: skip
    return len(folds), len(list(page.iter("details"))), tables


def visible_lines(markdown):
    """Lines that a reader sees with everything folded: rows, items, summaries, lines of text."""
    count = 0
    for block in tree(cmark_html(markdown)):
        match block.tag:
            case "table":
                count += len(list(block.iter("tr")))
            case "ul" | "ol":
                count += len(list(block.iter("li")))
            case "pre":
                count += len(text_of(block).splitlines())
            case str():
                breaks = 0 if block.tag == "details" else len(list(block.iter("br")))
                count += 1 + breaks
    return count
