"""A fake model that is scripted, and what its tests share."""

from __future__ import annotations

import json

import pytest

from adapters.llm.answer import NotUsable, read_answer
from schemas.model import Answered, Unanswered


class FakeModel:
    """Says what it was told to, text by text; held against shape and check like the real one.

    Args:
        answers: Objects or raw texts, in the order in which they are said. The last is repeated
            when `endless`, else nothing more is said.
    """

    name = "fake/one"
    attempts = 3

    def __init__(self, *answers, endless=False):
        self.answers = [a if isinstance(a, str) else json.dumps(a) for a in answers]
        self.endless = endless
        self.requests = []
        self.shapes = []
        self.wrong = []

    def ask(self, request, shape, check=None):
        self.requests.append(request)
        self.shapes.append(shape)
        for _ in range(self.attempts):
            try:
                value = read_answer(self._next(), shape)
            except NotUsable as error:
                self.wrong.append(str(error))
                continue
            wrong = check(value) if check else None
            if wrong is None:
                return Answered(value)
            self.wrong.append(wrong)
        return Unanswered(f"no usable answer in {self.attempts} attempts: {self.wrong[-1]}")

    def _next(self):
        if self.endless and len(self.answers) == 1:
            return self.answers[0]
        return self.answers.pop(0) if self.answers else ""


def turn(action, finding="", argument="", thought="So it is.", evidence=(), **more):
    return {
        "thought": thought,
        "action": action,
        "finding": finding,
        "argument": argument,
        "evidence": list(evidence),
        **more,
    }


@pytest.fixture(scope="session")
def fake_model():
    return FakeModel


@pytest.fixture(scope="session")
def said():
    """Builds one turn of a model."""
    return turn
