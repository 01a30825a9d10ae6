import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.handoff.names import file_stems
from ci.handoff.plain import code, line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain text", "plain text", id="plain"),
        pytest.param("\x1b[31;1mred\x1b[0m", "red", id="colour"),
        pytest.param("a\x1b[2Kb\x1b[1Ac", "abc", id="cursor"),
        pytest.param("\x1b]8;;https://evil\x1b\\link\x1b]8;;\x07", "link", id="terminal link"),
        pytest.param("\x1b]0;open title", "]0;open title", id="unclosed sequence hides nothing"),
        pytest.param("\u009b31mred", "31mred", id="C1 introducer"),
        pytest.param("one\r\ntwo\tthree\u2028four", "one two three four", id="breaks"),
        pytest.param("abc\u202edef\u2066g\u200b", "abcdefg", id="bidirectional and zero width"),
        pytest.param("[bold]x[/]", "[bold]x[/]", id="markup is text"),
        pytest.param("Größe ≥ 2 日本", "Größe ≥ 2 日本", id="other scripts stay"),
        pytest.param("lone \ud800", "lone \ufffd", id="lone surrogate"),
        pytest.param("", "", id="empty"),
    ],
)
def test_text_of_a_stranger_becomes_one_visible_line(text, expected):
    assert line(text) == expected


def test_a_long_text_is_cut_and_says_so():
    assert line("x" * 10_000, 10) == "xxxxxxxxx…"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_text_leaves_a_control_or_format_character(text):
    shown = line(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown)
    assert line(shown) == shown


@given(st.text(alphabet="a`|\n\\", max_size=30))
def test_a_code_span_cannot_be_left(text):
    assert code(text).count("`") == 2


@given(st.lists(st.text(max_size=80), unique=True, max_size=20))
def test_file_names_are_portable_and_never_shared(names):
    stems = file_stems(names)
    assert len(set(stems.values())) == len(names)
    for stem in stems.values():
        assert stem.strip("-").replace("-", "").isalnum()
        assert stem == stem.lower()
        assert len(stem) <= 63


@pytest.mark.parametrize("name", ["..", ".", "", "con", "a/b", "A", "api\n", "x" * 300, "\ud800"])
def test_odd_names_get_a_digest(name):
    assert len(file_stems([name])[name].rsplit("-", 1)[1]) == 8


def test_a_label_is_its_own_file_name():
    assert file_stems(["api", "api-2"]) == {"api": "api", "api-2": "api-2"}
