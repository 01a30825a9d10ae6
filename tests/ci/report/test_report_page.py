"""The page as text: valid, closed to the network, escaped, with the recommendation's numbers."""

import base64
import hashlib
import json
import re
import time

import html5lib
import pytest

from ci.report.page import report_html
from schemas.quantities import format_cpu, format_memory
from schemas.recommendation import Recommendation
from tests.ci.report import fabricate

PAGES = {
    "one": lambda: fabricate.recommendation(fabricate.starved()),
    "five": lambda: fabricate.recommendation(*(case() for case in fabricate.CASES[:5])),
    "everything": fabricate.everything,
    "forty": fabricate.many,
    "none": fabricate.recommendation,
    "odd": fabricate.odd,
    "hostile": fabricate.hostile,
}
"""By name: 1, 5, 6 and 40 components, none at all, and a stranger's text."""


@pytest.fixture(scope="module")
def pages():
    """The text of each page."""
    return {name: report_html(make()) for name, make in PAGES.items()}


@pytest.fixture(scope="module")
def trees(pages):
    """Each page, parsed by the rules of HTML."""
    return {name: parsed(text) for name, text in pages.items()}


def parsed(text):
    """The tree; any error of syntax is raised."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


SVG = "{http://www.w3.org/2000/svg}"


def words(element):
    """All text below an element, as a reader sees it."""
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_valid_html(trees, name):
    tree = trees[name]
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", PAGES)
def test_every_reference_leads_to_a_place_on_the_page(trees, name):
    tree = trees[name]
    ids = {element.get("id") for element in tree.iter()}
    for element in tree.iter("a"):
        target = element.get("href")
        assert target.startswith("https://") or target[1:] in ids, target
    for element in tree.iter():
        for name_ in (element.get("aria-labelledby") or "").split():
            assert name_ in ids


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_nothing(trees, name):
    tree = trees[name]
    loading = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"}
    for element in tree.iter():
        assert element.tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
        assert not loading & set(element.attrib), element.attrib
        assert not [key for key in element.attrib if key.startswith("on") or key == "style"]
    style = tree.find(".//style").text
    assert "@import" not in style
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {"#p-over", "#p-free", "#p-range"}


def test_the_policy_allows_our_style_and_script_and_nothing_else(trees):
    tree = trees["everything"]
    policy = next(
        element.get("content") for element in tree.iter("meta") if element.get("http-equiv")
    )
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        found = list(tree.iter(tag))
        assert len(found) == 1
        digest = base64.b64encode(hashlib.sha256(found[0].text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_hostile_text_is_text(pages, trees):
    text, tree = pages["hostile"], trees["hostile"]
    assert len(list(tree.iter("script"))) == 1
    assert not list(tree.iter("img"))
    assert "49" not in words(tree.find(".//h2"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "javascript:alert(1)" not in [element.get("href") for element in tree.iter("a")]
    heading = tree.find(".//section[@id='c1']//h2")
    assert words(heading).startswith("</title><script>alert(1)</script><img src=x")
    assert "{{ 7*7 }}" in words(heading)


def test_only_reviewed_sources_are_links(trees):
    tree = trees["everything"]
    outward = {a.get("href") for a in tree.iter("a") if not a.get("href").startswith("#")}
    assert outward == {"https://example.com/traces", "https://go.dev/doc/gc-guide"}


def test_every_number_is_the_recommendations_own(everything, trees):
    tree = trees["everything"]
    sections = {
        words(section.find(".//h2")): section
        for section in tree.iter("section")
        if section.get("class") == "component"
    }
    assert set(sections) == {item.name for item in everything.components}
    for item in everything.components:
        requests, limits = item.resources.requests, item.resources.limits
        shown = {
            cell.get("data-number"): words(cell.find("b"))
            for cell in sections[item.name].iter("td")
            if cell.get("data-number")
        }
        assert shown["cpu_request"] == format_cpu(requests.cpu)
        assert shown["memory_request"] == format_memory(requests.memory)
        assert shown["memory_limit"] == format_memory(limits.memory)
        assert shown["cpu_limit"] == ("not set" if limits.cpu is None else format_cpu(limits.cpu))
        assert shown["replicas"] == str(item.replicas)
        text = words(sections[item.name])
        for interval, form in (
            (item.intervals.cpu_request, format_cpu),
            (item.intervals.memory_limit, format_memory),
        ):
            assert f"{form(interval.low)} to {form(interval.high)}" in text


def test_the_overview_shows_the_same_numbers(everything, trees):
    table = next(t for t in trees["everything"].iter("table"))
    rows = {words(row.find("th/a")): words(row) for row in table.find("tbody")}
    for item in everything.components:
        requests, limits = item.resources.requests, item.resources.limits
        limit = "no limit" if limits.cpu is None else format_cpu(limits.cpu)
        assert f"{format_cpu(requests.cpu)} / {limit}" in rows[item.name]
        memory = f"{format_memory(requests.memory)} / {format_memory(limits.memory)}"
        assert memory in rows[item.name]


def test_the_points_of_a_picture_are_those_of_the_history(everything, trees):
    item = everything.components[0]
    tree = trees["everything"]
    field = next(
        svg
        for svg in tree.iter(SVG + "svg")
        if svg.get("aria-labelledby") == "c1memory-t c1memory-d"
    )
    assert field.get("data-unit") == "Mi"
    high = json.loads(field.get("data-high"))
    wanted = item.usage.memory_timeline.high
    assert high == pytest.approx([value / 2**20 for value in wanted], abs=0.006)
    assert int(field.get("data-start")) == item.usage.memory_timeline.start_s


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("checkout-api", ["▲ too little", "▲ too little"]),
        ("search", ["▲ too little", "✓ enough"]),
        ("catalog", ["▼ too much", "▼ too much"]),
        ("payments", ["✓ enough", "✓ enough"]),
        ("postgres", ["+ new", "+ new"]),
    ],
)
def test_each_row_says_in_sign_and_word_whether_it_is_enough(trees, name, verdicts):
    table = next(t for t in trees["everything"].iter("table"))
    row = next(row for row in table.find("tbody") if words(row.find("th/a")) == name)
    shown = [words(s) for s in row.iter("span") if (s.get("class") or "").startswith("verdict")]
    assert shown == verdicts


def test_the_worst_comes_first(trees):
    table = next(t for t in trees["everything"].iter("table"))
    names = [words(row.find("th/a")) for row in table.find("tbody")]
    assert names == ["checkout-api", "search", "catalog", "storefront", "payments", "postgres"]


def test_measured_and_estimated_are_told_apart(pages, trees):
    text, tree = pages["everything"], trees["everything"]
    assert "4 measured, 2 estimated" in text
    guesses = [s for s in tree.iter("span") if "guess" in (s.get("class") or "").split()]
    assert len(guesses) == 10  # of two: 2 in the overview, 3 in the component's own section


def test_a_component_that_failed_stands_beside_the_others(trees):
    text = words(trees["everything"].find(".//section[@id='overview']"))
    assert "not sized legacy (pipa): no runtime is known" in text


def test_every_picture_has_words_for_those_who_do_not_see_it(trees):
    shown = [svg for svg in trees["everything"].iter(SVG + "svg") if svg.get("role") == "img"]
    assert len(shown) > 20
    for svg in shown:
        assert svg.find(SVG + "title").text
        assert svg.get("aria-label") or svg.find(SVG + "desc").text


def test_each_timeline_has_its_values_as_a_table(trees):
    tree = trees["everything"]
    figures = [f for f in tree.iter("figure") if f.get("class") == "chart timeline"]
    assert len(figures) == 8
    for figure in figures:
        rows = figure.findall(".//tbody/tr")
        assert len(rows) == fabricate.DAYS
        assert rows[0].find("th").text == "2026-02-09"


def test_the_same_recommendation_gives_the_same_page(everything):
    again = Recommendation.model_validate_json(everything.model_dump_json())
    assert report_html(again) == report_html(everything)


def test_forty_components_are_one_page_of_moderate_size_within_seconds():
    recommendation = fabricate.many()
    start = time.process_time()
    text = report_html(recommendation)
    assert time.process_time() - start < 10
    assert len(text) < 3_000_000


def test_an_unknown_cost_is_said_to_be_unknown():
    from schemas.recommendation import Cost

    text = report_html(fabricate.recommendation(fabricate.fresh(), cost=Cost(unknown="no prices")))
    assert "no prices" in text
    assert "cost unknown" in text


def test_a_kept_number_says_so(trees):
    tree = trees["everything"]
    kept = [
        cell.get("data-number")
        for cell in tree.iter("td")
        if cell.get("data-number") and "kept" in words(cell)
    ]
    assert kept == ["cpu_request", "cpu_limit", "memory_request", "memory_limit"]
