"""Components are found by what they are."""

import pytest
import yaml

from knowledge.corpus import load_corpus
from knowledge.index import glossary
from knowledge.index.document import text_of, words_of
from knowledge.index.glossary import gloss
from tests.knowledge.index.sample import fact


@pytest.mark.parametrize(
    ("component", "like"),
    [("airflow-triggerer", "airflow"), ("redis-replica-x-y", "redis"), ("istio-cni", "istio")],
)
def test_an_entry_covers_its_family(component, like):
    assert gloss(component) == gloss(like) != ""


def test_a_member_may_have_an_entry_of_its_own():
    assert gloss("istio-proxy") != gloss("istio")


def test_a_part_of_a_product_is_described_by_both():
    assert gloss("gitlab-redis") == f"{gloss('gitlab')}, {gloss('redis')}"
    assert gloss("no-such-thing-redis") == gloss("redis")


@pytest.mark.parametrize("component", ["", "no-such-thing", "-", "redisx"])
def test_what_is_not_known_has_no_gloss(component):
    assert gloss(component) == ""


def test_the_gloss_is_embedded_and_searched_by_words():
    item = fact("mattermost-x", "Needs some memory at rest.", component="mattermost")
    assert "team chat" in text_of(item)
    assert "team chat" in words_of(item).topic


def test_entries_are_short_and_in_order():
    entries = yaml.safe_load(glossary._FILE.read_text())
    assert list(entries) == sorted(entries)
    assert all(0 < len(text) <= 80 and text.strip() == text for text in entries.values())


def test_nearly_every_component_of_the_corpus_is_known():
    components = {item.component for item in load_corpus().facts}
    unknown = {name for name in components if not gloss(name)}
    assert len(unknown) <= len(components) * 0.05, sorted(unknown)
