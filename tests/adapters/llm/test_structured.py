from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from adapters.llm.answer import NotUsable, read_answer
from adapters.llm.budget import Budget, estimate_tokens
from adapters.llm.journal import NoJournal, Recording, Replay
from adapters.llm.provider import Completion, ProviderFailure
from adapters.llm.structured import MAX_ATTEMPTS, Rules, StructuredModel
from schemas.errors import InputFileError, ModelError, OutputError
from schemas.model import Answered, Asker, ModelRequest, Unanswered


class Plan(BaseModel):
    reasoning: str = Field(max_length=50)
    replicas: int = Field(ge=1, le=10)


class FakeClock:
    def __init__(self):
        self.time = 0.0

    def now(self):
        raise AssertionError("nothing here needs the date")

    def monotonic(self):
        return self.time


class FakeProvider:
    """Gives scripted answers; a failure is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def prepare(self):
        """Nothing is imported."""

    def complete(self, messages, schema, max_tokens, seconds):
        self.asked.append((list(messages), max_tokens, seconds))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Completion) else Completion(answer, 100, 20)


GOOD = '{"reasoning": "enough", "replicas": 3}'
REQUEST = ModelRequest(Asker.PIPA, "pipa.plan/1", "You size services.", "How many?", 200)


def model(*answers, required=False, journal=None, calls=10, tokens=50_000, context=8192):
    clock = FakeClock()
    provider = FakeProvider(*answers)
    budget = Budget(clock, calls, tokens, 60)
    rules = Rules(context, 30, required)
    made = StructuredModel(
        Asker.PIPA, "fake/one", provider, rules, budget, journal or NoJournal(), clock
    )
    return made, provider, clock


@pytest.mark.parametrize(
    "text",
    [GOOD, f"```json\n{GOOD}\n```", f"Here you are:\n{GOOD}\nGood luck!", f"{{oops}} {GOOD}"],
    ids=["bare", "fenced", "prose", "stray_brace"],
)
def test_what_stands_around_an_answer_is_put_aside(text):
    assert read_answer(text, Plan).replicas == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("I cannot help with that.", "no JSON object"),
        ('{"reasoning": "x", "replicas": "many"}', "replicas"),
        ('{"reasoning": "x"}', "replicas: Field required"),
        ('{"reasoning": "x", "replicas": 99}', "less than or equal to 10"),
        ("[" * 100_000, "no JSON object"),
        ('{"a":' * 100_000, "no JSON object"),
    ],
    ids=["empty", "refusal", "type", "missing", "range", "deep_list", "deep_object"],
)
def test_a_bad_answer_is_told_in_words(text, told):
    with pytest.raises(NotUsable, match=told):
        read_answer(text, Plan)


def test_what_was_wrong_never_repeats_a_value():
    with pytest.raises(NotUsable) as caught:
        read_answer('{"reasoning": "x", "replicas": "hunter2"}', Plan)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=300))
def test_any_text_is_a_value_or_not_usable(text):
    with suppress(NotUsable):
        assert 1 <= read_answer(text, Plan).replicas <= 10


def test_a_good_answer_is_taken_at_once():
    asked, provider, _ = model(GOOD)
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Answered)
    assert (answer.value.replicas, answer.attempts, len(provider.asked)) == (3, 1, 1)
    assert (asked.use.prompt_tokens, asked.use.completion_tokens) == (100, 20)


def test_the_model_is_shown_its_error():
    asked, provider, _ = model('{"reasoning": "x"}', GOOD)
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Answered)
    assert answer.attempts == 2
    turns = provider.asked[1][0]
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user"]
    assert "replicas: Field required" in turns[3].content


def test_a_check_of_the_caller_is_an_error_like_any_other():
    asked, provider, _ = model(GOOD, '{"reasoning": "x", "replicas": 4}')
    answer = asked.ask(REQUEST, Plan, lambda plan: "Must be even." if plan.replicas % 2 else None)
    assert isinstance(answer, Answered)
    assert answer.value.replicas == 4
    assert "Must be even." in provider.asked[1][0][3].content


def test_corrections_do_not_pile_up():
    asked, provider, _ = model("no")
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Unanswered)
    assert f"{MAX_ATTEMPTS} attempts" in answer.reason
    assert [len(messages) for messages, _, _ in provider.asked] == [2, 4, 4]
    assert asked.use.retries == MAX_ATTEMPTS - 1
    assert asked.use.unanswered == (f"pipa.plan/1: {answer.reason}",)


def test_a_cut_answer_gets_more_room_the_next_time():
    asked, provider, _ = model(Completion('{"reasoning": "x', 100, 200, truncated=True), GOOD)
    assert isinstance(asked.ask(REQUEST, Plan), Answered)
    assert [tokens for _, tokens, _ in provider.asked] == [200, 400]
    assert "cut off after 200 tokens" in provider.asked[1][0][3].content


def test_a_prompt_that_the_server_cut_is_no_question():
    asked, _, _ = model(Completion(GOOD, 8192, 20))
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Unanswered)
    assert "cut the prompt" in answer.reason


def test_what_does_not_fit_the_window_is_not_sent():
    asked, provider, _ = model(GOOD, context=2048)
    answer = asked.ask(ModelRequest(Asker.PIPA, "p/1", "s", "x" * 20_000, 200), Plan)
    assert isinstance(answer, Unanswered)
    assert "do not fit" in answer.reason
    assert provider.asked == []


@pytest.mark.parametrize(
    ("bounds", "told"), [({"calls": 1}, "calls"), ({"tokens": 300}, "tokens")], ids=str
)
def test_the_budget_of_a_run_ends_the_questions(bounds, told):
    asked, provider, _ = model("no", **bounds)
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Unanswered)
    assert told in answer.reason
    assert len(provider.asked) == 1


def test_the_deadline_of_a_run_ends_the_questions():
    asked, provider, clock = model(GOOD)
    asked.ask(REQUEST, Plan)
    clock.time = 61
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Unanswered)
    assert "time for models" in answer.reason


def test_a_call_never_gets_more_time_than_the_run_has_left():
    asked, provider, clock = model(GOOD)
    asked.ask(REQUEST, Plan)
    clock.time = 55
    asked.ask(REQUEST, Plan)
    assert [seconds for _, _, seconds in provider.asked] == [30, 5]


def test_a_passing_failure_is_tried_again():
    asked, provider, _ = model(ProviderFailure("the server answered 500"), GOOD)
    answer = asked.ask(REQUEST, Plan)
    assert isinstance(answer, Answered)
    assert len(provider.asked) == 2


def test_a_model_that_is_gone_is_asked_once():
    asked, provider, _ = model(ProviderFailure("nobody answers", fatal=True))
    for _ in range(3):
        assert asked.ask(REQUEST, Plan) == Unanswered("nobody answers")
    assert len(provider.asked) == 1


def test_a_model_asked_for_by_name_must_be_there():
    asked, _, _ = model(ProviderFailure("nobody answers", fatal=True), required=True)
    with pytest.raises(ModelError, match="fake/one: nobody answers") as caught:
        asked.ask(REQUEST, Plan)
    assert "--llm auto" in caught.value.hint


def test_a_recorded_run_is_played_back_without_a_model(tmp_path):
    path = tmp_path / "exchanges.jsonl"
    asked, _, _ = model('{"reasoning": "x"}', GOOD, journal=Recording(path))
    first = asked.ask(REQUEST, Plan)
    assert path.stat().st_mode & 0o077 == 0
    again, provider, _ = model(ProviderFailure("asked"), journal=Replay(path))
    assert again.ask(REQUEST, Plan) == first
    assert provider.asked == []
    other = ModelRequest(Asker.PIPA, "pipa.plan/1", "You size services.", "Another?", 200)
    assert again.ask(other, Plan) == Unanswered("this question is not in the record")


def test_a_recorded_failure_fails_again(tmp_path):
    path = tmp_path / "exchanges.jsonl"
    model(ProviderFailure("the server answered 500"), journal=Recording(path))[0].ask(REQUEST, Plan)
    answer = model(GOOD, journal=Replay(path))[0].ask(REQUEST, Plan)
    assert isinstance(answer, Unanswered)
    assert "500" in answer.reason


def test_an_earlier_record_is_never_overwritten(tmp_path):
    path = tmp_path / "exchanges.jsonl"
    path.write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        Recording(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "line",
    ["no json", "{}", '{"key": "x"}', json.dumps({"key": "x", "completion": {"no": 1}}), "[]"],
)
def test_a_file_that_is_no_record_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "exchanges.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InputFileError, match="line 1"):
        Replay(path)


def test_an_absent_record_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="cannot be read"):
        Replay(tmp_path / "none")


@given(st.text())
def test_an_estimate_is_never_nothing(text):
    assert estimate_tokens(text) >= 1
