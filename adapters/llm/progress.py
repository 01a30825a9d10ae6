"""Tells whoever wants to know that an agent waits for a model, and how much has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.model import Asker

Told = Callable[[Asker, str, int], None]
"""Hears who waits for which model (``provider/model``), and how many pieces of its answer came.

A piece is about a token. It is called from the thread that reads the answer.
"""


@dataclass(slots=True)
class Ear:
    """What all models of a run tell of their answers; nobody listens at first."""

    told: Told | None = None

    def of(self, asker: Asker, model: str) -> Callable[[int], None]:
        """A function for one agent and its model."""

        def heard(pieces: int) -> None:
            if self.told is not None:
                self.told(asker, model, pieces)

        return heard


def nobody(_pieces: int) -> None:
    """Nobody waits for it."""
