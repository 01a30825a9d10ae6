from __future__ import annotations

import json

import pytest

from pipa.agent import PipaAgent
from schemas.context import AppContext, Component, DescriptionReading, FoundIn, RepositoryFacts
from schemas.errors import ModelError
from schemas.model import Answered, Unanswered
from schemas.plan import ModelOutcome
from schemas.quantities import MIB
from schemas.trigger import Trigger


class FakeModel:
    """Answers with the draft's own numbers but for the memory limit; or raises."""

    name = "fake/one"

    def __init__(self, memory_limit_mib=None, error=None):
        self.memory_limit_mib = memory_limit_mib
        self.error = error

    def ask(self, request, shape, check=None):
        if self.error is not None:
            raise self.error
        if self.memory_limit_mib is None:
            return Unanswered("it refuses")

        data = json.loads(request.user.removeprefix("<data>").removesuffix("</data>"))
        numbers = {k: v[1] for k, v in data["estimate_low_target_high"].items()}
        numbers["memory_limit_mib"] = self.memory_limit_mib
        reasoning = [{"text": "More room for it.", "evidence": []}]
        value = shape.model_validate({"reasoning": reasoning, "support": [], **numbers})
        assert check is None or check(value) is None
        return Answered(value)


CONTEXT = AppContext(
    trigger=Trigger(git_repo="https://example.org/a/b", app_description="An API"),
    repository=RepositoryFacts(url="https://example.org/a/b"),
    reading=DescriptionReading(),
    components=(Component(name="api", found_in=(FoundIn.DOCKERFILE,), language="Go"),),
)


def drafted(model):
    draft = PipaAgent(model=model).draft(CONTEXT)
    assert draft.failures == ()
    return draft.components[0]


def test_a_model_moves_a_number_inside_its_interval():
    plain = drafted(None)
    wanted = plain.intervals.memory_limit.high // MIB
    thought = drafted(FakeModel(memory_limit_mib=wanted))
    assert thought.resources.limits.memory == wanted * MIB
    assert thought.model_changes[0].outcome is ModelOutcome.TAKEN
    assert thought.resources.requests == plain.resources.requests


def test_without_an_answer_the_draft_is_the_draft():
    assert drafted(FakeModel()) == drafted(None)


def test_a_model_that_breaks_costs_nothing_and_is_told():
    broken, plain = drafted(FakeModel(error=RuntimeError("canary"))), drafted(None)
    assert broken.resources == plain.resources
    assert "The model's answer was not used (RuntimeError)." in broken.reasoning[-1].text
    assert "canary" not in broken.model_dump_json()


def test_a_model_asked_for_by_name_that_is_not_there_is_an_error():
    with pytest.raises(ModelError):
        drafted(FakeModel(error=ModelError("nobody answers")))
