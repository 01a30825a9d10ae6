"""The ``report`` command: reads a recommendation back and draws it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ci.explain import load_recommendation
from ci.handoff.measured import plural
from ci.report.write import write_report


def report(arguments: argparse.Namespace) -> int:
    """Write the page, and the pictures that were asked for; returns the exit code.

    Raises:
        InputFileError: The recommendation is not there, or is none.
        OutputError: Something could not be written.
    """
    recommendation = load_recommendation(Path(arguments.recommendation))
    write_report(recommendation, Path(arguments.out))
    sys.stderr.write(f"wrote {arguments.out}\n")
    if arguments.pictures is not None:
        # matplotlib costs half a second, which only those pay who want files.
        from ci.report.pictures import write_pictures

        written = write_pictures(recommendation, Path(arguments.pictures))
        sys.stderr.write(f"wrote {plural(len(written), 'picture')} to {arguments.pictures}\n")
    return 0
