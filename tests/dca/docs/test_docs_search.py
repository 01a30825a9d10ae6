"""The rounds: what is asked, when it ends, what is kept, and what happens when nothing answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.docs.needs import Match
from dca.docs.search import MOST_DOCUMENTS, MOST_THOROUGH, search
from schemas.context import Role
from schemas.errors import SettingsError
from schemas.evidence import EvidenceGrade, EvidenceKind
from schemas.knowledge import FactKind, FigureName, SourceGrade
from tests.dca.docs.corpus import FakeKnowledge, component, fact, product

ALL_SIZES = {
    "cpu_request_millicores": 250,
    "memory_request_mib": 256,
    "cpu_limit_millicores": 500,
    "memory_limit_mib": 512,
    "replicas_count": 1,
    "cpu_minimum_millicores": 100,
    "memory_minimum_mib": 128,
}
PG = ("postgresql", "postgres")


def one(part, *facts):
    source = FakeKnowledge(facts)
    found = search([part], source)
    return found.components[0], found, source


def test_a_component_whose_figures_are_all_known_is_asked_about_once():
    part, _, source = one(product(), fact("pg-all", ALL_SIZES, products=PG))
    assert len(source.calls) == 1
    (only,) = part.retrieval
    assert (only.number, only.missing, only.found) == (1, (), ("fact:pg-all",))
    assert part.documents == ("fact:pg-all",)


def test_the_second_round_asks_for_the_missing_figures_alone():
    half = {"cpu_request_millicores": 250, "memory_request_mib": 256}
    facts = [fact("pg-half", half, products=PG)]
    facts += [fact(f"pg-advice-{n}", {"other": n}, products=PG) for n in range(20)]
    rest = {name: value for name, value in ALL_SIZES.items() if name not in half}
    facts.append(fact("pg-rest", rest, products=PG))
    part, _, source = one(product(), *facts)
    first, second = part.retrieval
    assert "fact:pg-rest" not in first.found, "twenty others came before it"
    assert second.found == ("fact:pg-rest",)
    assert second.missing == ()
    assert "CPU limit" in second.why
    asked = {name for query in source.calls[1] for name in query.figures}
    assert asked == set(rest)
    assert all(query.products for query in source.calls[1]), "still about the product"


def test_the_third_round_widens_to_the_role_and_does_not_take_it_for_the_product_itself():
    facts = (
        fact("pg-size", {"memory_request_mib": 256}, products=PG),
        *(fact(f"pg-words-{n}", products=PG) for n in range(9)),
        fact("mysql-limit", {"memory_limit_mib": 1024}, products=("mysql",),
             roles=(Role.SQL_DATABASE,)),
    )  # fmt: skip
    part, found, source = one(product(), *facts)
    assert [item.number for item in part.retrieval] == [1, 2, 3]
    third = part.retrieval[2]
    assert third.found == ("fact:mysql-limit#role",)
    assert "memory_limit_mib" in third.missing, "a neighbour's limit is not its own"
    assert "SQL database" in third.why
    by_id = {item.id: item for item in found.evidence}
    assert by_id["fact:mysql-limit#role"].figures["fact_match"] == "role"
    assert part.documents[0] == "fact:pg-size"
    assert "fact:mysql-limit#role" in part.documents
    assert not any(query.products for query in source.calls[2])


def test_when_all_that_is_known_of_a_product_came_back_it_is_not_asked_again():
    part, _, source = one(product(), fact("pg", {"memory_request_mib": 256}, products=PG))
    assert [item.number for item in part.retrieval] == [1, 2]
    assert not any(query.products for query in source.calls[1])


def test_when_nothing_is_known_of_the_thing_itself_the_second_round_widens_at_once():
    neighbour = fact("mysql-size", ALL_SIZES, products=("mysql",), roles=(Role.SQL_DATABASE,))
    part, _, source = one(product(), neighbour)
    assert [item.number for item in part.retrieval] == [1, 2]
    assert part.retrieval[1].found == ("fact:mysql-size#role",)
    assert len(source.calls) == 2


def test_code_widens_from_its_framework_to_its_language_and_its_role():
    facts = (
        fact("go-idle", {"memory_idle_mib": 12}, languages=("go",), roles=(Role.GRPC_SERVICE,)),
        fact("api-habit", {"cpu_request_millicores": 100}, roles=(Role.BACKEND_API,)),
    )
    part, _, source = one(component(), *facts)
    ladder = source.calls[-1]
    assert {bool(query.frameworks) for query in ladder} == {False}
    assert any("go" in query.languages and not query.roles for query in source.calls[1])
    assert "fact:api-habit" in part.documents
    assert "fact:go-idle" not in part.documents, "it is about another role"


def test_all_components_are_asked_about_in_one_call_per_round_and_equal_questions_once():
    source = FakeKnowledge()
    parts = [component(f"api-{n}") for n in range(9)] + [product()]
    search(parts, source)
    assert len(source.calls) <= 3
    assert len(source.calls[0]) == 2
    assert all(len(set(call)) == len(call) for call in source.calls)


def test_no_component_means_no_question():
    source = FakeKnowledge()
    assert search([], source).components == ()
    assert source.calls == []


def test_of_a_very_large_app_the_later_components_get_one_round_and_the_record_says_so():
    source = FakeKnowledge()
    parts = [component(f"api-{n}", framework=f"f{n}") for n in range(MOST_THOROUGH + 5)]
    found = search(parts, source).components
    assert len(found[0].retrieval) == 3
    assert [len(item.retrieval) for item in found[MOST_THOROUGH:]] == [1] * 5
    assert "one round only" in found[-1].retrieval[0].why
    assert len(source.calls) == 3


def test_a_component_keeps_no_more_documents_than_a_person_reads():
    facts = [fact(f"pg-{n:02}", {"memory_request_mib": n + 1}, products=PG) for n in range(30)]
    facts += [fact(f"x-{n:02}", {name: 1}, products=PG)
              for n, name in enumerate(("cpu_limit_millicores", "memory_limit_mib",
                                        "cpu_request_millicores"))]  # fmt: skip
    part, found, _ = one(product(), *facts)
    assert len(part.retrieval) == 3
    assert len(part.documents) == MOST_DOCUMENTS
    assert {item.id for item in found.evidence} == set(part.documents)
    shown = {id_ for item in part.retrieval for id_ in item.found}
    assert shown == set(part.documents), "no round names what is not there"
    assert all(len(item.found) == len(item.scores) for item in part.retrieval)


def test_the_most_specific_fact_with_a_wanted_figure_comes_first():
    facts = (
        fact("role-size", {"cpu_request_millicores": 1}, roles=(Role.BACKEND_API,)),
        fact("gin-words", {"other": 1}, frameworks=("gin",)),
        fact("go-idle", {"memory_idle_mib": 1}, languages=("go",)),
        fact("gin-idle", {"memory_idle_mib": 1}, frameworks=("gin",)),
    )
    part, _, _ = one(component(), *facts)
    assert part.documents == (
        "fact:gin-idle",
        "fact:go-idle",
        "fact:role-size",
        "fact:gin-words",
    )


def test_nothing_useful_is_said_and_not_invented():
    part, found, _ = one(product())
    assert part.documents == ()
    assert found.evidence == ()
    (note,) = found.notes
    assert (note.code, note.component) == ("unknown.documents", "postgresql")
    assert "PostgreSQL" in note.message


def test_of_many_unknown_components_the_first_are_named_and_the_others_counted():
    parts = [component(f"c{n}", language=None, framework=None) for n in range(15)]
    notes = search(parts, FakeKnowledge()).notes
    assert [note.component for note in notes] == [*(f"c{n}" for n in range(10)), None]
    assert "5 more components" in notes[-1].message


def test_prices_are_never_asked_for():
    _, _, source = one(product(), fact("price", {"memory_request_mib": 1}, kind=FactKind.PRICE))
    assert all(FactKind.PRICE not in query.kinds for call in source.calls for query in call)
    assert all(query.kinds for call in source.calls for query in call)


def test_the_stated_load_is_part_of_the_question_and_the_description_is_not():
    part = component(name="ignore-all-rules", demand={"peak_rps": 2000, "data_bytes": 2**30})
    _, _, source = one(part)
    text = source.calls[0][0].text
    assert "2000 requests per second" in text
    assert "Gin" in text
    assert all("ignore" not in query.text for call in source.calls for query in call)


@pytest.mark.parametrize(
    ("grade", "kind", "expected"),
    [
        (SourceGrade.OFFICIAL_DOC, FactKind.VENDOR_GUIDANCE, EvidenceGrade.VENDOR),
        (SourceGrade.SOURCE_CODE, FactKind.CHART_DEFAULT, EvidenceGrade.VENDOR),
        (SourceGrade.PROJECT_DOC, FactKind.PLATFORM_RULE, EvidenceGrade.VENDOR),
        (SourceGrade.OFFICIAL_DOC, FactKind.BENCHMARK, EvidenceGrade.BENCHMARK),
        (SourceGrade.COMMUNITY_BLOG, FactKind.VENDOR_GUIDANCE, EvidenceGrade.HEURISTIC),
        (SourceGrade.ADDED, FactKind.DOCUMENT, EvidenceGrade.HEURISTIC),
        (SourceGrade.ADDED, FactKind.BENCHMARK, EvidenceGrade.HEURISTIC),
        (SourceGrade.OFFICIAL_DOC, FactKind.DOCUMENT, EvidenceGrade.HEURISTIC),
    ],
)
def test_the_grade_of_the_evidence_follows_whose_word_it_is(grade, kind, expected):
    _, found, _ = one(product(), fact("pg", ALL_SIZES, products=PG, grade=grade, kind=kind))
    assert found.evidence[0].grade is expected


def test_the_evidence_says_what_sort_of_fact_it_is_even_when_the_fact_says_else():
    lying = {**ALL_SIZES, "fact_match": "product", "fact_source": "official_doc"}
    item = fact("pg", lying, products=("mysql",), roles=(Role.SQL_DATABASE,),
                grade=SourceGrade.FORUM, profile="ha")  # fmt: skip
    _, found, _ = one(product(), item)
    (evidence,) = found.evidence
    assert evidence.kind is EvidenceKind.DOCUMENT
    assert evidence.source == "https://docs.example/pg"
    described = {k: v for k, v in evidence.figures.items() if k.startswith("fact_")}
    assert described == {
        "fact_kind": "vendor_guidance",
        "fact_profile": "ha",
        "fact_confidence": "high",
        "fact_source": "forum",
        "fact_match": "role",
    }
    assert {k: v for k, v in evidence.figures.items() if k in ALL_SIZES} == ALL_SIZES


def test_one_fact_is_two_pieces_of_evidence_for_its_own_product_and_for_a_neighbour():
    item = fact("pg", ALL_SIZES, products=PG, roles=(Role.SQL_DATABASE,))
    found = search([product(), product("mysql")], FakeKnowledge([item]))
    matches = {evidence.id: evidence.figures["fact_match"] for evidence in found.evidence}
    assert matches == {"fact:pg": "product", "fact:pg#role": "role"}


class FailingKnowledge(FakeKnowledge):
    """Answers some rounds, then breaks."""

    def __init__(self, facts, error, after=0):
        super().__init__(facts)
        self.error, self.after = error, after

    def search(self, queries):
        if len(self.calls) >= self.after:
            raise self.error
        return super().search(queries)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SettingsError("the index is damaged"), "the index is damaged"),
        (OSError(28, "No space left on device"), "OSError"),
        (RuntimeError("secret path"), "RuntimeError"),
    ],
    ids=["ours", "disk", "any"],
)
def test_a_source_that_fails_is_a_note_and_nothing_else(error, words):
    found = search([component(), product()], FailingKnowledge((), error))
    assert [item.documents for item in found.components] == [(), ()]
    (note,) = found.notes
    assert note.code == "unknown.knowledge"
    assert words in note.message
    assert "secret path" not in note.message
    assert found.state is None


def test_what_was_found_before_the_source_failed_stays():
    item = fact("pg", {"memory_request_mib": 256}, products=PG)
    found = search([product()], FailingKnowledge([item], OSError("gone"), after=1))
    assert found.components[0].documents == ("fact:pg",)
    assert len(found.components[0].retrieval) == 1
    assert [note.code for note in found.notes] == ["unknown.knowledge"]


def test_an_answer_with_a_part_missing_is_a_failure_and_not_a_mix_up():
    class Short(FakeKnowledge):
        def search(self, queries):
            return super().search(queries)[:-1]

    found = search([component(), product()], Short())
    assert [note.code for note in found.notes] == ["unknown.knowledge"]


def test_a_degraded_knowledge_base_says_what_is_lost():
    found = search([component()], FakeKnowledge(degraded="no vectors; run ai-provision build"))
    assert "no vectors" in next(n.message for n in found.notes if n.code == "unknown.knowledge")


ABOUT = st.sampled_from(
    [
        {"products": PG},
        {"products": ("mysql",), "roles": (Role.SQL_DATABASE,)},
        {"frameworks": ("gin",)},
        {"languages": ("go",)},
        {"languages": ("python",)},
        {"roles": (Role.BACKEND_API,)},
        {},
    ]
)
FIGURES = st.dictionaries(
    st.sampled_from([*(name.value for name in FigureName), "other"]), st.integers(1, 9), max_size=4
)


@given(st.lists(st.tuples(ABOUT, FIGURES), max_size=25))
def test_any_corpus_is_searched_within_bounds_and_always_alike(rows):
    facts = [fact(f"fact-{n:02}", figures, **about) for n, (about, figures) in enumerate(rows)]
    parts = [component(demand={"peak_rps": 9}), product(), product("mysql")]
    source = FakeKnowledge(facts)
    found = search(parts, source)
    assert found == search(parts, FakeKnowledge(facts))
    assert len(source.calls) <= 3
    ids = {item.id for item in found.evidence}
    for part in found.components:
        assert len(part.documents) <= MOST_DOCUMENTS
        assert set(part.documents) <= ids
        assert [item.number for item in part.retrieval] == list(range(1, len(part.retrieval) + 1))
        wanted = [set(item.missing) for item in part.retrieval]
        assert all(later <= earlier for earlier, later in zip(wanted, wanted[1:], strict=False))
    assert all(item.figures["fact_match"] in set(Match) for item in found.evidence)
