"""BLEU and the parts of CodeBLEU, on sections worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.similarity import compare, section, structure_match, weighted_match

ONE = section(2, {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}})


def test_a_section_is_yaml_of_what_is_stated():
    shared = {"cpu": "1"}
    assert section(None, {}) == "{}\n"
    assert section(2, {"limits": shared, "requests": shared}) == (
        "replicas: 2\nresources:\n  limits:\n    cpu: '1'\n  requests:\n    cpu: '1'\n"
    )


def test_a_number_is_the_same_word_in_quotes_and_without():
    bare, quoted = section(2, {"limits": {"cpu": 1}}), section(2, {"limits": {"cpu": "1"}})
    assert bare != quoted
    assert compare(bare, quoted).bleu == pytest.approx(1)


def test_the_same_section_is_fully_alike():
    found = compare(ONE, ONE)
    assert (found.bleu, found.weighted, found.structure) == pytest.approx((1, 1, 1))
    assert found.code_bleu == pytest.approx(1)


def test_other_numbers_keep_the_structure_and_lose_words():
    found = compare(
        section(1, {"requests": {"cpu": "9", "memory": "9Gi"}, "limits": {"memory": "9Gi"}}), ONE
    )
    assert found.structure == 1
    assert 0 < found.bleu < 1
    assert 0 < found.weighted < 1


def test_keywords_weigh_more_than_numbers():
    reference = ["cpu", "100m", "memory", "1Gi"]
    keywords = weighted_match(["cpu", "x", "memory", "y"], reference)
    numbers = weighted_match(["x", "100m", "y", "1Gi"], reference)
    assert keywords > numbers


@pytest.mark.parametrize(
    ("candidate", "reference", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, 1),
        ({"b": 1}, {"a": {"b": 1}}, 1 / 2),
        ({}, {"a": {"b": 1}}, 0),
        ({"a": 1}, {}, 0),
        ([{"a": 1}], [{"a": 1}, {"a": 2}], 1 / 2),
    ],
)
def test_structure_is_the_share_of_sub_trees(candidate, reference, expected):
    assert structure_match(candidate, reference) == expected


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_every_part_is_a_share(one, other):
    assert 0 <= weighted_match(one, other) <= 1 + 1e-9
