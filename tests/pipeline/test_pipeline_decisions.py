"""What of a run is remembered, and that a memory that fails is only a warning."""

from adapters.settings import Settings
from pipeline.decisions import decisions_of, remember
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.quantities import MIB
from tests.ci.handoff.conftest import make_component, make_recommendation

PRIVATE = "our password is hunter2, 2000 QPS"
STATED = Evidence(
    id="description:0-9",
    kind=EvidenceKind.DESCRIPTION,
    grade=EvidenceGrade.STATED,
    statement=PRIVATE,
    source="app_description",
    figures={"peak_rps": 2000, "persistence": True, "consistency": "strong"},
)


def recommendation():
    return make_recommendation(make_component("api", evidence=(STATED,)), make_component("web"))


def test_every_component_becomes_a_decision_with_its_numbers_and_reasons():
    api, web = decisions_of(recommendation())
    assert (api.run, api.component, web.component) == ("run-1", "api", "web")
    assert api.repository == "https://git.example.com/acme/shop"
    assert api.size.replicas == 3
    assert api.size.memory_request == 512 * MIB
    assert (api.language, api.framework, api.product) == ("Go", "gin", None)
    assert "64Mi" in api.why
    assert api.evidence_id == "decision:run-1/api"


def test_the_summary_is_role_stack_and_stated_figures_and_no_word_of_the_description():
    api, _ = decisions_of(recommendation())
    assert api.summary == "backend api, Go, gin, peak_rps 2000"
    assert "hunter2" not in api.model_dump_json()
    assert "Supermarket" not in api.model_dump_json()


def test_a_product_is_called_by_its_key():
    (db,) = decisions_of(make_recommendation(make_component("db", third_party="postgresql")))
    assert db.summary.startswith("backend api, postgresql")
    assert db.product == "postgresql"


def test_long_reasons_are_cut_and_kept():
    long = tuple(
        {"number": n, "about": "cpu", "text": "why " * 500, "evidence": ()} for n in range(1, 9)
    )
    (one,) = decisions_of(make_recommendation(make_component(reasoning=long)))
    assert len(one.why) == 4000


def test_a_run_is_remembered_where_the_settings_say(tmp_path):
    settings = Settings(data_dir=str(tmp_path / "data"))
    assert remember(recommendation(), settings) is None
    assert [path.name for path in (tmp_path / "data").iterdir()]


def test_a_run_that_cannot_be_remembered_is_a_warning(tmp_path):
    (tmp_path / "data").write_text("a file where the directory should be")
    warning = remember(recommendation(), Settings(data_dir=str(tmp_path / "data")))
    assert warning is not None
    assert warning.startswith("this run is not remembered: ")


def test_nothing_sized_is_nothing_to_remember(tmp_path):
    assert remember(make_recommendation(), Settings(data_dir=str(tmp_path / "data"))) is None
    assert not (tmp_path / "data").exists()
