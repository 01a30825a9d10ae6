"""Scales, labels, bars and lines: where things stand in a picture."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.report.labels import line_labels, spread
from ci.report.ranges import make_ranges
from ci.report.resource import Pair, Resource, cpu_view, memory_view
from ci.report.scale import MOST_MARKS, make_scale, mark_text, tight_scale
from ci.report.shape import make_shapes
from ci.report.timeline import MOST_POINTS, make_timeline, points_of, time_marks
from ci.report.track import make_tracks
from schemas.quantities import GIB, MIB
from schemas.usage import Timeline
from tests.ci.report import fabricate

AMOUNTS = st.floats(0, 2**50, allow_nan=False)


@given(st.sampled_from(Resource), st.lists(AMOUNTS, max_size=4), st.lists(AMOUNTS, max_size=4))
def test_every_scale_starts_at_zero_and_holds_what_matters(resource, matter, stretch):
    scale = make_scale(resource, matter, stretch)
    marks = scale.marks()
    assert (marks[0].percent, marks[0].text) == (0, "0")
    assert marks[-1].percent == 100
    assert 2 <= len(marks) <= MOST_MARKS + 2
    assert not any(scale.beyond(amount) for amount in matter)
    assert len({mark.text for mark in marks}) == len(marks)


@pytest.mark.parametrize(
    ("resource", "top", "texts"),
    [
        (Resource.CPU, 480, ["0", "100m", "200m", "300m", "400m", "500m"]),
        (Resource.CPU, 1900, ["0", "500m", "1 core", "1.5 cores", "2 cores"]),
        (Resource.MEMORY, 900 * MIB, ["0", "256Mi", "512Mi", "768Mi", "1Gi"]),
        (Resource.MEMORY, 5 * GIB, ["0", "2Gi", "4Gi", "6Gi"]),
    ],
)
def test_marks_are_round_amounts_with_units(resource, top, texts):
    assert [mark.text for mark in make_scale(resource, [top], []).marks()] == texts


def test_a_limit_far_away_does_not_press_the_use_against_the_axis():
    scale = make_scale(Resource.CPU, [100], [64_000])
    assert scale.beyond(64_000)
    assert scale.percent(100) > 25
    near = tight_scale(Resource.CPU, [100], [200])
    assert not near.beyond(200)


def test_small_memory_has_its_unit():
    assert mark_text(Resource.MEMORY, 512 * 1024) == "512Ki"


@given(st.lists(st.floats(0, 100), max_size=11).map(sorted))
def test_labels_keep_apart_in_order_and_inside(heights):
    placed = spread(heights, 9.0)
    room = min(9.0, 100 / max(1, len(heights)))
    assert all(b - a >= room - 0.02 for a, b in zip(placed, placed[1:], strict=False))
    assert all(room / 2 - 0.01 <= height <= 100 - room / 2 + 0.01 for height in placed)


@given(st.lists(st.floats(5, 95), max_size=8).map(sorted))
def test_labels_with_room_stay_where_they_are(heights):
    apart = [h for i, h in enumerate(heights) if i == 0 or h - heights[i - 1] > 18][:1]
    assert spread(apart, 9.0) == pytest.approx(apart, abs=0.01)


def test_a_request_and_a_limit_that_are_equal_share_one_line():
    view = memory_view(fabricate.throttled())
    scale = make_scale(Resource.MEMORY, [1300 * MIB], [])
    lines = line_labels(view, scale)
    assert [found.text for found in lines] == [
        "now request = limit 1200Mi",
        "new request = limit 1200Mi",
    ]
    assert lines[0].percent == lines[1].percent
    assert lines[1].label_percent - lines[0].label_percent >= 9


def test_an_amount_beyond_the_picture_is_named_with_an_arrow():
    holes = fabricate.odd().components[2]
    lines = make_timeline(cpu_view(holes)).lines
    assert [found.text for found in lines if found.beyond] == ["↑ now limit 4", "↑ new limit 4"]


def test_use_above_the_request_is_its_own_part_of_the_bar():
    tracks = make_tracks(cpu_view(fabricate.starved()))
    kinds = {part.kind: part for part in tracks.now.parts}
    assert set(kinds) == {"use", "over", "peak"}
    assert kinds["use"].width == pytest.approx(tracks.now.request, abs=0.02)
    assert {part.kind for part in tracks.new.parts} == {"use", "peak"}
    assert (tracks.now.request_text, tracks.now.limit_text) == ("100m", "800m")


def test_what_was_never_used_is_its_own_part_of_the_bar():
    tracks = make_tracks(memory_view(fabricate.wasteful()))
    free = next(part for part in tracks.now.parts if part.kind == "free")
    assert free.width > 90
    assert free.start + free.width == pytest.approx(tracks.now.request, abs=0.02)


def test_no_limit_is_an_arrow():
    tracks = make_tracks(cpu_view(fabricate.wasteful()))
    assert tracks.new.runs_on
    assert tracks.new.limit_text == "no limit"
    assert not tracks.now.runs_on


def test_an_estimate_shows_its_bounds():
    tracks = make_tracks(cpu_view(fabricate.fresh()))
    assert tracks.now is None
    assert [part.kind for part in tracks.new.parts] == ["range"]
    assert tracks.used_text == "estimated: 333m to 3"


def test_holes_in_the_history_are_holes_in_the_line():
    holes = fabricate.odd().components[2]
    chart = make_timeline(cpu_view(holes))
    assert chart.high_path.count("M") == 4
    assert chart.high_path.count("h.1") == 1
    assert chart.area_path.count("Z") == 4
    assert "nothing ran" in {day.high for day in chart.days} | {"nothing ran"}
    assert chart.high[95] is None


def test_paths_stay_inside_their_square():
    for make in fabricate.CASES[:4]:
        chart = make_timeline(cpu_view(make()))
        numbers = [float(n) for n in re.findall(r"[\d.]+", chart.area_path)]
        assert min(numbers) >= 0
        assert max(numbers) <= 1000


@pytest.mark.parametrize(
    "line",
    [
        Timeline(start_s=0, step_s=60, middle=(), high=()),
        Timeline(start_s=0, step_s=60, middle=(1.0,), high=(1.0,)),
        Timeline(start_s=0, step_s=0, middle=(1.0, 1.0), high=(1.0, 1.0)),
        Timeline(start_s=-1, step_s=60, middle=(1.0, 1.0), high=(1.0, 1.0)),
        Timeline(start_s=10**18, step_s=60, middle=(1.0, 1.0), high=(1.0, 1.0)),
        Timeline(start_s=0, step_s=10**15, middle=(1.0, 1.0), high=(1.0, 1.0)),
        Timeline(start_s=0, step_s=60, middle=(None, None), high=(None, None)),
    ],
    ids=["empty", "one-point", "no-step", "before-1970", "no-date", "huge-step", "nothing-ran"],
)
def test_a_timeline_that_cannot_be_drawn_is_none(line):
    item = fabricate.starved()
    used = item.usage.model_copy(update={"cpu_timeline": line})
    assert make_timeline(cpu_view(item.model_copy(update={"usage": used}))) is None


def test_a_long_timeline_is_thinned_and_keeps_its_peak():
    values = [0.1] * 10_000
    values[7_777] = 0.9
    line = Timeline(start_s=0, step_s=60, middle=(0.05,) * 10_000, high=tuple(values))
    item = fabricate.starved()
    used = item.usage.model_copy(update={"cpu_timeline": line})
    points = points_of(cpu_view(item.model_copy(update={"usage": used})))
    assert len(points.high) <= MOST_POINTS
    assert max(points.high) == 900


@given(st.integers(0, 2**31), st.integers(60, 10**7), st.integers(2, 400))
def test_time_marks_are_few_and_inside(start, step, count):
    item = fabricate.wasteful()
    line = Timeline(start_s=start, step_s=step, middle=(0.1,) * count, high=(0.1,) * count)
    used = item.usage.model_copy(update={"cpu_timeline": line})
    points = points_of(cpu_view(item.model_copy(update={"usage": used})))
    marks = time_marks(points)
    assert len(marks) <= 9
    assert all(0 <= mark.percent <= 100 for mark in marks)


def test_midnights_are_named_by_their_day():
    chart = make_timeline(cpu_view(fabricate.starved()))
    assert [mark.text for mark in chart.times][:2] == ["9 Feb", "12 Feb"]


def test_shapes_name_the_busiest_and_the_quietest():
    shapes = make_shapes(fabricate.starved().usage)
    assert shapes[0].described.startswith("busiest hour 13:00: 1.8 times the mean")
    assert [bar.name for bar in shapes[1].bars if not bar.busiest] == ["Sat", "Sun"]
    assert max(bar.height for bar in shapes[0].bars) <= 100


def test_a_shape_of_another_length_is_left_out():
    used = fabricate.starved().usage.model_copy(update={"cpu_by_hour": (1.0,) * 5})
    assert [shape.title for shape in make_shapes(used)] == ["CPU by day of the week"]


def test_bounds_tell_number_range_and_today():
    rows = {row.label: row for row in make_ranges(cpu_view(fabricate.starved())).rows}
    assert rows["request"].text == "500m (bounds 384m to 650m), now 100m"
    assert rows["request"].low < rows["request"].new < rows["request"].high
    assert rows["used"].ticks == tuple(sorted(rows["used"].ticks))


def test_a_number_outside_of_the_picture_has_no_mark_but_an_arrow():
    row = make_ranges(cpu_view(fabricate.odd().components[2])).rows[-1]
    assert row.beyond
    assert row.new is None
    assert row.now is None


def test_odd_amounts_are_rounded_only_where_there_is_no_room():
    view = memory_view(fabricate.odd().components[0])
    assert view.now == Pair(1288490189, None)
    assert view.resource.short(1288490189) == "≈1.2Gi"
    assert view.resource.exact(1288490189) == "1288490189"
