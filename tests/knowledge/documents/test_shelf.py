"""Added documents are kept whole, replaced by their new self, and forgotten."""

from datetime import date

import pytest
import yaml

from knowledge.documents.blocks import Block, Document
from knowledge.documents.shelf import Provenance, Shelf, facts_of
from schemas.errors import OutputError, UsageError
from schemas.knowledge import Fact, FactKind, SourceGrade

DAY = date(2026, 5, 4)
URL = "https://docs.example/sizing"
SIZED = Block("API", "resources: {requests: {cpu: 250m}}", code=True)


def facts(*texts, title="Sizing — the Shöp!", url=URL, **changes):
    blocks = tuple(text if isinstance(text, Block) else Block("H", text) for text in texts)
    return facts_of(Document(title, blocks), Provenance(url, url, DAY, **changes))


def test_every_passage_becomes_a_fact_that_names_its_source():
    found = facts("Words of some length.", SIZED, products=("PostgreSQL", "pg"))
    first, second = found
    assert first.kind is FactKind.DOCUMENT
    assert (first.source.url, first.source.checked) == (URL, DAY)
    assert first.source.grade is SourceGrade.ADDED
    assert first.statement == "Sizing — the Shöp! — H — Words of some length."
    assert first.figures == {}
    assert second.figures == {"cpu_request_millicores": 250}
    assert second.applies_to.products == ("postgresql", "pg")
    assert second.component == "postgresql"
    assert first.id.startswith("added-sizing-the-shop-")
    assert first.id.endswith(".001")


def test_the_same_place_gives_the_same_ids_and_another_place_others():
    assert facts("a b c d e")[0].id == facts("f g h i j")[0].id
    assert facts("a b c d e")[0].id != facts("a b c d e", url=URL + "2")[0].id


@pytest.mark.parametrize("title", ["", "日本語", "x" * 500, "../../etc", "\n"])
def test_any_title_gives_a_usable_file_name(title, tmp_path):
    shelf = Shelf(tmp_path)
    id_ = shelf.put(facts("some words", title=title))
    assert [path.name for path in tmp_path.iterdir()] == [f"{id_}.yaml"]


def test_a_document_added_again_replaces_its_former_self_even_with_a_new_title(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put(facts("one", "two", SIZED))
    id_ = shelf.put(facts("three words here", title="Renamed"))
    assert shelf.ids() == (id_,)
    assert "three words here" in (tmp_path / f"{id_}.yaml").read_text("utf-8")


def test_a_document_is_removed_by_its_id_or_that_of_a_passage(tmp_path):
    shelf = Shelf(tmp_path / "new")
    found = facts("one", SIZED, "two")
    id_ = shelf.put(found)
    assert shelf.remove(found[1].id) == 3
    assert shelf.ids() == ()
    with pytest.raises(UsageError, match=f"no added document has the id {id_}"):
        shelf.remove(id_)


@pytest.mark.parametrize(
    "id_", ["postgresql-shared-buffers", "../x", "added-../../x", "", "added-"]
)
def test_nothing_but_an_added_document_can_be_removed(tmp_path, id_):
    (tmp_path / "x.yaml").write_text("keep")
    with pytest.raises(UsageError):
        Shelf(tmp_path / "shelf").remove(id_)
    assert (tmp_path / "x.yaml").exists()


def test_a_shelf_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"):
        Shelf(tmp_path / "file" / "shelf").put(facts("some words"))


def test_what_is_written_is_read_back_as_the_same_facts(tmp_path):
    found = facts("one: two", 'a "quoted" – dash', SIZED, products=("redis",))
    id_ = Shelf(tmp_path).put(found)
    whole = yaml.safe_load((tmp_path / f"{id_}.yaml").read_text("utf-8"))
    read_back = tuple(
        Fact(**row, component=whole["component"], topic=whole["topic"]) for row in whole["facts"]
    )
    assert read_back == found
