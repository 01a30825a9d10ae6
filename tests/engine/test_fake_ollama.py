"""The fake against the official client, LlamaIndex, and bare HTTP."""

import asyncio
import json
import re
import threading
import time

import httpx
import ollama
import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.ollama import Ollama
from pydantic import BaseModel, ValidationError

from tests.engine.answers import (
    calls_tool,
    cut_off,
    drip,
    empty,
    endless,
    fails,
    fails_midway,
    fenced,
    huge,
    invalid_utf8,
    model_gone,
    perfect,
    redirects,
    refusal,
    says,
    silence,
    truncated,
    verbose,
    wrong_types,
)
from tests.engine.brains import Asked, End, Piece
from tests.engine.fake_ollama import FakeOllama, Model, ScriptedBrain

TURNS = [{"role": "system", "content": "You size services."}, {"role": "user", "content": "How?"}]
VALUE = {"reasoning": "because {it} fits", "replicas": 2}
PLAN = json.dumps(VALUE)


class Plan(BaseModel):
    reasoning: str
    replicas: int


def client(fake, **options):
    return ollama.Client(fake.url, trust_env=False, **({"timeout": 10} | options))


def llama_index(fake, **options):
    return Ollama(
        model="tiny",
        base_url=fake.url,
        context_window=2048,
        client=client(fake),
        async_client=ollama.AsyncClient(fake.url, timeout=10, trust_env=False),
        **options,
    )


@pytest.fixture
def fake(request):
    script = getattr(request, "param", PLAN)
    with FakeOllama(ScriptedBrain(script)) as made:
        yield made


@pytest.fixture
def asking(fake):
    with client(fake) as made:
        yield made


def test_the_official_client_reads_every_answer(asking):
    assert asking.list().models[0].model == "tiny:latest"
    assert asking.list().models[0].details.family == "llama"
    shown = asking.show("tiny")
    assert shown.modelinfo["llama.context_length"] == 131_072
    assert shown.capabilities == ["completion", "tools"]
    whole = asking.chat("tiny", TURNS)
    assert (whole.message.role, whole.message.content) == ("assistant", PLAN)
    assert (whole.done, whole.done_reason) == (True, "stop")
    assert whole.prompt_eval_count == 6
    assert whole.eval_count == len(PLAN) // 4 + 1
    assert whole.total_duration >= whole.eval_duration > 0
    generated = asking.generate("tiny", "How?")
    assert generated.response == PLAN
    assert generated.done_reason == "stop"
    running = asking.ps().models[0]
    assert (running.model, running.context_length) == ("tiny:latest", 4096)


@pytest.mark.parametrize("route", ["chat", "generate"])
def test_a_stream_is_the_whole_answer_in_pieces(asking, route):
    given = TURNS if route == "chat" else "How?"
    parts = list(getattr(asking, route)("tiny", given, stream=True))
    said = [part.message.content if route == "chat" else part.response for part in parts]
    assert len(parts) > 5
    assert "".join(said) == PLAN
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all(part.done_reason is None and part.eval_count is None for part in parts[:-1])
    assert parts[-1].eval_count == len(parts) - 1


def test_each_line_has_the_documented_members_and_no_others(fake):
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        answer = http.post("/api/chat", json={"model": "tiny", "messages": TURNS})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    counts = {"prompt_eval_count", "eval_count"}
    times = {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"}
    assert {*lines[0]} == {"model", "created_at", "message", "done"}
    assert {*lines[-1]} == {*lines[0], "done_reason"} | counts | times
    assert lines[0]["message"] == {"role": "assistant", "content": PLAN[:4]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", lines[0]["created_at"])
    for line in lines:
        ollama.ChatResponse.model_validate(line, strict=True)


def test_the_version_and_the_root_are_served(fake):
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        assert re.fullmatch(r"\d+\.\d+\.\d+", http.get("/api/version").json()["version"])
        assert http.get("/").text == "Ollama is running"
        assert http.head("/").status_code == 200
        assert http.get("/v1/models").status_code == 404


@pytest.mark.parametrize("route", ["/api/chat", "/api/generate", "/api/show"])
@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"model": "other"}, 404, "model 'other' not found"),
        ({"model": "tiny:8b"}, 404, "model 'tiny:8b' not found"),
        ({}, 400, "model is required"),
        ([], 400, "invalid character in the request body"),
        (None, 400, "missing request body"),
    ],
    ids=["unknown", "other_tag", "nameless", "list", "bodiless"],
)
def test_what_is_asked_wrongly_gets_the_documented_error(fake, route, body, status, error):
    content = b"" if body is None else json.dumps(body)
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        answer = http.post(route, content=content)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"options": {"num_ctx": "8k"}}, 'option "num_ctx" must be of type integer'),
        (
            {"options": {"top_p": None, "temperature": True}},
            'option "temperature" must be of type float32',
        ),
        ({"format": "yaml"}, 'invalid format: "yaml"'),
        ({"think": True}, '"tiny" does not support thinking'),
    ],
    ids=["num_ctx", "temperature", "format", "think"],
)
def test_what_the_server_would_not_take_is_refused(fake, given, error):
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        answer = http.post("/api/chat", json={"model": "tiny", "messages": TURNS, **given})
    assert answer.status_code in (400, 500)
    assert error in answer.json()["error"]


def test_a_model_can_be_loaded_and_unloaded_without_a_question(asking):
    assert asking.chat("tiny", []).done_reason == "load"
    assert asking.chat("tiny", [], keep_alive=0).done_reason == "unload"


def test_models_have_particulars():
    models = ["a", Model("b:7b", 7, capabilities=("completion", "thinking"))]
    with FakeOllama(ScriptedBrain(says("ok", thinking="hm")), models) as fake, client(fake) as ask:
        assert [model.model for model in ask.list().models] == ["a:latest", "b:7b"]
        assert ask.list().models[1].size == 7
        answer = ask.chat("B:7b", TURNS, think=True)
        assert (answer.message.thinking, answer.message.content) == ("hm", "ok")
        with pytest.raises(ollama.ResponseError, match="does not support tools"):
            ask.chat("b:7b", TURNS, tools=[{"type": "function", "function": {"name": "x"}}])


def test_every_request_is_kept_with_all_that_it_asked(fake, asking):
    schema = Plan.model_json_schema()
    asking.chat("tiny", TURNS, format=schema, options={"num_ctx": 512, "seed": 1}, keep_alive="9m")
    asking.list()
    assert [request.path for request in fake.requests] == ["/api/chat", "/api/tags"]
    (asked,) = fake.chats
    assert asked.body["format"] == schema
    assert asked.body["options"] == {"num_ctx": 512, "seed": 1}
    assert asked.body["keep_alive"] == "9m"
    assert asked.body["messages"] == TURNS
    assert asked.headers["user-agent"].startswith("ollama-python/")
    assert asked.ending() == "whole"


def test_answers_come_in_turn_and_the_last_one_stays():
    with FakeOllama(ScriptedBrain("one", refusal(), "three")) as fake, client(fake) as ask:
        said = [ask.chat("tiny", TURNS).message.content for _ in range(4)]
    assert said == ["one", "I'm sorry, but I can't help with that request.", "three", "three"]


def test_a_script_may_answer_what_it_is_asked():
    brain = ScriptedBrain(lambda asked: f"{asked.messages[-1]['content']} {asked.num_ctx}")
    with FakeOllama(brain) as fake, client(fake) as ask:
        assert ask.chat("tiny", TURNS).message.content == "How? 4096"
        assert ask.chat("tiny", TURNS, options={"num_ctx": 9}).message.content == "How? 9"


def test_a_script_without_an_answer_is_a_mistake():
    with pytest.raises(ValueError, match="at least one"):
        ScriptedBrain()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_num_predict_cuts_the_answer(asking, stream):
    answer = asking.chat("tiny", TURNS, stream=stream, options={"num_predict": 3})
    parts = list(answer) if stream else [answer]
    assert "".join(part.message.content for part in parts) == PLAN[:12]
    assert (parts[-1].done_reason, parts[-1].eval_count) == ("length", 3)


def test_a_prompt_beyond_the_window_fills_it(asking):
    long = [{"role": "user", "content": "word " * 1000}]
    assert asking.chat("tiny", long, options={"num_ctx": 4096}).prompt_eval_count == 1250
    assert asking.chat("tiny", long, options={"num_ctx": 512}).prompt_eval_count == 512


@pytest.mark.parametrize(
    ("fake", "text"),
    [
        (perfect(VALUE), PLAN),
        (empty(), ""),
        (wrong_types({"a": 1, "b": [True], "c": "x", "d": None}), None),
    ],
    indirect=["fake"],
    ids=["perfect", "empty", "wrong_types"],
)
def test_a_prepared_answer_is_what_it_says(asking, text):
    said = asking.chat("tiny", TURNS).message.content
    if text is None:
        assert json.loads(said) == {"a": "plenty", "b": {"0": "plenty"}, "c": [1], "d": {}}
    else:
        assert said == text


@pytest.mark.parametrize("fake", [verbose(VALUE), fenced(VALUE)], indirect=True)
def test_json_may_have_something_around_it(asking):
    said = asking.chat("tiny", TURNS).message.content
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(said)
    found = re.search(r'\{\s*"reasoning".*?\d\s*\}', said, re.DOTALL)
    assert json.loads(found[0]) == VALUE


@pytest.mark.parametrize("fake", [truncated(PLAN[:20])], indirect=True)
def test_an_answer_may_end_for_its_length_unasked(asking):
    answer = asking.chat("tiny", TURNS)
    assert (answer.message.content, answer.done_reason) == (PLAN[:20], "length")


@pytest.mark.parametrize("fake", [calls_tool("delete_all", {"really": True})], indirect=True)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_tool_that_nobody_offered_is_called(asking, stream):
    answer = asking.chat("tiny", TURNS, stream=stream)
    parts = list(answer) if stream else [answer]
    (call,) = [call for part in parts for call in part.message.tool_calls or ()]
    assert (call.function.name, call.function.arguments) == ("delete_all", {"really": True})


@pytest.mark.parametrize(
    ("fake", "status", "told"),
    [
        (fails(), 500, "runner process"),
        (fails(503, "server busy"), 503, "server busy"),
        (model_gone("tiny"), 404, "model 'tiny' not found"),
    ],
    indirect=["fake"],
    ids=["500", "503", "404"],
)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_failure_before_the_answer_has_its_status(fake, asking, status, told, stream):
    with pytest.raises(ollama.ResponseError) as caught:
        list(asking.chat("tiny", TURNS, stream=stream))
    assert caught.value.status_code == status
    assert told in caught.value.error
    assert fake.chats[0].ending() == "refused"


@pytest.mark.parametrize("fake", [fails_midway("well ")], indirect=True)
def test_a_failure_within_a_stream_is_a_line_of_it(asking):
    parts = asking.chat("tiny", TURNS, stream=True)
    assert next(parts).message.content == "well"
    with pytest.raises(ollama.ResponseError, match="runner process"):
        list(parts)


@pytest.mark.parametrize(
    "fake", [cut_off(PLAN[:9]), cut_off(PLAN[:9], reset=True)], indirect=True, ids=["fin", "rst"]
)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_connection_may_end_before_the_answer(fake, asking, stream):
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        list(asking.chat("tiny", TURNS, stream=stream))
    assert fake.chats[0].ending() == "cut"


@pytest.mark.parametrize("fake", [cut_off(PLAN[:9], reset=True)], indirect=True)
def test_a_reset_is_a_reset_to_the_client(asking):
    with pytest.raises(httpx.ReadError):
        asking.chat("tiny", TURNS)


@pytest.mark.parametrize("fake", [endless(every_s=0), endless()], indirect=True)
def test_an_endless_answer_ends_with_its_client(fake, asking):
    parts = asking.chat("tiny", TURNS, stream=True, options={"num_predict": 5})
    assert sum(1 for _ in zip(parts, range(300), strict=False)) == 300
    parts.close()
    assert fake.chats[0].ending() == "client gone"


@pytest.mark.parametrize(
    ("fake", "stream"),
    [(endless(), False), (silence(), False), (silence(), True)],
    indirect=["fake"],
    ids=["endless", "silent", "silent_stream"],
)
def test_a_client_that_gives_up_is_noticed(fake, stream):
    with client(fake, timeout=0.2) as ask, pytest.raises(httpx.ReadTimeout):
        list(ask.chat("tiny", TURNS, stream=stream))
    assert fake.chats[0].ending() == "client gone"


@pytest.mark.parametrize("answer", [endless(every_s=0), silence()], ids=["endless", "silent"])
def test_no_thread_and_no_connection_outlives_the_server(answer):
    before = threading.active_count()
    with FakeOllama(ScriptedBrain(answer)) as fake, client(fake) as ask:
        asking = threading.Thread(target=lambda: _to_the_end(ask))
        asking.start()
        while not fake.chats:
            time.sleep(0.005)
        began = time.monotonic()
        fake.stop()
        asking.join(5)
        assert time.monotonic() - began < 5
        assert fake.chats[0].ending() == "server closed"
        with pytest.raises(ConnectionError):
            ask.chat("tiny", TURNS)
    assert threading.active_count() == before


def _to_the_end(ask):
    with pytest.raises(httpx.HTTPError):
        list(ask.chat("tiny", TURNS, stream=True))


@pytest.mark.parametrize("fake", [drip("abcdefgh" * 3, every_s=0.2)], indirect=True)
def test_a_slow_drip_stays_within_the_time_limit_between_tokens(fake):
    began = time.monotonic()
    with client(fake, timeout=1.0) as ask:
        parts = list(ask.chat("tiny", TURNS, stream=True))
    assert "".join(part.message.content for part in parts) == "abcdefgh" * 3
    assert time.monotonic() - began > 1.0


@pytest.mark.parametrize("fake", [says(PLAN, first_after_s=0.2)], indirect=True)
def test_a_model_may_take_its_time_to_load(asking):
    began = time.monotonic()
    assert asking.chat("tiny", TURNS).message.content == PLAN
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("fake", [invalid_utf8()], indirect=True)
def test_bytes_that_are_no_utf_8_arrive_as_they_are(fake):
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        answer = http.post("/api/chat", json={"model": "tiny", "messages": TURNS, "stream": False})
    assert b"caf\xff\xfe\xe9" in answer.content
    with pytest.raises(UnicodeDecodeError):
        answer.json()


@pytest.mark.parametrize("fake", [huge(megabytes=50)], indirect=True)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_an_answer_may_be_huge(fake, stream):
    body = {"model": "tiny", "messages": TURNS, "stream": stream}
    read = 0
    with (
        httpx.Client(base_url=fake.url, trust_env=False, timeout=30) as http,
        http.stream("POST", "/api/chat", json=body) as answer,
    ):
        for chunk in answer.iter_raw():
            read += len(chunk)
    assert read > 50 * 1024 * 1024


@pytest.mark.parametrize("fake", [redirects("http://127.0.0.1:9/")], indirect=True)
def test_a_server_may_send_its_client_elsewhere(fake):
    with httpx.Client(base_url=fake.url, trust_env=False) as http:
        answer = http.post("/api/chat", json={"model": "tiny", "messages": TURNS})
    assert (answer.status_code, answer.headers["location"]) == (307, "http://127.0.0.1:9/")


def test_a_key_may_be_asked_for():
    with FakeOllama(ScriptedBrain(PLAN), api_key="s3cret") as fake:
        with client(fake) as ask, pytest.raises(ollama.ResponseError) as caught:
            ask.list()
        assert caught.value.status_code == 401
        with client(fake, headers={"authorization": "Bearer s3cret"}) as ask:
            assert ask.list().models


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (fails(500), 500, '{"error":"llama runner process has terminated"}'),
        (says("<html>Please log in</html>"), 200, "<html>Please log in</html>"),
        (says('{"models":[{"name":7},null]}'), 200, '{"models":[{"name":7},null]}'),
    ],
    ids=["fails", "proxy", "odd"],
)
def test_a_whole_route_can_misbehave(answer, status, body):
    with (
        FakeOllama(ScriptedBrain(PLAN), instead={"/api/tags": answer}) as fake,
        httpx.Client(base_url=fake.url, trust_env=False) as http,
    ):
        found = http.get("/api/tags")
        assert (found.status_code, found.text) == (status, body)
        assert http.get("/api/version").status_code == 200


def test_a_bug_in_a_script_fails_the_test():
    def script(asked):
        raise LookupError("no such page")

    with (
        pytest.RaisesGroup(pytest.RaisesExc(LookupError, match="no such page")),
        FakeOllama(ScriptedBrain(script)) as fake,
        client(fake) as ask,
        pytest.raises(ollama.ResponseError, match="no such page"),
    ):
        ask.chat("tiny", TURNS)


def test_a_brain_whose_answer_has_no_end_is_a_bug():
    class Endless:
        def answer(self, asked):
            yield Piece("so")

    with (
        pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="has no end")),
        FakeOllama(Endless()) as fake,
        client(fake) as ask,
        pytest.raises(ollama.ResponseError),
    ):
        ask.chat("tiny", TURNS)


def test_several_are_answered_at_once(fake):
    async def all_of_them():
        async with ollama.AsyncClient(fake.url, timeout=10, trust_env=False) as ask:
            return await asyncio.gather(*(ask.chat("tiny", TURNS) for _ in range(16)))

    assert [answer.message.content for answer in asyncio.run(all_of_them())] == [PLAN] * 16
    assert len(fake.chats) == 16


def test_the_scripted_brain_tells_what_it_read():
    events = list(ScriptedBrain("ab").answer(Asked(({"role": "user", "content": "x" * 40},))))
    assert events == [Piece("ab"), End("stop", 10)]


def test_llama_index_chats(fake):
    llm = llama_index(fake, temperature=0.0, additional_kwargs={"seed": 1, "num_predict": 99})
    with llm.client:
        answer = llm.chat([ChatMessage("How?")])
    assert answer.message.content == PLAN
    assert answer.raw["usage"]["total_tokens"] == 1 + len(PLAN) // 4 + 1
    options = fake.chats[0].body["options"]
    assert (options["num_ctx"], options["num_predict"], options["seed"]) == (2048, 99, 1)


async def test_llama_index_streams(fake):
    llm = llama_index(fake)
    async with llm.async_client:
        pieces = [piece async for piece in await llm.astream_chat([ChatMessage("How?")])]
    assert "".join(piece.delta for piece in pieces) == PLAN
    assert pieces[-1].raw["done_reason"] == "stop"


def test_llama_index_predicts_a_structure(fake):
    llm = llama_index(fake)
    with llm.client:
        plan = llm.structured_predict(Plan, PromptTemplate("Size {what}"), what="it")
        raw = llm.as_structured_llm(Plan).chat([ChatMessage("{How}?")]).raw
    assert plan == raw == Plan(**VALUE)
    assert fake.chats[0].body["format"] == Plan.model_json_schema()


@pytest.mark.parametrize("fake", [refusal(), empty(), fenced(VALUE)], indirect=True)
def test_llama_index_takes_a_bad_answer_for_an_error(fake):
    llm = llama_index(fake)
    with llm.client, pytest.raises(ValidationError):
        llm.structured_predict(Plan, PromptTemplate("Size it"))


def test_llama_index_without_a_window_asks_for_the_largest(fake):
    llm = Ollama(model="tiny", base_url=fake.url, client=client(fake))
    with llm.client:
        llm.chat([ChatMessage("How?")])
    assert [request.path for request in fake.requests] == ["/api/show", "/api/chat"]
    assert fake.chats[0].body["options"]["num_ctx"] == 131_072
