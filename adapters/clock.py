"""The machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements `schemas.ports.Clock`."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
