"""The options of ``ai-provision apply``; light, since every command builds the whole line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """exit codes:
  0  done, or nothing had to change
  1  something is left to be done by hand, or a blocking finding forbids it
  2  usage, or a recommendation or directory that cannot be used
  3  the files could not be written; every one is as it was"""


def add_apply(commands: Commands) -> argparse.ArgumentParser:
    """Add the command ``apply``."""
    apply = commands.add_parser(
        "apply",
        help="write a recommendation into the manifests of a checkout",
        description="Edit the manifests and values files of a checkout so that they say what was "
        "recommended, and change nothing else in them. What cannot be written is named. "
        "docs/apply.md tells how.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    apply.add_argument("recommendation", metavar="FILE", help="out/recommendation.json")
    apply.add_argument(
        "--checkout", metavar="DIR", required=True, help="the repository that was sized"
    )
    apply.add_argument(
        "--component",
        metavar="NAME",
        action="append",
        help="only this component (may be repeated)",
    )
    apply.add_argument(
        "--dry-run", action="store_true", help="print the changes as a diff, write nothing"
    )
    return apply
