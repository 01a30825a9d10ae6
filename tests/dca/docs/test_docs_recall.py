"""Past decisions as evidence."""

import pytest

from dca.docs.recall import decision_evidence, recall
from schemas.errors import StoreError
from schemas.evidence import EvidenceGrade, EvidenceKind
from schemas.knowledge import DecidedSize, Outcome
from tests.dca.docs.corpus import component
from tests.dca.docs.past import REPOSITORY, FakeMemory, decision


def test_the_figures_of_a_decision_are_the_ones_that_were_given():
    evidence = decision_evidence(decision(), component(), REPOSITORY)
    assert evidence.id == "decision:4f0c/api"
    assert evidence.kind is EvidenceKind.DECISION
    assert evidence.figures == {
        "cpu_request_millicores": 250,
        "memory_request_mib": 256,
        "memory_limit_mib": 512,
        "replicas_count": 3,
        "outcome": "unknown",
        "same_component": True,
    }
    assert "is not known" in evidence.statement
    assert evidence.source == "run 4f0c of 2026-03-04"


def test_what_was_measured_on_the_component_itself_is_a_measurement():
    seen = decision(
        outcome=Outcome.OOM_KILLED,
        measured=DecidedSize(cpu_request="180m", memory_request="500Mi"),
    )
    evidence = decision_evidence(seen, component(), REPOSITORY)
    assert evidence.grade is EvidenceGrade.MEASURED
    assert evidence.figures["outcome"] == "oom_killed"
    assert evidence.figures["measured_memory_request_mib"] == 500
    assert evidence.figures["measured_cpu_request_millicores"] == 180
    assert "killed" in evidence.statement


@pytest.mark.parametrize(
    ("name", "repository"),
    [("other", REPOSITORY), ("api", "https://example.com/elsewhere")],
    ids=["another component", "another repository"],
)
def test_anothers_measurement_is_a_rule_of_thumb_under_another_id(name, repository):
    seen = decision(measured=DecidedSize(memory_request="500Mi"))
    evidence = decision_evidence(seen, component(name), repository)
    assert evidence.grade is EvidenceGrade.HEURISTIC
    assert evidence.figures["same_component"] is False
    assert evidence.id == "decision:4f0c/api#similar"


def test_every_outcome_has_words():
    for outcome in Outcome:
        assert decision_evidence(decision(outcome=outcome), component(), REPOSITORY).statement


def test_a_long_summary_does_not_break_the_evidence():
    evidence = decision_evidence(decision(summary="x" * 2000), component(), REPOSITORY)
    assert len(evidence.statement) == 1000


def test_decisions_come_behind_the_documents_of_each_component():
    memory = FakeMemory([decision()])
    parts = [component(documents=("fact:a",)), component("web")]
    found = recall(parts, memory, REPOSITORY)
    assert [item.documents for item in found.components] == [
        ("fact:a", "decision:4f0c/api"),
        ("decision:4f0c/api#similar",),
    ]
    assert memory.asked == [("api", REPOSITORY), ("web", REPOSITORY)]
    assert len(found.evidence) == 2


@pytest.mark.parametrize("error", [StoreError("the store is locked"), OSError("gone")])
def test_a_memory_that_fails_is_one_note(error):
    memory = FakeMemory([], error)
    parts = [component(), component("web")]
    found = recall(parts, memory, REPOSITORY)
    assert found.components == tuple(parts)
    (note,) = found.notes
    assert note.code == "unknown.decisions"
    assert len(memory.asked) == 1, "it is not asked again"
