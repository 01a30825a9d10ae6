"""Usage history without a server: from a file, or from the payload of a trigger.

Three forms are read, each told by what stands in it:

export     our own, as ``ai-provision metrics export`` writes it: all that a server told
responses  answers of ``query_range`` and ``query`` of the Prometheus HTTP API, as they came
payload    the trigger's ``historical_metrics``: arrays or percentiles, for one component or more

All of it is untrusted: sizes are bounded, what is no number is refused, and an error names the
place. Importing this package is cheap; NumPy comes with the first file that is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.base import JsonObject
    from schemas.ports import Clock
    from schemas.telemetry import MetricsSource


def open_metrics_file(path: Path, clock: Clock) -> MetricsSource:
    """The source in a file, read and checked as a whole.

    Args:
        path: JSON, also packed with gzip.
        clock: For arrays that do not say when they end.

    Raises:
        InputFileError: It cannot be read, is too large, or holds none of the three forms.
    """
    from adapters.metrics_file.source import open_file

    return open_file(path, clock)


def payload_source(given: JsonObject, clock: Clock) -> MetricsSource:
    """The source in the ``historical_metrics`` of a trigger.

    Raises:
        InputFileError: It holds none of the three forms.
    """
    from adapters.metrics_file.source import source_of

    return source_of([given], "historical_metrics", clock)
