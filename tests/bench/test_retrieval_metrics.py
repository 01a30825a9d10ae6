"""The figures of retrieval, on answers that can be counted by hand."""

import pytest

from bench.retrieval_metrics import Answer, figures, of_classes


def answer(relevant: str = "", found: str = "", query_class: str = "a") -> Answer:
    return Answer("q-01", query_class, frozenset(relevant.split()), tuple(found.split()), 2.0)


@pytest.mark.parametrize(
    ("relevant", "found", "hit", "recall", "reciprocal"),
    [
        ("x", "x a b c d", True, 1, 1),
        ("x", "a b c d x", True, 1, 1 / 5),
        ("x", "a b c d e x", False, 0, 1 / 6),
        ("x", "a b c d e f g h i j x", False, 0, 0),
        ("x y", "a x b", True, 1 / 2, 1 / 2),
        ("x y z u v w q r", "x y z u v w", True, 1, 1),
        ("x y z u v w", "x y a z b", True, 3 / 5, 1),
        ("x", "", False, 0, 0),
    ],
    ids=["first", "fifth", "sixth", "eleventh", "half", "more than five", "three of five", "none"],
)
def test_one_answer_is_judged(relevant, found, hit, recall, reciprocal):
    judged = answer(relevant, found)
    assert judged.hit is hit
    assert judged.set_recall == pytest.approx(recall)
    assert judged.reciprocal_rank == pytest.approx(reciprocal)


def test_rates_are_means_over_the_queries_they_are_about():
    rates = figures(
        [answer("x", "x"), answer("x y", "a b x"), answer("", "", "u1"), answer("", "a", "u2")]
    )
    assert (rates.relevant, rates.unrelated) == (2, 2)
    assert rates.hit == 1
    assert rates.set_recall == pytest.approx((1 + 1 / 2) / 2)
    assert rates.reciprocal_rank == pytest.approx((1 + 1 / 3) / 2)
    assert rates.nothing == 0.5
    assert rates.milliseconds == 2.0


def test_a_rate_over_no_query_is_unknown():
    only_unrelated = figures([answer("", "", "u1")])
    assert only_unrelated.hit is None
    assert only_unrelated.reciprocal_rank is None
    assert figures([answer("x", "x")]).nothing is None


def test_answers_are_selected_by_class():
    answers = [answer(query_class="a"), answer(query_class="u1")]
    assert of_classes(answers, {"u1", "u2"}) == answers[1:]
