"""The tables of words are sound, and each of their entries can be read."""

from pathlib import Path

import pytest
import yaml

from dca.description import read_description
from dca.description.vocabulary import vocabulary
from dca.description.words import matches, rules
from schemas.context import Criticality, Traffic


def test_every_rule_says_something_that_the_contracts_know():
    for rule in rules():
        values = {rule.value, rule.denied} - {None}
        if rule.key == "criticality":
            assert values <= set(Criticality)
        elif rule.key == "traffic":
            assert values <= set(Traffic)
        elif rule.key in {"sample", "persistence", "zero_downtime"}:
            assert values <= {True, False}
        assert rule.cues


@pytest.mark.parametrize("name", sorted(vocabulary().technologies))
def test_every_technology_is_recognised_in_company(name):
    technology = vocabulary().technologies[name]
    written = name.capitalize() if technology.plain_word else name
    reading = read_description(f"A small service, made in {written}")
    titles = [item.value for item in reading.statements if item.key in {"language", "framework"}]
    assert titles == [technology.title]


@pytest.mark.parametrize(
    "name", sorted(n for n, t in vocabulary().technologies.items() if t.plain_word)
)
def test_a_plain_word_is_no_technology(name):
    reading = read_description(f"They {name} home and then {name} again.")
    assert not reading.named
    assert not [item for item in reading.statements if item.key in {"language", "framework"}]


@pytest.mark.parametrize("name", sorted(vocabulary().nouns))
def test_every_role_noun_names_a_component(name):
    (component,) = read_description(f"Written for us: a Python {name}").named
    noun = vocabulary().nouns[name]
    assert component.language == "Python"
    assert component.role is noun.role


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tier-1 service", "critical"),
        ("fault tolerant", "high"),
        ("always-on", "high"),
        ("side project", "low"),
        ("low-priority", "low"),
        ("used in production", "normal"),
        ("no critical bugs", None),
        ("reports critical findings", None),
        ("non-critical", "low"),
        ("mock payment service", None),
        ("calls the payment service", None),
    ],
)
def test_criticality_is_heard_in_many_words(text, value):
    assert read_description(text).demand.criticality == value


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("hello world", True),
        ("tutorial app", True),
        ("for demo purposes", True),
        ("just a toy", True),
        ("example application", None),
        ("a sample of the traffic", None),
        ("sampling rate 10 %", None),
        ("not a prototype", False),
    ],
)
def test_a_sample_is_known_by_its_words(text, sample):
    assert read_description(text).demand.sample is sample


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("runs every 15 minutes", "scheduled"),
        ("weekly report", "scheduled"),
        ("polls every 15 minutes", None),
        ("also runs nightly jobs", None),
        ("traffic surges", "spiky"),
        ("flat load", "steady"),
        ("stable API", None),
    ],
)
def test_the_shape_of_traffic_is_known_by_its_words(text, shape):
    assert read_description(text).demand.traffic == shape


@pytest.mark.parametrize("name", ["descriptions", "descriptions_styles", "descriptions_last"])
def test_the_surroundings_of_cues_hold_all_that_the_whole_text_holds(name):
    path = Path(__file__).parent.parent / "cases" / f"{name}.yaml"
    text = ". ".join(case["text"] for case in yaml.safe_load(path.read_text("utf-8"))).lower()
    for rule in rules():
        whole = [match.span() for match in rule.pattern.finditer(text)]
        assert [match.span() for match in matches(rule, text)] == whole, rule.key
