"""How much models may be asked in one run, over all agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from schemas.ports import Clock

CHARACTERS_PER_TOKEN = 3.5
"""For estimates: English and JSON have three to four with the tokenisers of current models."""


def estimate_tokens(text: str) -> int:
    """Tokens of a text, roughly: good for planning, never reported as counted."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1


@dataclass(slots=True)
class Budget:
    """What is left of calls, tokens and seconds; safe to share among threads.

    Args:
        clock: Tells the time.
        calls: Most requests.
        tokens: Most tokens, asked and answered.
        seconds: From the first request on.
    """

    clock: Clock
    calls: int
    tokens: int
    seconds: float
    _started: float | None = None
    _lock: Lock = field(default_factory=Lock)
    _whole: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self._whole = (self.calls, self.tokens)

    def restart(self) -> None:
        """All of it again: another run begins."""
        with self._lock:
            self.calls, self.tokens = self._whole
            self._started = None

    def take(self, tokens: int) -> str | None:
        """Take one call of about so many tokens; why not, when nothing is left for it."""
        with self._lock:
            if self._started is None:
                self._started = self.clock.monotonic()
            if self.calls <= 0:
                return "the run's budget of calls is used up"
            if self.tokens < tokens:
                return "the run's budget of tokens is used up"
            if self._left() <= 0:
                return "the run's time for models is used up"
            self.calls -= 1
            self.tokens -= tokens
            return None

    def settle(self, planned: int, used: int) -> None:
        """Correct what a call was planned with by what it used."""
        with self._lock:
            self.tokens += planned - used

    def seconds_left(self) -> float:
        """Seconds until the deadline; all of them before the first call."""
        with self._lock:
            return self._left()

    def _left(self) -> float:
        if self._started is None:
            return self.seconds
        return self.seconds - (self.clock.monotonic() - self._started)
