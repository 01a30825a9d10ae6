"""The agent and its metrics: one listing, one reading, and what becomes of each component."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dca.agent import DcaAgent
from dca.metrics.evidence import evidence_of_similar, evidence_of_usage, figures_of
from dca.metrics.read import measure
from dca.metrics.rules import ChosenWorkload, MetricsRules, Surroundings
from dca.metrics.summary import summaries
from schemas.context import AppContext, DescriptionReading, RepositoryFacts, RouteName
from schemas.errors import InputFileError, MetricsError, StoreError, UsageError
from schemas.evidence import EvidenceGrade, EvidenceKind
from schemas.telemetry import NoHistory
from schemas.trigger import Trigger
from schemas.usage import SimilarUsage, Slice, WorkloadKey
from tests.dca.metrics.cluster import (
    FakeIndex,
    FakeSource,
    component,
    deployed,
    listing,
    serving,
)
from tests.pipa.usage.histories import MIB, Fake, workload

ROOT = Path(__file__).parents[3]
URL = "https://example.com/acme/shop"
API = deployed("api", namespace="shop")


class FakeCharts:
    available = False

    def render(self, files, values=None):
        raise AssertionError("no chart is rendered here")


def context(*parts, **trigger):
    return AppContext(
        trigger=Trigger(git_repo=URL, app_description="an app", **trigger),
        repository=RepositoryFacts(url=URL),
        reading=DescriptionReading(),
        components=parts,
    )


def agent(source=None, **fields):
    return DcaAgent(charts=FakeCharts(), metrics=source, **fields)


def read(*parts, source, min_days=3.0, **around):
    return measure(parts, source, Surroundings(**around), min_days, URL)


def test_enough_history_goes_the_metrics_way_with_usage_history_and_evidence():
    found = agent(serving(workload())).measure(context(API))
    (api,) = found.components
    assert api.route.name is RouteName.METRICS
    assert (str(api.route.workload), api.route.container) == ("shop/Deployment/api", "app")
    assert api.usage.days == pytest.approx(14, abs=0.1)
    assert found.histories["api"].key == api.route.workload
    assert api.documents == ("metrics:shop/Deployment/api/app",)
    evidence = found.evidence_by_id()[api.documents[0]]
    assert evidence.kind is EvidenceKind.METRICS
    assert evidence.grade is EvidenceGrade.MEASURED
    assert evidence.source == "http://prometheus.example:9090"
    assert evidence.figures["memory_max_mib"] == pytest.approx(api.usage.memory_bytes.maximum / MIB)


def test_too_little_history_goes_the_docs_way_and_is_handed_on_all_the_same():
    found = agent(serving(workload(Fake(days=2)))).measure(context(API))
    (api,) = found.components
    assert api.route.name is RouteName.DOCS
    assert "2.0 days of history of shop/Deployment/api" in api.route.reason
    assert "3 days are needed" in api.route.reason
    assert api.usage is not None
    assert "api" in found.histories
    assert "similarity" not in found.evidence_by_id()[api.documents[0]].figures


def test_the_source_is_asked_once_for_all_components():
    source = serving(workload(), workload(name="mail"))
    parts = (API, deployed("mail", namespace="shop"), component("unknown"))
    found = read(*parts, source=source)
    assert source.asked == [
        "workloads",
        (WorkloadKey.parse("shop/Deployment/api"), WorkloadKey.parse("shop/Deployment/mail")),
    ]
    assert [item.route.name.value for item in found.components] == ["metrics", "metrics", "docs"]


def test_nothing_is_read_when_no_workload_is_found():
    source = FakeSource(listings=(listing("other/Deployment/mailer"),))
    read(API, source=source)
    assert source.asked == ["workloads"]


@pytest.mark.parametrize("where", ["error", "read_error"])
def test_a_source_that_fails_is_one_note_and_all_go_the_docs_way(where):
    error = MetricsError("http://prometheus.example:9090 refused", hint="Check the token")
    source = replace(serving(workload()), **{where: error})
    found = agent(source).measure(context(API, component("web")))
    assert [item.route.name for item in found.components] == [RouteName.DOCS] * 2
    assert found.histories == {}
    (note,) = [note for note in found.notes if note.code == "unknown.metrics"]
    assert "refused" in note.message
    assert "Check the token" in note.message


def test_a_fault_of_a_source_is_a_note_too():
    found = agent(replace(serving(workload()), error=ZeroDivisionError("x"))).measure(context(API))
    assert found.components[0].route.reason == "the metrics could not be read: ZeroDivisionError"


def test_one_workload_that_cannot_be_read_does_not_sink_the_others():
    source = serving(workload(), workload(name="mail"))
    source.histories[WorkloadKey.parse("shop/Deployment/mail")] = NoHistory("too many samples")
    found = read(API, deployed("mail", namespace="shop"), source=source)
    api, mail = found.components
    assert api.route.name is RouteName.METRICS
    assert mail.route.name is RouteName.DOCS
    assert "too many samples" in mail.route.reason


def test_a_container_without_samples_goes_the_docs_way():
    source = serving(workload())
    source.histories[source.listings[0].key] = replace(workload(), containers={})
    found = read(API, source=source)
    assert "has no samples" in found.components[0].route.reason


def test_what_is_not_clear_is_a_note_with_the_candidates_and_the_flag():
    source = FakeSource(
        listings=(listing("red/Deployment/orders"), listing("blue/Deployment/orders"))
    )
    found = read(deployed("orders"), source=source)
    (note,) = found.notes
    assert (note.code, note.component) == ("unknown.workload", "orders")
    assert "blue/Deployment/orders, red/Deployment/orders" in note.message
    assert "--workload orders=blue/Deployment/orders" in note.message


def test_a_wrong_choice_of_the_user_is_an_error_not_a_note():
    rules = MetricsRules(chosen=(ChosenWorkload.parse("nope=a/Deployment/b"),))
    with pytest.raises(UsageError, match="no such component"):
        agent(serving(workload()), rules=rules).measure(context(API))


def test_a_choice_that_the_source_does_not_have_is_a_note():
    rules = MetricsRules(chosen=(ChosenWorkload.parse("a/Deployment/b"),))
    found = agent(serving(workload()), rules=rules).measure(context(API))
    assert [note.code for note in found.notes] == ["unknown.workload"]


def test_without_a_source_everything_is_as_it_was():
    before = context(API)
    assert agent().measure(before) == before


class TestPayload:
    GIVEN = {"cpu_p95_cores": 0.2}

    def test_the_triggers_own_metrics_are_read(self):
        source = serving(workload())
        found = agent(payload_metrics=lambda _: source).measure(
            context(API, historical_metrics=self.GIVEN)
        )
        assert found.components[0].route.name is RouteName.METRICS
        assert found.notes == ()

    def test_metrics_that_cannot_be_read_are_a_note_and_the_server_answers(self):
        def refuse(_):
            raise InputFileError("cpu_cores[3] is text")

        found = agent(serving(workload()), payload_metrics=refuse).measure(
            context(API, historical_metrics=self.GIVEN)
        )
        assert found.components[0].route.name is RouteName.METRICS
        assert "cpu_cores[3] is text" in found.notes[0].message

    def test_a_source_that_the_user_named_wins(self):
        found = agent(
            serving(workload()), payload_metrics=lambda _: FakeSource(), payload_first=False
        ).measure(context(API, historical_metrics=self.GIVEN))
        assert found.components[0].route.name is RouteName.METRICS
        assert "another source was named" in found.notes[0].message

    def test_percentiles_alone_are_stated_evidence_and_never_a_route(self):
        source = serving(workload())
        (key,) = source.histories
        usage = summaries(workload(), "app")[0]
        source.histories[key] = NoHistory("only percentiles are known", usage)
        found = agent(source).measure(context(API))
        (api,) = found.components
        assert api.route.name is RouteName.DOCS
        assert api.usage.cpu_cores == usage.cpu_cores
        evidence = found.evidence_by_id()[api.documents[0]]
        assert evidence.grade is EvidenceGrade.STATED
        assert evidence.figures["similarity"] == 1.0
        assert found.histories == {}


class TestIndex:
    def test_what_was_measured_is_remembered_with_its_stack(self):
        index = FakeIndex()
        item = API.model_copy(update={"language": "Go", "framework": "Gin"})
        agent(serving(workload()), telemetry=index).measure(context(item))
        assert {usage.slice for usage in index.kept} >= {Slice.ALL, Slice.LAST_DAY}
        assert {(usage.language, usage.repository) for usage in index.kept} == {("Go", URL)}

    def test_new_components_ask_for_others_and_running_ones_for_their_own_past(self):
        own = summaries(workload(), "app")
        similar = SimilarUsage(usage=own[0], score=0.8, why="same language and role")
        index = FakeIndex(found=(similar,), own=own)
        sizing = agent(serving(workload()), telemetry=index)
        found = sizing.retrieve(sizing.measure(context(API, component("web"))))
        assert index.asked == [("shop/Deployment/api", "app"), "web"]
        api, web = found.components
        assert api.documents[0] == "metrics:shop/Deployment/api/app"
        assert len(api.documents) == 4
        assert web.documents == ("metrics:shop/Deployment/api/app#like-web",)
        assert {*api.documents, *web.documents} <= set(found.evidence_by_id())

    def test_an_index_that_fails_is_a_note(self):
        index = FakeIndex(error=StoreError("the disk is full"))
        sizing = agent(serving(workload()), telemetry=index)
        found = sizing.retrieve(sizing.measure(context(API)))
        assert found.components[0].route.name is RouteName.METRICS
        assert [note.code for note in found.notes] == ["unknown.telemetry"] * 2
        assert all("the disk is full" in note.message for note in found.notes)


def test_the_figures_of_a_similar_service_are_those_that_the_model_reads():
    usage = summaries(workload(Fake(noise=0), load=lambda s: 40 + 0 * s), "app")[0]
    usage = usage.model_copy(update={"repository": URL, "oom_kills": 2})
    evidence = evidence_of_similar(SimilarUsage(usage=usage, score=0.8, why="x"), "web", URL)
    assert evidence.figures["cpu_p50_cores"] == pytest.approx(0.2)
    assert evidence.figures["cpu_p95_cores"] == pytest.approx(0.2)
    assert evidence.figures["cpu_max_cores"] == pytest.approx(0.2)
    assert evidence.figures["memory_p50_mib"] == pytest.approx(300, rel=0.01)
    assert evidence.figures["memory_max_mib"] == pytest.approx(300, rel=0.01)
    assert evidence.figures["replicas_count"] == 2
    assert evidence.figures["requests_per_second_p95"] == pytest.approx(40)
    assert evidence.figures["days"] == pytest.approx(14, abs=0.1)
    assert evidence.figures["oom_kills"] == 2
    assert (evidence.figures["similarity"], evidence.figures["same_repository"]) == (0.8, True)
    elsewhere = evidence_of_similar(SimilarUsage(usage=usage, score=0.8, why="x"), "web", "other")
    assert elsewhere.figures["same_repository"] is False


def test_long_and_strange_names_make_valid_evidence():
    usage = summaries(workload(), "app")[0]
    key = WorkloadKey(namespace="n" * 253, kind="Deployment", name="x\u202e" * 120)
    odd = usage.model_copy(update={"workload": key, "container": "c" * 250})
    evidence = evidence_of_usage(odd)
    assert len(evidence.id) <= 400
    assert "\u202e" not in evidence.statement
    assert figures_of(odd) == figures_of(usage)


def test_an_agent_without_metrics_does_not_import_numpy():
    code = (
        "import sys, dca.agent, ci.cli;"
        "print([n for n in ('numpy', 'dca.metrics.read', 'schemas.telemetry') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
