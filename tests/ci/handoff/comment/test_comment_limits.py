"""A comment that would be too long is cut where it hurts least, and says so."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.handoff.comment.about import MAX_COMMENT, MAX_SUMMARY_BYTES, PatchFile
from ci.handoff.comment.layout import (
    Fold,
    Page,
    fence_part,
    listed,
    page_text,
    text_part,
    utf8_bytes,
    utf16_units,
)
from ci.handoff.comment.render import render_comment
from tests.ci.handoff.comment.cases import ABOUT, RUN, many, measured
from tests.ci.handoff.comment.judge import refuse_unsafe, shape

NOTICE = re.compile(r"\*… ([0-9]+) lines? left out here; the whole is in (.+)\.\*")


def long_diff(lines):
    return "\n".join(f"+ line {index} of the patch" for index in range(lines))


def test_a_short_comment_is_whole(build):
    comment = render_comment(measured(build), ABOUT)
    assert not NOTICE.search(comment.text)
    assert comment.text == comment.full_text


def test_only_the_middle_of_folded_parts_is_cut(build):
    about = replace(ABOUT, edits=(PatchFile("deploy/web.yaml", long_diff(5000)),))
    comment = render_comment(measured(build), about)
    assert utf16_units(comment.text) <= MAX_COMMENT
    assert utf16_units(comment.text) > MAX_COMMENT * 0.97
    cut, whole = (text.partition("<details>")[0] for text in (comment.text, comment.full_text))
    assert cut == whole
    assert "+ line 0 of the patch" in comment.text
    assert "+ line 4999 of the patch" in comment.text
    shown = len(re.findall(r"^\+ line [0-9]+ of the patch$", comment.text, re.MULTILINE))
    (told,) = NOTICE.findall(comment.text)
    assert int(told[0]) + shown == 5000
    assert told[1] == f"[the run's job summary]({RUN})"
    assert "+ line 2500 of the patch" in comment.full_text
    refuse_unsafe(comment.text, links=(RUN,))


def test_parts_that_are_small_stay_whole_beside_a_large_one(build):
    about = replace(ABOUT, edits=(PatchFile("deploy/web.yaml", long_diff(5000)),))
    text = render_comment(measured(build), about).text
    (cut,) = NOTICE.finditer(text)
    assert text.rindex("<summary>", 0, cut.start()) == text.index("<summary>Patch")


def test_a_summary_of_a_job_stays_below_its_limit_too(build):
    about = replace(ABOUT, edits=(PatchFile("deploy/web.yaml", long_diff(60_000)),))
    comment = render_comment(measured(build), about)
    assert utf8_bytes(comment.full_text) <= MAX_SUMMARY_BYTES
    assert "`recommendation.json` among the run's artifacts" in comment.full_text


def test_characters_beyond_the_first_plane_count_twice(build):
    about = replace(ABOUT, edits=(PatchFile("deploy/web.yaml", "+🚀🚀🚀🚀🚀🚀🚀🚀\n" * 5000),))
    comment = render_comment(measured(build), about)
    assert len(comment.text.encode("utf-16-le")) // 2 <= MAX_COMMENT


@pytest.mark.parametrize("count", [60, 300])
def test_hundreds_of_components_fit(build, count):
    comment = render_comment(many(build, count), ABOUT)
    assert utf16_units(comment.text) <= MAX_COMMENT
    assert utf8_bytes(comment.full_text) <= MAX_SUMMARY_BYTES
    refuse_unsafe(comment.text, links=(RUN,))
    outer, every, tables = shape(comment.text)
    assert outer == every
    assert all(len(set(cells)) == 1 for cells in tables)


@settings(deadline=None, max_examples=80)
@given(
    sizes=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90)), min_size=1, max_size=6),
    limit=st.integers(4000, 9000),
)
def test_any_page_keeps_to_its_limit_with_its_beginning_and_its_end(sizes, limit):
    folds = tuple(
        Fold(
            f"part {index}", (text_part(*["- word"] * words), fence_part("diff", "+ x`y\n" * code))
        )
        for index, (words, code) in enumerate(sizes)
    )
    page = Page(("### title", "visible"), folds, "<sub>end</sub>")
    text = page_text(page, limit=limit, size=utf16_units, elsewhere="there")
    assert utf16_units(text) <= limit
    assert text.startswith("### title\n\nvisible\n\n")
    assert text.endswith("<sub>end</sub>\n")
    assert shape(text)[0] == len(sizes)
    refuse_unsafe(text)


def test_the_last_line_of_a_list_counts_what_is_left_out():
    more = "and {} more".format
    assert listed(["a", "b"], 2, more) == ("a", "b")
    assert listed(["a", "b", "c", "d"], 2, more) == ("a", "and 3 more")
