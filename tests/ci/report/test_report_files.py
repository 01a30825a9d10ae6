"""What is written, and how: the page, the pictures, the command."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree
from PIL import Image

from ci.report.pictures import write_pictures
from ci.report.write import write_report
from schemas.errors import OutputError
from tests.ci.report import fabricate

ROOT = Path(__file__).parents[3]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from ci.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_the_page_replaces_the_one_of_the_last_run(everything, tmp_path):
    page = tmp_path / "out" / "report.html"
    write_report(everything, page)
    first = page.read_bytes()
    write_report(fabricate.recommendation(fabricate.fresh()), page)
    assert page.read_bytes() != first
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


def test_the_page_is_for_everybody_whom_the_umask_allows(everything, tmp_path):
    page = tmp_path / "report.html"
    before = os.umask(0o027)
    try:
        write_report(everything, page)
    finally:
        os.umask(before)
    assert stat.S_IMODE(page.stat().st_mode) == 0o640


def test_a_page_that_cannot_be_moved_into_place_leaves_the_old_one(
    everything, tmp_path, monkeypatch
):
    page = tmp_path / "report.html"
    page.write_text("old")

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_report(everything, page)
    assert page.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("place", ["directory", "below-a-file"])
def test_a_place_that_cannot_hold_the_page_is_named(everything, tmp_path, place):
    (tmp_path / "file").write_text("x")
    path = tmp_path if place == "directory" else tmp_path / "file" / "report.html"
    with pytest.raises(OutputError, match=re.escape(str(path))):
        write_report(everything, path)


def test_a_lone_surrogate_does_not_stop_the_page(tmp_path):
    item = fabricate.fresh().model_copy(update={"name": "a\ud800b"})
    write_report(fabricate.recommendation(item), tmp_path / "report.html")
    assert "a\ufffdb" in (tmp_path / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pictures")
    return {path.name: path for path in write_pictures(fabricate.everything(), directory)}


def test_there_is_an_overview_and_a_picture_of_each_component(pictures):
    names = {"_overview", *(make().name for make in fabricate.CASES)}
    assert set(pictures) == {f"{name}.{form}" for name in names for form in ("svg", "png")}


def test_the_png_files_show_something(pictures):
    for name, path in pictures.items():
        if name.endswith(".png"):
            with Image.open(path) as image:
                assert image.width > 1000
                assert len(image.convert("RGB").getcolors(1 << 24)) > 20


def test_the_svg_files_are_xml_with_the_numbers_as_text_and_load_nothing(pictures):
    for name, path in pictures.items():
        if name.endswith(".svg"):
            tree = ElementTree.fromstring(path.read_bytes())
            assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))
            for element in tree.iter():
                link = element.get("{http://www.w3.org/1999/xlink}href", "#")
                assert link.startswith("#"), (name, link)
    text = pictures["checkout-api.svg"].read_text()
    for words in ("new request 500m", "now limit 256Mi", "checkout-api: too little (measured)"):
        assert words in text


def test_the_same_recommendation_gives_the_same_svg(pictures, tmp_path):
    again = write_pictures(fabricate.recommendation(fabricate.fresh()), tmp_path / "again")
    third = write_pictures(fabricate.recommendation(fabricate.fresh()), tmp_path / "third")
    for one, other in zip(again, third, strict=True):
        if one.suffix == ".svg":
            assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("make", [fabricate.hostile, fabricate.odd], ids=["hostile", "odd"])
def test_pictures_of_difficult_components_are_drawn_too(make, tmp_path):
    paths = write_pictures(make(), tmp_path / "pictures")
    assert all(re.fullmatch(r"_?[a-z0-9-]+\.(svg|png)", path.name) for path in paths)
    for path in paths:
        if path.suffix == ".svg":
            ElementTree.fromstring(path.read_bytes())


def test_letters_that_the_font_lacks_stay_text_in_the_svg(tmp_path):
    item = fabricate.fresh().model_copy(update={"name": "\u670d\u52a1"})
    paths = write_pictures(fabricate.recommendation(item), tmp_path / "pictures")
    svg = next(path for path in paths if path.suffix == ".svg" and path.stem != "_overview")
    assert "\u670d\u52a1" in svg.read_text("utf-8")


def test_no_component_gives_no_picture(tmp_path):
    assert write_pictures(fabricate.recommendation(), tmp_path / "pictures") == ()


def test_a_picture_of_the_user_is_not_replaced(everything, tmp_path):
    (tmp_path / "catalog.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match=re.escape("catalog.png")):
        write_pictures(fabricate.recommendation(fabricate.wasteful()), tmp_path)


def test_the_command_reads_a_recommendation_and_writes_page_and_pictures(everything, tmp_path):
    source = tmp_path / "recommendation.json"
    source.write_text(everything.model_dump_json())
    page, directory = tmp_path / "report.html", tmp_path / "pictures"
    done = run("report", str(source), "--out", str(page), "--pictures", str(directory))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"wrote {page}\nwrote 14 pictures to {directory}\n"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "cannot be read"), ("{}", "is not a recommendation")],
    ids=["absent", "other"],
)
def test_what_is_no_recommendation_is_named(tmp_path, text, words):
    source = tmp_path / "recommendation.json"
    if text is not None:
        source.write_text(text)
    done = run("report", str(source), "--out", str(tmp_path / "report.html"))
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_the_page_needs_no_plotting_library():
    code = (
        "import sys, ci.report.page; "
        "print([n for n in ('matplotlib', 'numpy', 'chromadb') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
