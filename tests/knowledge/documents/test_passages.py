"""Passages and the figures that are certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.blocks import Block, Document
from knowledge.documents.passages import (
    MAX_CHARACTERS,
    MAX_PASSAGES,
    MAX_WORDS,
    passages,
    sizes_of,
)


def document(*blocks):
    return Document("title", blocks)


def test_short_paragraphs_under_one_heading_are_joined_and_headings_part_them():
    found = passages(document(Block("A", "one."), Block("A", "two."), Block("B", "three.")))
    assert [(item.heading, item.text) for item in found] == [("A", "one. two."), ("B", "three.")]


def test_a_long_paragraph_is_split_between_sentences():
    text = " ".join(f"Sentence number {n} has exactly eight words here." for n in range(60))
    found = passages(document(Block("", text)))
    assert len(found) > 3
    assert all(item.text.endswith("here.") for item in found)
    assert " ".join(item.text for item in found) == text


@given(st.lists(st.text(max_size=3000), max_size=5))
def test_every_passage_fits_and_no_word_is_lost(texts):
    blocks = [Block("", " ".join(text.split())) for text in texts]
    found = passages(document(*blocks))
    for item in found:
        assert 0 < len(item.text) <= MAX_CHARACTERS
        assert item.text.count(" ") < MAX_WORDS
    written = "".join("".join(block.text.split()) for block in blocks)
    kept = "".join("".join(item.text.split()) for item in found)
    assert kept == written


def test_a_document_has_at_most_so_many_passages():
    many = [Block(str(n), "text") for n in range(MAX_PASSAGES * 2)]
    assert len(passages(document(*many))) == MAX_PASSAGES


def test_long_code_without_a_size_is_left_out_and_with_one_says_it():
    noise = Block("h", "x: y\n" * 400, code=True)
    sized = Block("h", noise.text + "resources: {limits: {memory: 1Gi}}\n", code=True)
    found = passages(document(noise, sized))
    assert [item.text for item in found] == [
        "Kubernetes resources stated here: memory limit mib 1024"
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "spec:\n  containers:\n  - name: a\n    resources:\n      requests: {cpu: 0.25,"
            " memory: 512Mi}\n      limits: {cpu: '1', memory: 1Gi}\n",
            {
                "cpu_request_millicores": 250,
                "memory_request_mib": 512,
                "cpu_limit_millicores": 1000,
                "memory_limit_mib": 1024,
            },
        ),
        ("resources:\n  limits:\n    memory: 1G\n", {"memory_limit_mib": 953.674}),
        ("resources: {requests: {cpu: 64000m}}", {"cpu_request_millicores": 64000}),
    ],
    ids=["all four", "decimal unit", "absurd but stated"],
)
def test_a_size_that_is_certain_is_taken(code, expected):
    assert sizes_of(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "give 64 cores",
        "cpu: 64",
        "resources: {requests: {cpu: many}}",
        "resources: {requests: {cpu: 2}, limits: {cpu: 1}}",
        "a: {resources: {requests: {cpu: 1}}}\nb: {resources: {requests: {cpu: 2}}}",
        "a: &x {cpu: 1}\nresources: {requests: *x}",
        "resources: {requests: [cpu]}",
        "resources: {requests: null}",
        "resources: {{ .Values.resources }}",
        "x: " + "[" * 2000,
        "x: y\n" * 10_000 + "resources: {requests: {cpu: 1}}",
        "!!python/object/apply:os.system ['true']",
    ],
    ids=[
        "prose",
        "no resources",
        "no amount",
        "request above limit",
        "two sizes",
        "alias",
        "a list",
        "null",
        "a template",
        "deep",
        "huge",
        "a tag",
    ],
)
def test_what_is_not_certain_is_no_figure(code):
    assert sizes_of(code) == {}
