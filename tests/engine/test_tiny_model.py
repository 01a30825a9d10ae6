"""The tiny model's file, and the grammars; the engine reads both."""

import json
import re

import pytest

from tests.engine.grammar import grammar_of, integers
from tests.engine.llama_brain import engine
from tests.engine.tiny_model import tiny_model


@engine
def test_the_model_is_small_and_made_once(tmp_path):
    path = tiny_model(tmp_path)
    assert 300_000 < path.stat().st_size < 600_000
    made = path.stat().st_mtime_ns
    assert tiny_model(tmp_path) == path
    assert path.stat().st_mtime_ns == made
    assert list(tmp_path.iterdir()) == [path]


@engine
def test_the_model_is_the_same_wherever_it_is_made(tmp_path):
    (tmp_path / "other").mkdir()
    assert tiny_model(tmp_path).read_bytes() == tiny_model(tmp_path / "other").read_bytes()


def accepted(rule, numbers):
    """The numbers whose digits a rule of `integers` lets through."""
    pattern = re.sub(r'"|\s|space', "", rule)
    return [number for number in numbers if re.fullmatch(pattern, str(number))]


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 0),
        (0, 9),
        (1, 12),
        (7, 8),
        (8, 112),
        (95, 105),
        (99, 1001),
        (120, 129),
        (123, 457),
        (199, 900),
        (-5, 5),
        (-120, -13),
        (-1, 0),
        (-7, -7),
        (0, 1200),
    ],
)
def test_a_rule_for_integers_lets_through_those_and_no_others(low, high):
    assert accepted(integers(low, high), range(-1300, 1300)) == [*range(low, high + 1)]


def test_numbers_have_no_leading_zero():
    assert accepted(integers(0, 100), ["00", "01", "007", "-0", "0"]) == ["0"]


def test_an_empty_range_has_no_rule():
    with pytest.raises(ValueError, match="no integer lies between 5 and 4"):
        integers(5, 4)


@engine
def test_control_characters_are_no_part_of_a_string():
    rule = re.search(r"^char ::= (.*)$", grammar_of("json"), re.MULTILINE)[1]
    assert r"\x00-\x1F" in rule


@engine
def test_bounds_make_a_rule_and_one_open_side_is_far_away():
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    given = json.dumps(schema)
    assert "[3-9]" in grammar_of(schema)
    assert json.dumps(schema) == given
    assert grammar_of({"type": "integer", "exclusiveMaximum": 4}).count("[0-3]") == 1
