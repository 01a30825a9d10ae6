"""What retrieved facts say of a figure, and how much it weighs."""

from __future__ import annotations

import pytest

from pipa.observations import observations, read_facts, source_of
from pipa.tier import Tier
from schemas.evidence import EvidenceKind
from schemas.knowledge import FactKind, FigureName, SourceGrade
from tests.pipa.facts import added, decision, documented, fact

MEMORY = FigureName.MEMORY_REQUEST


@pytest.fixture
def observed(component, context, constants):
    """What some evidence says of a figure."""

    def run(*evidence, figure=MEMORY, tier=Tier.GENERAL):
        subject = documented(component(), *evidence)
        facts = read_facts(subject, context(subject, evidence=evidence), constants)
        return observations(facts, figure, tier, constants)

    return run


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://github.com/Bitnami/charts/blob/main/x.yaml", "bitnami/charts"),
        ("https://raw.githubusercontent.com/a/b/main/x", "a/b"),
        ("https://gitlab.com/group/project/-/blob/x", "group/project"),
        ("https://www.example.com/docs/a#part", "example.com"),
        ("https://github.com/", "github.com"),
        ("file:///x", "file:///x"),
    ],
)
def test_who_says_so_is_the_repository_or_the_site(url, source):
    assert source_of(url) == source


def test_only_documents_of_the_component_that_have_figures_count(component, context, constants):
    good, bare, other = (
        fact("good", memory_request_mib=256),
        fact("bare"),
        fact("other", memory_request_mib=512),
    )
    past = decision("r", memory_request_mib=64)
    subject = documented(component(), bare, good, past)
    where = context(subject, evidence=(good, bare, other, past))
    assert [item.id for item in read_facts(subject, where, constants)] == ["fact:good"]


def test_an_id_without_evidence_is_passed_over(component, context, constants):
    subject = documented(component(), fact("gone", memory_request_mib=1))
    assert read_facts(subject, context(subject), constants) == ()


@pytest.mark.parametrize("value", [0, -5, True, "512", 1e12])
def test_what_is_no_positive_amount_says_nothing(observed, value):
    assert observed(fact("odd", memory_request_mib=value)) == ()


@pytest.mark.parametrize("kind", ["price", "platform_rule", "rumour", ""])
def test_other_sorts_of_statements_have_no_vote(observed, kind):
    assert observed(fact("x", kind=kind, memory_request_mib=256)) == ()


@pytest.mark.parametrize("grade", list(SourceGrade))
def test_every_grade_of_source_has_a_weight(constants, grade):
    assert 0 < constants[f"influence.source.{grade.value}"].value <= 1


@pytest.mark.parametrize("kind", sorted(set(FactKind) - {FactKind.PRICE, FactKind.PLATFORM_RULE}))
def test_every_kind_that_states_sizes_has_a_weight(constants, kind):
    assert 0 < constants[f"influence.kind.{kind.value}"].value <= 1


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"source": "official_doc"}, {"source": "forum"}),
        ({"confidence": "high"}, {"confidence": "low"}),
        ({"match": "product"}, {"match": "language"}),
        ({"profile": "default"}, {"profile": "preset-small"}),
        ({"profile": "default"}, {"profile": "commented example"}),
        ({"kind": "chart_default"}, {"kind": "benchmark"}),
    ],
    ids=["source", "confidence", "match", "preset", "example", "kind"],
)
def test_what_is_nearer_or_surer_weighs_more(observed, better, worse):
    (first,) = observed(fact("a", memory_request_mib=256, **better))
    (second,) = observed(fact("b", memory_request_mib=256, **worse))
    assert first.weight > second.weight > 0


def test_facts_of_one_repository_share_one_vote(observed):
    rows = [fact(name, "one/charts", memory_request_mib=256) for name in "abc"]
    lone = fact("d", memory_request_mib=256)
    *three, other = observed(*rows, lone)
    assert sum(item.weight for item in three) == pytest.approx(other.weight)


def test_what_is_known_of_the_thing_itself_silences_its_neighbours(observed):
    own = fact("own", memory_request_mib=256)
    neighbours = [
        fact("n", match="role", memory_request_mib=4096),
        fact("g", match="general", memory_request_mib=4096),
    ]
    assert [item.evidence for item in observed(own, *neighbours)] == ["fact:own"]
    assert len(observed(*neighbours)) == 2


def test_the_size_for_a_stated_load_is_no_usual_size(observed):
    assert observed(fact("rung", memory_request_mib=8192, at_concurrent_users=2000)) == ()


def test_the_use_that_is_stated_decides_whose_sizes_count(observed):
    demo, usual, ha = (
        fact("demo", profile="demo", memory_request_mib=64),
        fact("usual", memory_request_mib=256),
        fact("ha", profile="ha", memory_request_mib=1024),
    )
    heard = {tier: {o.evidence[5:] for o in observed(demo, usual, ha, tier=tier)} for tier in Tier}
    assert heard[Tier.SAMPLE] == {"demo", "usual"}
    assert heard[Tier.GENERAL] == {"usual"}
    assert heard[Tier.PRODUCTION] == {"usual", "ha"}


def test_hardware_for_production_is_no_usual_size(observed):
    advice = fact("advice", kind="vendor_guidance", memory_request_mib=32768)
    assert observed(advice, tier=Tier.GENERAL) == ()
    assert len(observed(advice, tier=Tier.PRODUCTION)) == 1


def test_the_one_pod_of_a_default_says_nothing_of_production(observed):
    default = fact("default", replicas_count=1)
    ha = fact("ha", profile="ha", replicas_count=3)
    figure = FigureName.REPLICAS
    (seen,) = observed(default, ha, figure=figure, tier=Tier.PRODUCTION)
    assert seen.evidence == "fact:ha"
    (seen,) = observed(default, ha, figure=figure)
    assert seen.evidence == "fact:default"


def test_added_documents_have_little_weight_however_many(observed, constants):
    many = [
        added(f"d{number}", repository=f"o{number}/r", memory_request_mib=9999)
        for number in range(50)
    ]
    seen = observed(*many, fact("chart", memory_request_mib=256))
    most = constants["influence.added_most"].value
    assert sum(item.weight for item in seen if item.value == 9999) == pytest.approx(most)
    assert not any(item.trusted for item in seen if item.value == 9999)


def test_only_a_vendors_word_about_the_thing_itself_is_trusted(observed):
    trusted = observed(
        fact("chart", memory_request_mib=1),
        fact("preset", profile="preset-nano", memory_request_mib=1),
        added("mine", memory_request_mib=1),
    )
    assert {item.evidence: item.trusted for item in trusted} == {
        "fact:chart": True,
        "fact:preset": False,
        "fact:mine": False,
    }
    assert not observed(fact("r", match="role", memory_request_mib=1))[0].trusted


def test_a_decision_is_no_fact(observed):
    past = decision("r", outcome="good", memory_request_mib=4096)
    assert past.kind is EvidenceKind.DECISION
    assert observed(past) == ()
