"""The real engine behind the fake server. What needs no engine stands in the other files."""

import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import ollama
import pytest
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.ollama import Ollama
from pydantic import BaseModel, ConfigDict, Field

from tests.engine.brains import Asked, End, Failure, Piece
from tests.engine.fake_ollama import FakeOllama
from tests.engine.llama_brain import LlamaBrain, engine

TURNS = ({"role": "user", "content": "How large should the shop's API be?"},)


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=60)
    evidence: list[str] = Field(max_length=3)


class Limits(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cpu_millicores: int | None = Field(ge=10, le=64_000)
    memory_mib: int = Field(gt=15, lt=1_000_000)


class Nested(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reasoning: list[Step] = Field(min_length=1, max_length=3)
    kind: str = Field(pattern="^(Deployment|StatefulSet)$")
    replicas: int = Field(ge=1, le=12)
    offset: int = Field(ge=-5, le=5)
    limits: Limits
    share: float
    by_name: dict[str, bool] = Field(default={})


SCHEMA = Nested.model_json_schema()


@pytest.fixture(scope="module")
def brain():
    with LlamaBrain() as made:
        yield made


def said(events):
    return "".join(event.content for event in events if isinstance(event, Piece))


def answered(brain, **given):
    return list(brain.answer(Asked(TURNS, **given)))


@engine
def test_fifty_answers_are_nonsense_of_the_asked_form(brain):
    with FakeOllama(brain) as fake, ollama.Client(fake.url, trust_env=False) as client:
        answers = [
            client.chat(
                "tiny",
                TURNS,
                format=SCHEMA,
                options={"temperature": 0.0, "seed": 1, "num_predict": 4000, "num_ctx": 8192},
            )
            for _ in range(50)
        ]
    for answer in answers:
        assert answer.done_reason == "stop"
        jsonschema.validate(json.loads(answer.message.content), SCHEMA)
    values = [json.loads(answer.message.content) for answer in answers]
    assert len({answer.message.content for answer in answers}) == 50
    assert len({value["replicas"] for value in values}) >= 4
    assert {value["kind"] for value in values} == {"Deployment", "StatefulSet"}
    assert min(value["offset"] for value in values) < 0 < max(value["offset"] for value in values)


@engine
def test_llama_index_gets_its_structure_from_the_engine(brain):
    with FakeOllama(brain) as fake, ollama.Client(fake.url, trust_env=False) as client:
        llm = Ollama(model="tiny", base_url=fake.url, client=client, context_window=4096)
        plans = [llm.structured_predict(Limits, PromptTemplate("Size it")) for _ in range(5)]
    assert all(15 < plan.memory_mib < 1_000_000 for plan in plans)


@engine
def test_the_engine_counts_the_tokens_and_cuts_the_answer(brain):
    events = answered(brain, format=SCHEMA, options={"num_predict": 7})
    assert sum(event.tokens for event in events if isinstance(event, Piece)) == 7
    assert events[-1].reason == "length"
    assert events[-1].prompt_tokens == 14
    with pytest.raises(ValueError, match="Expecting|Unterminated|delimiter"):
        json.loads(said(events))


@engine
def test_a_prompt_beyond_the_window_fills_it_and_leaves_no_room(brain):
    asked = Asked(({"role": "user", "content": "word " * 600},), SCHEMA, {"num_ctx": 128})
    assert list(brain.answer(asked)) == [End("length", 128)]


@engine
def test_the_same_questions_in_the_same_order_get_the_same_answers():
    def two_answers():
        with LlamaBrain() as brain:
            return [said(answered(brain, format=SCHEMA)) for _ in range(2)]

    first, second = two_answers()
    assert first != second
    assert two_answers() == [first, second]


@engine
def test_at_the_asked_temperature_of_zero_the_same_prompt_gets_the_same_answer():
    with LlamaBrain(temperature=None) as brain:
        options = {"temperature": 0.0, "num_predict": 60}
        assert said(answered(brain, options=options)) == said(answered(brain, options=options))


@engine
def test_json_without_a_schema_is_an_object(brain):
    for _ in range(10):
        events = answered(brain, format="json", options={"num_predict": 3000})
        if events[-1].reason == "stop":
            assert isinstance(json.loads(said(events)), dict)
            return
    pytest.fail("ten objects that do not end")


@engine
def test_free_text_is_text(brain):
    events = answered(brain, options={"num_predict": 80})
    assert len(said(events)) > 80
    said(events).encode()


@engine
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/None"}}},
        {"type": "oracle"},
        {"type": "string", "pattern": "unanchored"},
    ],
    ids=["empty_range", "dangling", "type", "unanchored"],
)
def test_a_schema_that_no_grammar_can_be_made_of_fails_the_request(brain, schema):
    (failure,) = answered(brain, format=schema)
    assert isinstance(failure, Failure)
    assert failure.status == 500


@engine
def test_questions_at_once_wait_for_each_other(brain):
    with FakeOllama(brain) as fake, ollama.Client(fake.url, trust_env=False) as client:

        def ask(number):
            return client.chat("tiny", TURNS, format=Limits.model_json_schema()).message.content

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(8)))
    for answer in answers:
        Limits.model_validate_json(answer)


@engine
def test_an_answer_that_nobody_reads_lets_the_next_one_in(brain):
    with FakeOllama(brain) as fake, ollama.Client(fake.url, trust_env=False) as client:
        parts = client.chat("tiny", TURNS, stream=True)
        next(parts)
        parts.close()
        assert fake.chats[0].ending() in ("client gone", "whole")
        assert client.chat("tiny", TURNS, options={"num_predict": 3}).eval_count == 3
