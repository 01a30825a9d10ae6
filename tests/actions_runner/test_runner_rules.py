"""The fake runner reads expressions, files and logs as GitHub documents them."""

import pytest

from tests.actions_runner.expressions import condition, evaluate, filled
from tests.actions_runner.protocol import Log, read_pairs

FINE = {"always": True, "success": True, "failure": False, "cancelled": False}
BROKEN = {"always": True, "success": False, "failure": True, "cancelled": False}
CONTEXTS = {"github": {"event": {"number": 3, "name": "It's", "draft": False}}, "vars": {"A": "b"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event.number", 3),
        ("github.event.nothing.below", None),
        ("vars.A == 'B'", True),
        ("vars.NONE == ''", True),
        ("vars.NONE != ''", False),
        ("github.event.number == '3'", True),
        ("!github.event.draft && vars.A || 'c'", "b"),
        ("vars.NONE || 'c'", "c"),
        ("github.event.draft && 'a' || 'c'", "c"),
        ("startsWith(vars.A, 'B')", True),
        ("format('{0}/x', vars.A)", "b/x"),
        ("github.event.name == 'It''s'", True),
        ("!(true || false)", False),
    ],
)
def test_what_an_expression_is(text, value):
    assert evaluate(text, CONTEXTS, FINE) == value


@pytest.mark.parametrize(
    "text", ["secrets.A", "contains('a', 'b')", "vars[0]", "1 < 2", "vars.A x"]
)
def test_what_is_not_known_is_an_error_and_no_condition(text):
    with pytest.raises(AssertionError):
        evaluate(text, CONTEXTS, FINE)


@pytest.mark.parametrize(
    ("text", "fine", "broken"),
    [
        (None, True, False),
        ("vars.A == 'b'", True, False),
        ("always()", True, True),
        ("always() && vars.A == 'x'", False, False),
        ("failure()", False, True),
        ("${{ !cancelled() }}", True, True),
    ],
)
def test_a_condition_asks_for_success_unless_it_asks_for_something(text, fine, broken):
    assert condition(text, CONTEXTS, FINE) is fine
    assert condition(text, CONTEXTS, BROKEN) is broken


def test_values_are_filled_in_as_texts():
    assert filled("a ${{ vars.A }} ${{ vars.NONE }} ${{ true }}", CONTEXTS, FINE) == "a b  true"
    assert filled(False, CONTEXTS, FINE) == "false"


def test_outputs_are_read_in_both_forms():
    assert read_pairs("a=b=c\nd<<X\n1\n2=3\nX\n\ne=\n") == {"a": "b=c", "d": "1\n2=3", "e": ""}
    with pytest.raises(AssertionError):
        read_pairs("d<<X\n1\n")


def test_commands_are_found_until_they_are_stopped():
    log = Log()
    log.read("::error file=a%3Ab,line=3::x%0Ay\n word ##[warning]z\n::unknown::q\n")
    log.read("::stop-commands::TOKEN\n::error::hidden\n::TOKEN::\n::notice::shown\n")
    assert log.commands == [
        ("error", {"file": "a:b", "line": "3"}, "x\ny"),
        ("warning", {}, "z"),
        ("notice", {}, "shown"),
    ]
