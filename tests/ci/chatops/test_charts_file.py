"""What the analysis tells the publisher about charts."""

import pytest

from ci.chatops.charts import CHARTS, MAX_BYTES, read_charts
from ci.handoff.edits import Placements
from schemas.errors import InputFileError

FOUND = {
    "charts": [
        {
            "chart": "charts/shop",
            "placed": [
                {
                    "component": "api",
                    "field": ["resources", "requests", "cpu"],
                    "path": ["api", "resources", "requests", "cpu"],
                }
            ],
            "remarks": ["web: replicas: no value gives them"],
        }
    ]
}


def test_the_charts_are_read_as_they_were_written(tmp_path):
    found = Placements.model_validate(FOUND)
    (tmp_path / CHARTS).write_text(found.model_dump_json())
    assert read_charts(tmp_path) == found


def test_without_the_file_no_chart_is_known(tmp_path):
    assert read_charts(tmp_path) == Placements()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"charts": 1}', b'{"charts": [], "more": 1}', b"\xff", b" " * (MAX_BYTES + 1)],
    ids=["empty", "list", "number", "more", "bytes", "large"],
)
def test_another_file_is_refused_without_repeating_it(tmp_path, content):
    (tmp_path / CHARTS).write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        read_charts(tmp_path)
    assert CHARTS in caught.value.message
    assert len(caught.value.message) < 500


def test_a_directory_in_its_place_is_refused(tmp_path):
    (tmp_path / CHARTS).mkdir()
    with pytest.raises(InputFileError, match="cannot be read"):
        read_charts(tmp_path)
