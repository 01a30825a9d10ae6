import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci.handoff.yaml_text import comments, json_text, yaml_documents, yaml_text

TRICKY = [
    "on", "y", "NO", "null", "~", "1e3", "0o17", "1_000", "0x1F", "12:30", ".5", "2024-01-01",
    "250m", "", " x", "x ",
    "- a", "a: b", "a #b", "*a", "&a", "!a", "%a", "@a", "`a", "{{ x }}", "'", '"',
    "\\", "=", "<<", "\x1b", "\u202e", "é", "line\nbreak", "true", "Off",
    "a:b", "1.0.0", "-1", "+1",
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(TRICKY),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("text", TRICKY)
def test_a_string_stays_a_string_for_every_reader(text):
    written = yaml_text([text])
    assert yaml.safe_load(written) == [text]
    # 1.2 readers and Go resolve more words than PyYAML does, so none of these goes without quotes.
    assert written.startswith('- "')
    assert yaml.safe_load(yaml_text({text: text})) == {text: text}


@pytest.mark.parametrize("text", ["api", "apps/v1", "a plain sentence", "/etc/x.yaml"])
def test_a_plain_word_goes_without_quotes(text):
    assert yaml_text({"a": text}) == f"a: {text}\n"


@given(values)
def test_yaml_reads_back_equal_and_is_ascii(value):
    written = yaml_text(value)
    assert yaml.safe_load(written) == value
    assert written.isascii()
    assert "\x1b" not in written


@given(values)
def test_json_reads_back_equal_and_is_ascii(value):
    written = json_text(value)
    assert json.loads(written) == value
    assert written.isascii()


def test_shared_parts_are_written_in_full():
    shared = {"a": 1}
    assert "&" not in yaml_text({"x": shared, "y": shared})


def test_a_lone_surrogate_becomes_the_replacement_character():
    assert yaml.safe_load(yaml_text({"a": "x\ud800"}))["a"].startswith("x\ufffd")
    assert "\\ufffd" in json_text({"a": "\ud800"})


def test_innermost_mappings_go_on_one_line():
    text = yaml_text({"requests": {"cpu": "250m", "memory": "512Mi"}}, flow_leaves=True)
    assert text == 'requests: {cpu: "250m", memory: "512Mi"}\n'


@given(st.lists(st.text(), max_size=3))
def test_nothing_leaves_a_comment(lines):
    assert yaml.safe_load(comments(lines) + "a: 1\n") == {"a": 1}


@given(st.lists(st.dictionaries(st.text(), values, max_size=3), max_size=4))
def test_a_stream_holds_every_document(documents):
    assert list(yaml.safe_load_all(yaml_documents(documents))) == documents
