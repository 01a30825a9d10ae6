"""The loader of facts: what it reads, what it refuses, and what its fingerprint notices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge.corpus import MAX_FILE_BYTES, corpus_fingerprint, load_corpus
from schemas.context import Role
from schemas.errors import SettingsError
from schemas.knowledge import Confidence, FactKind, SourceGrade

FILE = """\
component: postgresql
topic: sql
facts:
  - id: postgresql-shared-buffers
    kind: vendor_guidance
    statement: A quarter of the memory is a good start for shared_buffers.
    figures: {shared_buffers_fraction: 0.25}
    applies_to: {products: [postgresql, postgres], roles: [sql_database]}
    source:
      url: https://www.postgresql.org/docs/current/runtime-config-resource.html
      title: Resource Consumption
      grade: official_doc
      checked: 2026-11-21
    confidence: high
"""
FACT = """\
  - id: {id}
    kind: benchmark
    statement: A statement that is long enough.
    source: {{url: "https://example.org/", title: Example, grade: forum}}
"""


def write(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def facts(*ids: str, head: str = "component: c\ntopic: t\nfacts:\n") -> str:
    return head + "".join(FACT.format(id=id_) for id_ in ids)


def test_a_fact_takes_component_and_topic_from_its_file(tmp_path: Path) -> None:
    write(tmp_path, "sql/postgresql.yaml", FILE)
    corpus = load_corpus([tmp_path])
    fact = corpus.by_id["postgresql-shared-buffers"]
    assert (fact.component, fact.topic) == ("postgresql", "sql")
    assert fact.kind is FactKind.VENDOR_GUIDANCE
    assert fact.figures == {"shared_buffers_fraction": 0.25}
    assert fact.applies_to.roles == (Role.SQL_DATABASE,)
    assert fact.source.grade is SourceGrade.OFFICIAL_DOC
    assert str(fact.source.checked) == "2026-11-21"
    assert fact.confidence is Confidence.HIGH


def test_a_fact_may_name_its_own_component(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", FILE + FACT.format(id="pgbouncer-x") + "    component: pgbouncer\n")
    assert load_corpus([tmp_path]).by_id["pgbouncer-x"].component == "pgbouncer"


def test_facts_of_all_directories_are_sorted_by_id(tmp_path: Path) -> None:
    write(tmp_path, "one/z.yaml", facts("b-2", "a-1"))
    write(tmp_path, "two/deep/er/a.yml", facts("a-0"))
    write(tmp_path, "two/notes.txt", "no facts")
    write(tmp_path, "two/.hidden.yaml", "no facts")
    corpus = load_corpus([tmp_path / "one", tmp_path / "two", tmp_path / "absent"])
    assert [fact.id for fact in corpus.facts] == ["a-0", "a-1", "b-2"]
    assert list(corpus.by_id) == ["a-0", "a-1", "b-2"]


def test_no_directory_is_no_facts(tmp_path: Path) -> None:
    assert load_corpus([tmp_path / "absent"]).facts == ()


BROKEN = {
    "no YAML": ("facts: [", "not valid YAML"),
    "not UTF-8": ("component: \udcff", "not valid YAML"),
    "a list": ("- a\n", "not a mapping"),
    "empty": ("", "not a mapping"),
    "no facts": ("component: c\ntopic: t\n", "no list of facts"),
    "facts that are no list": ("component: c\ntopic: t\nfacts: {a: b}\n", "no list of facts"),
    "a fact that is text": ("component: c\ntopic: t\nfacts: [text]\n", "fact number 1"),
    "an unknown key of the file": ("owner: me\nfacts: []\n", "unknown key 'owner'"),
    "no topic": (facts("a-1", head="component: c\nfacts:\n"), "fact a-1: topic"),
    "an unknown kind": (facts("a-1").replace("benchmark", "rumour"), "fact a-1: kind"),
    "an unknown key of a fact": (facts("a-1") + "    author: me\n", "fact a-1: author"),
    "a bad id": (facts("UPPER"), "fact UPPER: id"),
    "no id": (facts("a-1").replace("id: a-1", "profile: ha"), "fact number 1: id"),
    "an id that is a number": (facts("12"), "fact number 1: id"),
    "infinity": (facts("a-1") + "    figures: {memory_mib: .inf}\n", "figures"),
    "a list as figure": (facts("a-1") + "    figures: {memory_mib: [1]}\n", "figures"),
    "an id twice": (facts("a-1", "a-1"), "fact a-1: the id is taken already"),
    "a key twice": (facts("a-1") + "    kind: price\n", "a key is given twice"),
    "an alias": (facts("a-1") + "    figures: {a: &x 1, b: *x}\n", "an alias"),
    "a Python object": (facts("a-1") + "    figures: !!python/tuple [1]\n", "not valid YAML"),
    "an unhashable key": (facts("a-1") + "    figures: {[a]: 1}\n", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        load_corpus([tmp_path])
    assert str(path) in caught.value.message
    assert reason in caught.value.message


def test_an_id_taken_in_another_file_is_refused_with_both_names(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", facts("a-1"))
    second = write(tmp_path, "b.yaml", facts("a-1"))
    with pytest.raises(SettingsError) as caught:
        load_corpus([tmp_path])
    assert str(first) in caught.value.message
    assert str(second) in caught.value.message


NESTED = {
    "flow sequences": "[" * 200_000,
    "flow mappings": "{a: " * 100_000,
    "block sequences on one line": "- " * 100_000 + "a",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_deep_nesting_is_refused_before_it_is_built(tmp_path: Path, text: str) -> None:
    write(tmp_path, "deep.yaml", text)
    with pytest.raises(SettingsError, match="nested too deeply"):
        load_corpus([tmp_path])


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "large.yaml", "#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(SettingsError, match="larger than 4 MiB"):
        load_corpus([tmp_path])


def test_a_pipe_is_no_file_of_facts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert load_corpus([tmp_path]).facts == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "secret.yaml", facts("a-1"))
    path.chmod(0)
    with pytest.raises(SettingsError, match=r"secret\.yaml: the facts cannot be read"):
        load_corpus([tmp_path])


def test_a_directory_with_a_link_to_itself_ends(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", facts("a-1"))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert len(load_corpus([tmp_path]).facts) == 1


def test_the_fingerprint_of_a_corpus_is_that_of_its_files(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", facts("a-1"))
    assert load_corpus([tmp_path]).fingerprint == corpus_fingerprint([tmp_path])


def test_the_fingerprint_does_not_depend_on_where_the_directory_stands(tmp_path: Path) -> None:
    write(tmp_path, "here/sub/a.yaml", facts("a-1"))
    write(tmp_path, "there/sub/a.yaml", facts("a-1"))
    assert corpus_fingerprint([tmp_path / "here"]) == corpus_fingerprint([tmp_path / "there"])


def test_any_change_of_a_file_changes_the_fingerprint(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", facts("a-1"))
    seen = [corpus_fingerprint([tmp_path])]
    path.write_text(facts("a-2"))
    seen.append(corpus_fingerprint([tmp_path]))
    write(tmp_path, "b.yaml", facts("b-1"))
    seen.append(corpus_fingerprint([tmp_path]))
    path.rename(tmp_path / "c.yaml")
    seen.append(corpus_fingerprint([tmp_path]))
    path = tmp_path / "b.yaml"
    path.unlink()
    seen.append(corpus_fingerprint([tmp_path]))
    assert len(set(seen)) == len(seen)


def test_the_shipped_corpus_has_the_fingerprint_of_its_files() -> None:
    assert load_corpus().fingerprint == corpus_fingerprint()
