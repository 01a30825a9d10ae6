"""The ``apply`` command: a recommendation into the files of a checkout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adapters.helm import HelmRenderer
from adapters.settings import load_settings
from ci.explain import load_recommendation
from ci.handoff.edits import Edits, Placements, edits_of, placements_of
from ci.handoff.edits.checkout import checkout_reader, write_edits
from ci.handoff.edits.diff import diff_of
from ci.size import chart_files
from pipeline.wiring import local_checkout
from schemas.errors import ProvisionError, UsageError
from schemas.recommendation import Recommendation


class BlockedError(ProvisionError):
    """The numbers must not be applied as they are."""

    exit_code = 1
    default_code = "apply.blocked"


def apply(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit code.

    Raises:
        InputFileError: The recommendation or the checkout cannot be read.
        UsageError: There is no such component.
        BlockedError: A blocking finding is left.
        OutputError: The files cannot be written; every one is as it was.
    """
    whole = load_recommendation(Path(arguments.recommendation))
    recommendation = chosen(whole, arguments.component)
    root = Path(arguments.checkout)
    read = checkout_reader(root)
    edits = edits_of(recommendation, read, _placements(recommendation, root))
    blocking = [finding for finding in recommendation.findings if finding.blocks]
    if arguments.dry_run:
        sys.stdout.flush()
        sys.stdout.buffer.write(diff_of(edits))
    elif blocking:
        named = ", ".join(dict.fromkeys(finding.id for finding in blocking))
        raise BlockedError(
            f"the numbers are blocked: {named}",
            hint="`ai-provision explain` says what to do about each; --dry-run shows the changes.",
        )
    else:
        write_edits(edits, root)
    _say(edits, dry_run=arguments.dry_run)
    return 1 if edits.by_hand or blocking else 0


def chosen(recommendation: Recommendation, names: list[str] | None) -> Recommendation:
    """The recommendation with only the components named, and the findings about them.

    Raises:
        UsageError: One of them is not in it.
    """
    if not names:
        return recommendation
    known = {item.name for item in recommendation.components}
    known |= {failed.name for failed in recommendation.failed}
    missing = [name for name in names if name not in known]
    if missing:
        raise UsageError(
            f"there is no component {missing[0]!r}", hint=f"There are: {', '.join(sorted(known))}."
        )
    return recommendation.model_copy(
        update={
            "components": tuple(i for i in recommendation.components if i.name in names),
            "failed": tuple(item for item in recommendation.failed if item.name in names),
            "findings": tuple(
                item
                for item in recommendation.findings
                if item.component is None or item.component in names
            ),
        }
    )


def _placements(recommendation: Recommendation, root: Path) -> Placements:
    """Where the charts' numbers go; nothing without charts or without helm."""
    has_charts = any(item.target and item.target.chart for item in recommendation.components)
    renderer = HelmRenderer(load_settings().helm) if has_charts else None
    if renderer is None or not renderer.available:
        return Placements()
    with local_checkout(root) as checkout:
        return placements_of(recommendation, chart_files(recommendation, checkout.files), renderer)


def _say(edits: Edits, *, dry_run: bool) -> None:
    for text in edits.by_hand:
        sys.stderr.write(f"by hand: {text}\n")
    verb = "would change" if dry_run else "changed"
    made = "create" if dry_run else "created"
    sys.stderr.write(f"{verb} {len(edits.changed)} files, {made} {len(edits.created)}\n")
