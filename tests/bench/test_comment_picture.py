import struct

import pytest

from bench.comment_picture import BROWSERS, WIDTH, draw, page
from tests.ci.report.browser import installed

MARKDOWN = (
    "### title\n\n<details><summary>Patch</summary>\n\n"
    "```diff\n-old <b>\n+new\n same\n```\n\n</details>\n\nwww.example.com\n"
)


def test_a_page_shows_the_markdown_with_one_part_open_and_a_coloured_diff():
    text = page(MARKDOWN, "Patch")
    assert "<h3>title</h3>" in text
    assert "<details open><summary>Patch" in text
    assert '<span class="del">-old &lt;b&gt;</span>' in text
    assert '<span class="add">+new</span>' in text
    assert "<details open>" not in page(MARKDOWN)


def test_the_picture_is_as_high_as_the_page(tmp_path):
    if installed() is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    heights = []
    for name, lines in (("low.png", 1), ("high.png", 60)):
        draw(page("line\n\n" * lines), tmp_path / name)
        width, height = struct.unpack(">II", (tmp_path / name).read_bytes()[16:24])
        assert width == WIDTH * 1.5
        heights.append(height)
    assert heights[1] > 5 * heights[0]
