"""A repository full of attacks changes what the comment says, and nothing of what it is."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci.handoff.comment.about import MAX_COMMENT, PatchFile
from ci.handoff.comment.layout import utf16_units
from ci.handoff.comment.render import render_comment, render_explanation
from tests.ci.handoff.comment.cases import ABOUT, RUN, everything, many, poisoned
from tests.ci.handoff.comment.judge import (
    cmark_html,
    refuse_unsafe,
    shape,
    text_of,
    tree,
    visible_lines,
)
from tests.ci.handoff.comment.test_comment_escape import ATTACKS

TEXTS = st.lists(
    st.one_of(st.sampled_from(ATTACKS), st.text(max_size=5)), min_size=1, max_size=6
).map(" ".join)


def rendered(build, shop, text):
    result = poisoned(everything(build, shop), text)
    edit = PatchFile(text, f"--- a/{text}\n+++ b/{text}\n-{text}\n+{text}", text)
    about = replace(ABOUT, edits=(edit,))
    return render_comment(result, about)


_SHAPE = []


@pytest.fixture
def harmless(build, shop):
    """The skeleton of the same comment without an attack, made once."""
    if not _SHAPE:
        _SHAPE.append(shape(rendered(build, shop, "word").text))
    return _SHAPE[0]


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TEXTS)
def test_whatever_a_repository_says_the_comment_stays_a_comment(build, shop, harmless, text):
    comment = rendered(build, shop, text)
    refuse_unsafe(comment.text, links=(RUN,))
    assert shape(comment.text) == harmless
    assert visible_lines(comment.text) <= 40
    assert utf16_units(comment.text) <= MAX_COMMENT
    assert not any(line.startswith("<!--") for line in comment.text.split("\n"))


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TEXTS)
def test_so_does_an_explanation(build, shop, text):
    result = poisoned(everything(build, shop), text)
    comment = render_explanation(result, ABOUT, result.components[0].name)
    refuse_unsafe(comment.text, links=(RUN,))
    assert shape(comment.text)[:1] == shape(comment.text)[1:2]


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:40]))
def test_each_attack_alone_in_every_place(build, shop, harmless, text):
    comment = rendered(build, shop, text)
    refuse_unsafe(comment.text, links=(RUN,), renderers=("cmark-gfm",))
    assert shape(comment.text) == harmless


def test_nothing_of_a_long_hostile_result_leaves_its_fold(build):
    attack = " ".join(ATTACKS)
    comment = render_comment(many(build, 30, attack), ABOUT)
    refuse_unsafe(comment.text, links=(RUN,))
    assert visible_lines(comment.text) <= 40
    assert utf16_units(comment.text) <= MAX_COMMENT
    page = tree(cmark_html(comment.text))
    assert text_of(page[-1]).startswith("ai-provision 0.1.0")
