"""What goes wrong on demand, and what happens between two requests."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """An answer in place of the right one."""

    pattern: str
    status: int = 500
    body: Any = None
    """Bytes are sent as they are, everything else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = 1
    """So often; None for ever."""
    performed: bool = False
    """The request is carried out first."""
    cut_after: int | None = None
    """Reset the connection after so many bytes of the right answer's body; -1: before any."""
    held: bool = False
    """No (further) answer until the server ends."""

    def take(self, line: str) -> bool:
        """Whether it strikes this request; it is used up by that."""
        if self.times == 0 or not re.search(self.pattern, line):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class Between:
    """Something that happens just before a request is served, once."""

    pattern: str
    action: Callable[[], object]
    done: bool = False

    def run(self, line: str) -> None:
        if not self.done and re.search(self.pattern, line):
            self.done = True
            self.action()
