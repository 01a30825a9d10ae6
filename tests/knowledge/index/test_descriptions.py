"""Components are also known by what people call them who do not know their names."""

from collections import Counter

import pytest

from knowledge.corpus import load_corpus
from knowledge.index.descriptions import UNKNOWN, described, elsewhere, entries, entry_of

COMPONENTS = sorted({fact.component for fact in load_corpus().facts})


@pytest.mark.parametrize(
    ("component", "entry"),
    [
        ("redis", "redis"),
        ("airflow-flower", "airflow"),
        ("loki-index-gateway", "loki"),
        ("istio-proxy", "istio-proxy"),
        ("no-such-thing", ""),
        ("", ""),
    ],
)
def test_a_component_is_described_by_itself_or_by_its_family(component, entry):
    assert entry_of(component) == entry


def test_every_component_of_the_corpus_is_described():
    assert [component for component in COMPONENTS if not entry_of(component)] == []


def test_every_entry_is_about_a_component_of_the_corpus():
    assert sorted(set(entries()) - {entry_of(component) for component in COMPONENTS}) == []


def test_an_entry_has_three_to_eight_short_descriptions():
    assert {name: len(said) for name, said in entries().items() if not 3 <= len(said) <= 8} == {}
    texts = [text for said in (*entries().values(), elsewhere()) for text in said]
    assert [text for text in texts if not 8 <= len(text) <= 120 or text != text.strip()] == []


def test_no_two_entries_are_described_in_the_same_words():
    texts = Counter(text for said in entries().values() for text in set(said))
    assert [text for text, times in texts.items() if times > 1] == []


@pytest.mark.parametrize("name", ["redis", "postgresql", "kafka", "memcached", "wordpress"])
def test_a_description_does_not_lean_on_the_name(name):
    assert [text for text in entries()[name] if name in text.lower()] == []


def test_facts_point_to_the_descriptions_of_their_component():
    about = described(["redis", "no-such-thing", "airflow-flower", "airflow"])
    assert about.of_facts == (1, UNKNOWN, 0, 0)
    assert about.texts[about.starts[1] : about.answered] == entries()["redis"]
    assert about.texts[: about.starts[1]] == entries()["airflow"]
    assert about.texts[about.answered :] == elsewhere()


def test_without_a_described_component_there_is_nothing_to_compare():
    about = described(["no-such-thing"])
    assert (about.texts, about.starts, about.answered) == ((), (), 0)
