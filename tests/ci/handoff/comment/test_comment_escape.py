"""Whatever a text says, Markdown shows it and does nothing else with it."""

import html
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci.handoff.comment.escape import code, html_code, prose, visible
from ci.handoff.comment.layout import fence_part
from tests.ci.handoff.comment.judge import (
    RENDERERS,
    cmark_html,
    filtered_text,
    refuse_unsafe,
    text_of,
    tree,
)

ATTACKS = (
    "@user", "@org/team", "x@y.example", "mailto:a@b.c", "xmpp:a@b.c/d", "#1", "o/r#12", "GH-7",
    "ABC-123", "deadbeef", "0123456789abcdef0123456789abcdef01234567", "o/r@deadbeef", "1234567",
    "https://evil.example/a.png", "http://a.b", "www.evil.example", "ftp://a.b/c", "//evil.example",
    "<https://evil.example>", "[a](https://b.c)", "![i](https://b.c/i.png)", "[a]: https://b.c",
    "[a]", "[^1]", "[ ]", "- [x] done", "<img src=x onerror=y>", "<a href=//e>", "<b", "</td>",
    "</details>", "<details>", "<summary>", "<!--", "-->", "<!-- ai-provision:v1 key=a sha=b -->",
    "<![CDATA[", "<?php", "<script>", "<style>", "&#64;user", "&lt;b&gt;", "&amp", "|", "||", "a|b",
    "\\|", "\\", "\\\\|", "a\\", "`", "``", "```", "````", "`a`", "`a b`", "`a` `b`", "`|`", "~~~",
    "~~x~~", "*", "**", "***", "*x*", "__x__", "_x_", "---", "===", "=", "-", "+", "1.", "1)",
    "10. x", "#", "## x", ">", "> x", "    x", "\t", "\n", "\r\n", "\n\n", "\v", "\u2028", "\x00",
    "\x1b[31m", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u3164", "\ufe0f",
    "\U000e0041", "\ud800", "a" + "\u0301" * 12, "$x$", "$$", "$`x`$", ":tada:", ":+1:", ":",
    "::", "12:100:3", "(", ")", "(s)", "pod(s)", "“x”", "!", "!!", "...", "…",
    "x" * 700, "`" * 21, "`" * 80, "\n" + "`" * 300 + "\n",
    "192Mi", "1,234.5", "CPU/memory", "don't", "naïve", "Größe", "サイズ", "مرحبا", "🚀", "/", "%",
)  # fmt: skip
"""Ways out of Markdown, ways into GitHub's filters, ways to be invisible, and honest words."""
TEXTS = st.one_of(
    st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=6)), max_size=7).map(" ".join),
    st.lists(st.sampled_from(ATTACKS), max_size=6).map("".join),
    st.text(max_size=60),
)
FRAMES = {
    "paragraph": ("{}", "{}"),
    "item": ("- {}", "{}"),
    "nested item": ("- x\n  - . {}", "x . {}"),
    "heading": ("### {}", "{}"),
    "after words": ("Found: {}.", "Found: {}."),
    "strong": ("**a {} b**", "a {} b"),
    "emphasis": ("x *(a {} b)*", "x (a {} b)"),
    "small": ("<sub>{}</sub>", "{}"),
}
"""Where text is put: the Markdown around it, and what is read then."""


def without_ticks(text):
    return re.sub(r"[\s`…]+", "", text)


def agrees(shown, expected):
    """Whether a reader sees the text; of one that was cut, half a word may be missing."""
    shown, whole = without_ticks(shown), without_ticks(expected)
    return shown == whole or ("…" in expected and len(shown) >= 150 and whole.startswith(shown))


@settings(deadline=None, max_examples=100)
@example(text="` `", frame=min(FRAMES))
@given(text=TEXTS, frame=st.sampled_from(sorted(FRAMES)))
def test_prose_does_nothing_and_shows_everything(text, frame):
    around, read = FRAMES[frame]
    markdown = around.format(prose(text))
    refuse_unsafe(markdown)
    for render in RENDERERS.values():
        shown = text_of(tree(render(markdown)))
        expected = read.format(visible(text, 600) or "?" * bool(text))
        assert agrees(shown, expected), markdown


@settings(deadline=None, max_examples=80)
@given(first=TEXTS, second=TEXTS, writers=st.tuples(*[st.sampled_from([prose, code])] * 2))
def test_a_table_keeps_its_shape_and_its_cells(first, second, writers):
    cells = [writer(text) for writer, text in zip(writers, (first, second), strict=True)]
    markdown = f"| a | b | c |\n|:--|--:|--|\n| {cells[0]} | {cells[1]} | end |\n| x | y | z |"
    refuse_unsafe(markdown)
    for render in RENDERERS.values():
        page = tree(render(markdown))
        rows = [[text_of(cell) for cell in row] for row in page.iter("tr")]
        assert len(list(page)) == 1
        assert rows[0] == ["a", "b", "c"]
        assert rows[2] == ["x", "y", "z"]
        assert len(rows) == 3
        assert rows[1][2] == "end"
        for writer, text, shown in zip(writers, (first, second), rows[1], strict=False):
            limit = 600 if writer is prose else 200
            expected = visible(text, limit) or "?" * bool(text or writer is code)
            assert agrees(shown, expected)


@settings(deadline=None, max_examples=100)
@given(text=TEXTS)
def test_a_code_span_holds_the_whole_text_as_it_is(text):
    page = tree(cmark_html(f"x {code(text)} y"))
    shown = text_of(page).removeprefix("x ").removesuffix(" y")
    assert "".join(shown.split()) == "".join((visible(text, 200) or "?").split())
    rest = filtered_text(page).replace("|", "").split()
    assert rest == ["x", "y"]


@settings(deadline=None, max_examples=100)
@given(text=TEXTS)
def test_a_summary_line_of_html_holds_it_too(text):
    markdown = f"<details><summary>{html_code(text)}: 3 steps</summary>\n\nbody\n\n</details>"
    refuse_unsafe(markdown)
    page = tree(cmark_html(markdown))
    assert text_of(page[0][0]) == f"{' '.join((visible(text, 200) or '?').split())}: 3 steps"
    assert text_of(page[0][1]) == "body"


@settings(deadline=None, max_examples=80)
@given(lines=st.lists(TEXTS, min_size=1, max_size=5), info=st.sampled_from(["diff", "text"]))
def test_a_fence_cannot_be_closed_from_inside(lines, info):
    part = fence_part(info, "\n".join(lines))
    markdown = "\n".join(("before", "", *part.head, *part.lines, *part.tail, "", "after"))
    refuse_unsafe(markdown)
    page = tree(cmark_html(markdown))
    assert [block.tag for block in page] == ["p", "pre", "p"]
    shown = "".join(page[1].itertext()).rstrip("\n")
    assert shown == "\n".join(part.lines).rstrip("\n")


def test_a_fence_spells_out_what_is_invisible():
    part = fence_part("diff", "+ image: a\u202eb\u200bc\r\n+\ttab \x1b[31m é\ud800")
    assert part.lines == (
        "+ image: a<U+202E>b<U+200B>c",
        "+\ttab <U+001B>[31m é<U+D800>",
    )


@pytest.mark.parametrize("length", [3, 19, 20, 21, 79, 80, 81, 255, 256, 399, 400, 1000])
def test_no_run_of_backticks_closes_a_fence_or_a_span(length):
    part = fence_part("diff", f" {'`' * length}\n@user")
    refuse_unsafe("\n".join((*part.head, *part.lines, *part.tail)))
    refuse_unsafe(f"{code('@user ' + '`' * length)} {prose('@user' + '`' * length)}")


def test_a_long_line_of_a_fence_is_cut():
    (shown,) = fence_part("diff", "+" + "x" * 5000).lines
    assert len(shown) == 400
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2000 requests per second x 0.5 ms of CPU; at 60 % that needs 1666.7m.",
            "2000 requests per second x 0.5 ms of CPU; at 60 % that needs 1666.7m.",
        ),
        ("Ask @acme/ops (see #12).", "Ask `@acme/ops` (see `#12`)."),
        ("run `ai-provision knowledge build`, then", "run `ai-provision knowledge build`, then"),
        ("memory.base.go 24 -> 32 MiB", "`memory.base.go` 24 \\-\\> 32 MiB"),
        ("1. first", "1\\. first"),
        ("a|b", "`a`\\|`b`"),
        ("One Go/Gin process, don't [T04]", "One Go/Gin process, don't \\[T04\\]"),
        ("at deadbeef0 or 12345678", "at `deadbeef0` or `12345678`"),
    ],
    ids=["plain", "mention", "marked code", "identifier", "list", "bar", "brackets", "commits"],
)
def test_plain_words_stay_plain_and_the_others_become_code(text, expected):
    assert prose(text) == expected


def test_a_text_is_cut_between_words():
    assert prose("alpha beta gamma delta", 13) == "alpha beta …"
    assert prose("x" * 50, 10) == "xxxxxxxxx…"


@settings(deadline=None, max_examples=200)
@given(text=TEXTS, limit=st.integers(10, 300))
def test_escaping_grows_a_text_by_a_bounded_factor(text, limit):
    shown = prose(text, limit)
    assert len(shown) <= 6 * limit + 20
    assert "\n" not in shown
    assert html.unescape(shown) == shown or "`" in shown


def test_nothing_invisible_is_left():
    text = "a\u200bb\u202ec\u3164d\ufe0fe\U000e0041f" + "g" + "\u0301" * 9
    shown = visible(text, 100)
    assert shown.startswith("abcdef")
    assert sum(unicodedata.category(char) == "Mn" for char in shown) <= 2
