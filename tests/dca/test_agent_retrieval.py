"""Which components the agent retrieves for, and what it hands on."""

from dataclasses import dataclass, field

from dca.agent import DcaAgent
from schemas.context import AppContext, DescriptionReading, RepositoryFacts, Route, RouteName
from schemas.knowledge import Decision
from schemas.trigger import Trigger
from tests.dca.docs.corpus import FakeKnowledge, component, fact, product
from tests.dca.docs.past import REPOSITORY, FakeMemory, decision

DOCS = Route(name=RouteName.DOCS, reason="no history", confidence=1)
METRICS = Route(name=RouteName.METRICS, reason="enough history", confidence=1)
PG = fact("pg-size", {"memory_request_mib": 256}, products=("postgresql",))


@dataclass
class FakeCharts:
    available: bool = False
    calls: list[str] = field(default_factory=list)

    def render(self, files, values=None):
        raise AssertionError("no chart is rendered here")


def context(*parts):
    return AppContext(
        trigger=Trigger(git_repo=REPOSITORY, app_description="an app"),
        repository=RepositoryFacts(url=REPOSITORY),
        reading=DescriptionReading(),
        components=parts,
    )


def test_the_corpus_is_asked_for_components_of_the_docs_route_and_the_memory_for_all():
    memory = FakeMemory([decision()])
    source = FakeKnowledge([PG])
    agent = DcaAgent(charts=FakeCharts(), knowledge=source, memory=memory)
    running = product("redis", name="cache").model_copy(update={"route": METRICS})
    found = agent.retrieve(context(product(name="db").model_copy(update={"route": DOCS}), running))
    db, cache = found.components
    assert db.documents == ("fact:pg-size", "decision:4f0c/api#similar")
    assert db.retrieval
    assert cache.documents == ("decision:4f0c/api#similar",)
    assert cache.retrieval == ()
    assert [name for name, _ in memory.asked] == ["db", "cache"]
    assert set(db.documents) <= set(found.evidence_by_id())
    assert found.knowledge == source.state


def test_without_knowledge_and_memory_the_context_stays_as_it_is():
    before = context(component())
    assert DcaAgent(charts=FakeCharts()).retrieve(before) == before


def test_a_past_decision_is_evidence_of_the_repository_that_is_read():
    assert isinstance(decision(), Decision)
    agent = DcaAgent(charts=FakeCharts(), memory=FakeMemory([decision()]))
    (api,) = agent.retrieve(context(component())).components
    assert api.documents == ("decision:4f0c/api",)
