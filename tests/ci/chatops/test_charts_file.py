"""What the analysis tells the publisher about charts comes back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.chatops.charts import CHARTS, charts_json, read_charts
from ci.handoff.helm_chart import ChartValues
from schemas.errors import InputFileError

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
paths = st.lists(names, min_size=1, max_size=4).map(tuple)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
charts = st.dictionaries(
    names,
    st.builds(
        ChartValues,
        values=st.dictionaries(names, values, max_size=3),
        placed=st.dictionaries(names, st.dictionaries(paths, paths, max_size=3), max_size=2),
        unplaced=st.lists(names, max_size=2).map(tuple),
    ),
    max_size=2,
)


@given(charts)
@settings(deadline=None)
def test_the_charts_are_read_as_they_were_written(tmp_path_factory, found):
    directory = tmp_path_factory.mktemp("result")
    (directory / CHARTS).write_bytes(charts_json(found))
    assert read_charts(directory) == found


def test_without_the_file_no_chart_is_known(tmp_path):
    assert read_charts(tmp_path) == {}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"c": 1}',
        '{"c": {"values": {}, "placed": {}, "more": 1}}',
        '{"c": {"values": []}}',
    ],
    ids=["empty", "list", "number", "more", "less"],
)
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / CHARTS).write_text(content)
    with pytest.raises(InputFileError, match=r"no valid charts\.json"):
        read_charts(tmp_path)


def test_a_directory_in_its_place_is_refused(tmp_path):
    (tmp_path / CHARTS).mkdir()
    with pytest.raises(InputFileError, match="cannot be read"):
        read_charts(tmp_path)
