"""The forms in which a model answers: one turn of the loop, and the summary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import SkipJsonSchema

_CLAIMED = re.compile(r"\bobservation\s*:", re.IGNORECASE)


class Verb(StrEnum):
    """What a turn may do beside a repair or a tool."""

    LEAVE = "leave"
    """Leave a warning to a person."""
    FINISH = "finish"
    """Leave the rest to the usual order."""


class Turn(BaseModel):
    """One turn: a thought, then one action. What comes of it is never the model's to say."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", json_schema_extra={"additionalProperties": False}
    )

    thought: str = Field(min_length=1, max_length=600)
    action: str
    finding: str
    """Id of the finding to repair or to leave; empty for other actions."""
    argument: str = Field(max_length=300)
    evidence: list[str] = Field(max_length=8)
    observation: SkipJsonSchema[object] = Field(default=None, exclude=True)
    """Not asked for. A model that fills it in makes up what only the code can tell."""

    @property
    def claims(self) -> bool:
        """It says itself what came of its action."""
        return self.observation not in (None, "") or bool(_CLAIMED.search(self.thought))


def turn_shape(actions: Sequence[str], findings: Sequence[str]) -> type[Turn]:
    """The turn with the actions and findings of the moment as closed lists."""
    action: Any = Literal.__getitem__(tuple(dict.fromkeys(actions)))
    finding: Any = Literal.__getitem__(("", *findings))
    return create_model("Turn", __base__=Turn, action=(action, ...), finding=(finding, ...))


class Sentence(BaseModel):
    """One sentence of the summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1, max_length=320)
    cites: list[str] = Field(max_length=6)
    """Ids of findings and evidence that it rests on."""


class Summary(BaseModel):
    """What a reviewer reads first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: list[Sentence] = Field(min_length=1, max_length=5)
