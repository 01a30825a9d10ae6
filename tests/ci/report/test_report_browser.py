"""The page in a real browser: quiet, closed, without overflow or labels over each other."""

import re

import pytest

from ci.report.write import write_report
from tests.ci.report import fabricate
from tests.ci.report.browser import Browser, installed

pytestmark = pytest.mark.tool

PAGES = {
    "one": lambda: fabricate.recommendation(fabricate.starved()),
    "everything": fabricate.everything,
    "forty": fabricate.many,
    "odd": fabricate.odd,
    "hostile": fabricate.hostile,
}
OVERLAPS = """
(() => {
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility === "visible";
  const found = [];
  for (const group of document.querySelectorAll(
      ".names, .axis, .times, .labels, .tracks, .rows")) {
    const boxes = [...group.querySelectorAll("text, .amounts, .words, .side")].filter(shown)
      .map((e) => [e.textContent, e.getBoundingClientRect()]);
    for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i][1], boxes[j][1]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 3) found.push([boxes[i][0], boxes[j][0]]);
    }
  }
  return found;
})()
"""
OUTSIDE = """
[...document.querySelectorAll("main *")].filter((e) => {
  const box = e.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1 && !e.closest(".scroll");
}).map((e) => e.tagName + "." + (e.getAttribute("class") || "")).slice(0, 5)
"""
CONTRAST = """
(() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = parts(c).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (parts(c)[3] !== 0) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const low = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    if (!e.getClientRects().length || e.closest("desc, title, script, style")) continue;
    const style = getComputedStyle(e);
    const a = light(e.tagName === "text" ? style.fill : style.color), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push([e.textContent.slice(0, 40), ratio]);
  }
  return low;
})()
"""


@pytest.fixture(scope="module")
def browser():
    command = installed()
    if command is None:
        pytest.skip("no Chromium is installed")
    opened = Browser(command)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each page as a file."""
    directory = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        write_report(make(), directory / f"{name}.html")
    return {name: directory / f"{name}.html" for name in PAGES}


@pytest.mark.parametrize("width", [360, 400, 700, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_quiet_and_fits_every_width(browser, files, name, width):
    browser.open(files[name], width=width)
    assert browser.complaints == []
    assert browser.requests == [files[name].as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(OUTSIDE) == []
    assert browser.run(OVERLAPS) == []


def test_nothing_of_a_strangers_text_runs(browser, files):
    browser.open(files["hostile"])
    assert browser.run("document.querySelectorAll('script').length") == 1
    assert browser.run("document.querySelectorAll('img, iframe, object').length") == 0
    assert browser.run("document.title").startswith("Sizing of </title><script>alert(1)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_people_need(browser, files, scheme):
    browser.open(files["everything"], scheme=scheme)
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3])
    assert (lightness > 600) is (scheme == "light")
    assert browser.run(CONTRAST) == []


def test_the_keyboard_reads_the_values_of_a_picture(browser, files):
    browser.open(files["one"])
    browser.run("document.querySelector('svg.field').focus()")
    browser.key("ArrowRight")
    first = browser.run("document.querySelector('.readout').textContent")
    assert re.fullmatch(r"2026-02-09 00:00 UTC: median [\d.]+m, highest [\d.]+m", first), first
    browser.key("End")
    last = browser.run("document.querySelector('.readout').textContent")
    assert last.startswith("2026-02-22 23:00 UTC")


def test_the_pointer_reads_them_too(browser, files):
    browser.open(files["one"], height=2500)
    box = browser.run(
        "(() => { const b = document.querySelectorAll('svg.field')[1].getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height]; })()"
    )
    browser.point(box[0] + box[2] / 2, box[1] + box[3] / 2)
    text = browser.run("document.querySelectorAll('.readout')[1].textContent")
    assert re.search(r"median [\d.]+Mi, highest 256Mi", text), text


def test_it_prints_on_a4_without_losing_anything_at_the_side(browser, files):
    # A4 less the margins is 186 mm: 703 pixels of CSS.
    browser.open(files["everything"], width=703, media="print", scheme="dark")
    assert browser.run("document.documentElement.scrollWidth") <= 703
    assert browser.run(OUTSIDE) == []
    assert browser.run(OVERLAPS) == []
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 3 <= pages <= 12


def test_the_screen_shows_colours(browser, files):
    browser.open(files["everything"])
    picture = browser.screenshot()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
