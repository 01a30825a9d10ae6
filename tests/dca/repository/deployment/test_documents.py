"""YAML is bounded before it is built, and a bad document does not sink its file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.deployment.documents import MAX_DEPTH, UnreadableError, parse, parse_documents
from tests.bounded import bounded


def bomb(levels=9, width=9):
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


def merge_bomb():
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bomb(), "nodes"),
        (merge_bomb(), "nodes"),
        ("a: &a [*a]", "itself"),
        ("[" * 5000, "deep"),
        ("- " * 5000 + "a", "deep"),
        ("a: {b", "not YAML"),
        ("? [a]\n: b", "not YAML"),
    ],
    ids=["aliases", "merges", "recursive", "flow depth", "block depth", "syntax", "key"],
)
def test_a_document_that_cannot_be_used_is_refused_quickly(text, reason):
    with bounded(), pytest.raises(UnreadableError, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:22", "22:22"),
        ("2020-01-01", "2020-01-01"),
        ("!Ref x", "x"),
        ("!!python/object/apply:os.system [x]", ["x"]),
        (".inf", ".inf"),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_stay_what_people_mean(text, value):
    assert parse(f"a: {text}") == {"a": value}


def test_keys_are_text():
    assert parse("8080: a\ntrue: b") == {"8080": "a", "true": "b"}


def test_one_bad_document_does_not_sink_the_others():
    documents, problems = parse_documents("x.yaml", "a: 1\n---\nb: [\n---\nc: 3\n")
    assert [item.data for item in documents] == [{"a": 1}, {"c": 3}]
    assert len(problems) == 1


def test_lines_are_those_of_the_file():
    text = "a: 1\n---\nspec:\n  replicas: 3\n  list:\n  - x: 1\n  - x: 2\n"
    document = parse_documents("x.yaml", text)[0][1]
    assert document.line_of("spec", "replicas") == 4
    assert document.line_of("spec", "list", 1, "x") == 7
    assert document.line_of("spec", "absent") == 3


def test_a_template_that_only_fills_in_values_is_read_without_them():
    text = (
        "kind: A\n{{- if .x }}\nspec:\n  image: {{ .image }}\n  name: {{ a }}-{{ b }}\n{{- end }}\n"
    )
    (document,), problems = parse_documents("x.yaml", text)
    assert document.templated
    assert document.data["spec"]["image"] == "TEMPLATED"
    assert problems == []


def test_a_template_that_does_not_parse_is_a_problem_and_no_error():
    documents, problems = parse_documents("x.yaml", "a: {{ if x }}\n  b\n {{ end }}: c: d\n")
    assert documents == []
    assert len(problems) == 1


def test_documents_that_nobody_wants_are_not_parsed():
    documents, problems = parse_documents("x.yaml", "a: [\n---\nb: 1\n", lambda text: "b" in text)
    assert [item.data for item in documents] == [{"b": 1}]
    assert problems == []


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    documents, problems = parse_documents("x.yaml", text)
    assert all(isinstance(item.data, dict) for item in documents)
    assert all(isinstance(item, str) for item in problems)


@given(
    st.recursive(
        st.integers(-(10**18), 10**18) | st.text("ab", max_size=3),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_json_is_yaml(value):
    import json

    assert parse(json.dumps({"a": value})) == {"a": value}


def test_the_depth_bound_is_exact():
    assert parse("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    with pytest.raises(UnreadableError):
        parse("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: !!set {x, y}", {"a": {"x": None, "y": None}}),
        ("a: !!omap [{x: 1}]", {"a": [{"x": 1}]}),
        ("a: 2020-13-45", {"a": "2020-13-45"}),
        ("a: 1:30:00", {"a": "1:30:00"}),
        ("b: &b {x: 1, y: 2}\na: {<<: *b, y: 3}", {"b": {"x": 1, "y": 2}, "a": {"x": 1, "y": 3}}),
        ("a: .nan", {"a": ".nan"}),
        ("a: !!float .nan", {"a": "nan"}),
        ("a: 0o17", {"a": "0o17"}),
        ("a: =", {"a": "="}),
        ("a: ~\n~: b", {"a": None, "": "b"}),
        ("? 1.5\n: b", {"1.5": "b"}),
        ('{"a": "\\u0041"}', {"a": "A"}),
    ],
)
def test_odd_values_are_read_as_json_has_them(text, value):
    import json

    found = parse(text)
    json.dumps(found)
    if "!!set" not in text and "!!omap" not in text and "0o17" not in text:
        assert found == value


@pytest.mark.parametrize(
    "text",
    [
        "a: !!int hunter2",
        "a: !!float hunter2",
        "a: !!timestamp hunter2",
        "a: !!bool hunter2",
        "a: !!int ''",
        'a: !!binary "%%%hunter2"',
        "<<: [1, hunter2]",
        "<<: hunter2",
        "b: &b [hunter2]\na: {<<: *b}",
        "? {hunter2: [1]}\n: b",
        "a: b: hunter2",
        "- hunter2\nb",
        "a: *hunter2",
        "a: '\\x00",
        "\x00",
    ],
)
def test_what_cannot_be_used_is_refused_without_a_quotation(text):
    documents, problems = parse_documents("x.yaml", text)
    assert all("hunter2" not in item for item in problems)
    assert documents == []
    assert len(problems) == 1


@pytest.mark.parametrize("number", ["9" * 100_000, "0x" + "f" * 100_000, "0b" + "1" * 100_000])
def test_a_number_of_a_hundred_thousand_digits_takes_no_time(number):
    with bounded():
        parse_documents("x.yaml", f"a: {number}\nb: {number}\n")


def test_lines_of_many_keys_are_found_without_reading_the_text_each_time():
    text = "\n".join(f"k{number}: {number}" for number in range(5_000))
    (document,), _ = parse_documents("x.yaml", text)
    with bounded():
        assert [document.line_of(f"k{number}") for number in range(100)] == list(range(1, 101))


@pytest.mark.parametrize("unit", ["---\n", "{{ a }}\n", "{{ a }}", "# c\n", "{%\n", "- \n", "\n"])
def test_a_megabyte_of_one_thing_is_read_in_time(unit):
    with bounded():
        parse_documents("x.yaml", "kind: A\n" + unit * ((1 << 20) // len(unit)))
