"""How the search, its documents and their influence are told."""

import pytest

from ci.handoff.explain import explain
from ci.handoff.helm_values import helm_files
from ci.handoff.knowledge import influence_text, knowledge_summary
from ci.handoff.render import render
from ci.handoff.write import handoff_texts
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import Influence
from schemas.retrieval import KnowledgeState, RetrievalRound

STATE = KnowledgeState(facts=612, fingerprint="abc", embedder="all-MiniLM-L6-v2 (onnx export)")
ROUNDS = (
    RetrievalRound(
        number=1,
        query="PostgreSQL (SQL database): minimum requirements",
        why="what is known of PostgreSQL",
        found=("fact:pg-memory", "fact:mysql-memory#role"),
        scores=(0.83, 0.4),
        missing=("cpu_limit_millicores",),
    ),
    RetrievalRound(number=2, query="PostgreSQL: CPU limit", why="CPU limit still missing"),
)
MOVED = Influence(
    number="memory_request",
    figure="postgresql.memory_request",
    evidence="fact:pg-memory",
    before=256,
    after=320,
    unit="MiB",
)


def document(id_, match="product", **changes):
    fields = {
        "id": id_,
        "kind": EvidenceKind.DOCUMENT,
        "grade": EvidenceGrade.VENDOR,
        "statement": "The manual says 256 MiB.",
        "source": "https://docs.example/pg",
        "figures": {"memory_request_mib": 256, "fact_match": match},
    }
    return Evidence(**{**fields, **changes})


@pytest.fixture
def searched(build):
    item = build.component(
        "db",
        retrieval=ROUNDS,
        influences=(MOVED,),
        evidence=(
            document("fact:mysql-memory#role", "role", grade=EvidenceGrade.HEURISTIC),
            document("fact:pg-memory"),
        ),
    )
    return build.recommendation(item, knowledge=STATE)


def test_explain_tells_what_was_asked_why_what_came_and_what_is_missing(searched):
    text = explain(searched, "db")
    assert "Knowledge (612 facts, all-MiniLM-L6-v2 (onnx export))" in text
    assert "1. asked: PostgreSQL (SQL database): minimum requirements" in text
    assert "why: what is known of PostgreSQL" in text
    assert "found: fact:pg-memory, fact:mysql-memory#role" in text
    assert "still missing: cpu_limit_millicores" in text
    assert "2. asked: PostgreSQL: CPU limit" in text
    assert "found: nothing" in text
    assert "nothing is missing: no further round" in text


def test_explain_tells_each_document_with_grade_relevance_and_source(searched):
    text = explain(searched, "db")
    assert (
        "- fact:pg-memory [vendor, about its product, relevance 0.83] https://docs.example/pg:"
        in text
    )
    assert "fact:mysql-memory#role [heuristic, about its role, relevance 0.40]" in text
    assert text.index("- fact:pg-memory [") < text.index("- fact:mysql-memory#role [")


def test_explain_tells_what_moved_which_figure_by_how_much(searched):
    assert "memory_request: postgresql.memory_request 256 → 320 MiB by fact:pg-memory, ×1.25" in (
        " ".join(explain(searched, "db").split())
    )


def test_a_figure_that_was_nothing_before_has_no_factor():
    assert "×" not in influence_text(MOVED.model_copy(update={"before": 0}))


def test_the_table_spends_a_few_words(searched):
    last = render(searched, "table", width=200).splitlines()[-1]
    assert "2 of 612 facts used, 1 moved numbers" in last


def test_the_readme_of_the_files_says_how_much_was_used(searched):
    texts = handoff_texts(searched, helm_files(searched, {}, None))
    assert "Knowledge base: 2 of 612 facts used, 1 moved numbers." in texts["README.md"]


def test_without_a_search_nothing_is_said(shop):
    assert knowledge_summary(shop) == ""
    assert "Knowledge" not in explain(shop)
    assert "facts used" not in render(shop, "table")


def test_two_words_on_one_fact_are_one_fact(build):
    parts = (
        build.component("a", evidence=(document("fact:x"),)),
        build.component("b", evidence=(document("fact:x#role", "role"),)),
    )
    assert knowledge_summary(build.recommendation(*parts, knowledge=STATE)).startswith("1 of 612")


def test_text_of_a_document_cannot_leave_its_place(build, hostile_text):
    item = build.component(
        "db",
        retrieval=(
            RetrievalRound(
                number=1, query=hostile_text, why=hostile_text, found=("fact:x",), scores=(1.0,)
            ),
        ),
        influences=(MOVED.model_copy(update={"figure": hostile_text, "unit": hostile_text}),),
        evidence=(
            document(
                "fact:x",
                statement=hostile_text,
                source="https://x.example/\x1b]0;owned\x07\u202e",
                figures={"fact_match": hostile_text},
            ),
        ),
    )
    whole = build.recommendation(
        item, knowledge=STATE.model_copy(update={"embedder": hostile_text})
    )
    for text in (explain(whole), render(whole, "table")):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nnext" not in text
    for path, text in handoff_texts(whole, helm_files(whole, {}, None)).items():
        assert "\x1b" not in text, path
        assert "\u202e" not in text, path
        if path.endswith(".md"):
            assert "{{ lookup" not in text
