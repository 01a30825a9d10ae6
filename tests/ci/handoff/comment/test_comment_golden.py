"""Whole comments, kept as files so that a change of the comment is seen in its review.

To write them anew: ``pytest tests/ci/handoff/comment/test_comment_golden.py --basetemp=DIR`` keeps
each comment that differs under DIR, from where it is copied into ``golden/``.
"""

from pathlib import Path

import pytest

from ci.handoff.comment.render import render_comment, render_explanation
from tests.ci.handoff.comment.cases import ABOUT, RUN, golden, measured
from tests.ci.handoff.comment.judge import refuse_unsafe, visible_lines

GOLDEN = Path(__file__).with_name("golden")
SIZINGS = ("shop", "measured", "settled", "outdated", "thirty", "applied")


def compare(name, text, tmp_path):
    """The comment is what its file says."""
    (tmp_path / f"{name}.md").write_text(text)
    assert text == (GOLDEN / f"{name}.md").read_text()


@pytest.mark.parametrize("name", SIZINGS)
def test_a_sizing_reads_as_it_did(name, build, shop, tmp_path):
    comment = render_comment(*golden(build, shop)[name])
    links = (RUN, "https://github.com/acme/shop/pull/7")
    refuse_unsafe(comment.text, links=links)
    assert visible_lines(comment.text) <= 40
    compare(name, comment.text, tmp_path)


def test_an_explanation_reads_as_it_did(build, tmp_path):
    compare("explanation", render_explanation(measured(build), ABOUT, "web").text, tmp_path)


def test_every_file_belongs_to_a_case():
    kept = {file.stem for file in GOLDEN.iterdir()}
    assert kept == {*SIZINGS, "explanation"}
