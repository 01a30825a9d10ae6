"""What the agents are given: the real knowledge base over files, without the owners left out."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from adapters.settings import Settings
from pipeline.wiring import agents, build_pipeline
from schemas.context import Role
from schemas.knowledge import KnowledgeQuery

ROOT = Path(__file__).parents[2]


def added(id_, url):
    return {
        "id": id_,
        "kind": "chart_default",
        "statement": "The chart of the frobnicator asks for this memory.",
        "figures": {"memory_request_mib": 96},
        "applies_to": {"products": ["frobnicator"], "roles": ["other"]},
        "source": {"url": url, "title": "values.yaml", "grade": "added", "read": True},
        "confidence": "medium",
    }


@pytest.fixture
def settings(tmp_path):
    shelf = tmp_path / "data" / "knowledge"
    shelf.mkdir(parents=True)
    facts = [
        added("frobnicator-acme", "https://github.com/Acme/charts/blob/main/values.yaml"),
        added("frobnicator-other", "https://github.com/other/charts/blob/main/values.yaml"),
    ]
    whole = {"component": "frobnicator", "topic": "added", "facts": facts}
    (shelf / "frobnicator.yaml").write_text(yaml.safe_dump(whole))
    return Settings(data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))


QUERY = KnowledgeQuery(text="frobnicator memory", products=("frobnicator",), roles=(Role.OTHER,))


def ids(dca):
    (answer,) = dca.knowledge.search([QUERY])
    return {item.fact.id for item in answer.found}


def test_documents_that_the_operator_added_are_found(settings):
    assert ids(agents(settings)[0]) == {"frobnicator-acme", "frobnicator-other"}


def test_facts_of_an_owner_that_is_left_out_are_not_found(settings):
    assert ids(agents(settings, frozenset({"acme"}))[0]) == {"frobnicator-other"}


def test_switched_off_there_is_neither_knowledge_nor_memory(settings):
    off = settings.model_copy(update={"knowledge": "off"})
    pipeline = build_pipeline(off)
    assert pipeline.agents[0].knowledge is None
    assert pipeline.agents[0].memory is None
    assert pipeline.settings["knowledge"] == "off"
    pipeline.warm()


def test_agents_for_an_evaluation_have_no_memory_of_earlier_runs(settings):
    assert agents(settings)[0].memory is None
    assert build_pipeline(settings).agents[0].memory is not None


SIZE = (
    "import io, sys; from ci.cli import main; out, sys.stdout = sys.stdout, io.StringIO();"
    "main(['size', '--git-repo', 'examples/shop', '--app-description', 'x', '--knowledge', {!r}]);"
    "sys.stdout = out; names = ('knowledge.retriever', 'knowledge.corpus', 'onnxruntime', 'torch',"
    "'transformers', 'llama_index', 'chromadb', 'tokenizers');"
    "print([name for name in names if name in sys.modules])"
)


@pytest.mark.parametrize(
    ("knowledge", "expected"),
    [("off", set()), ("on", {"knowledge.retriever", "knowledge.corpus"})],
)
def test_a_sizing_loads_no_more_than_it_was_asked_for(knowledge, expected):
    done = subprocess.run(
        [sys.executable, "-c", SIZE.format(knowledge)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert set(yaml.safe_load(done.stdout.splitlines()[-1])) == expected
