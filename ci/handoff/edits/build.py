"""From a recommendation to edits of the repository's files."""

from __future__ import annotations

from ci.handoff.edits.charts import edit_charts
from ci.handoff.edits.created import create_manifests
from ci.handoff.edits.files import Files, Read
from ci.handoff.edits.placements import Placements
from ci.handoff.edits.result import Edits
from ci.handoff.edits.workloads import edit_workloads
from ci.handoff.patch import workload_patches
from ci.handoff.plain import line
from schemas.recommendation import ComponentRecommendation, Recommendation

_LONGEST_LINE = 400
"""Names and paths are a repository's own words; one line must stay one."""


def edits_of(
    recommendation: Recommendation,
    read: Read,
    charts: Placements | None = None,
) -> Edits:
    """The recommendation as edits of the repository's own files.

    Every edit is proven: the edited document, read again, says exactly what it said before with
    the numbers in it. What cannot be proven is not written and named in `Edits.by_hand`.

    Args:
        recommendation: The result; the same one on the same files gives the same edits.
        read: The regular file at a path of the repository, None when there is none. Called once
            for each path.
        charts: Which value of each chart gives which number (`placements_of`); components of
            other charts are left to be done by hand.
    """
    files = Files(read)
    patches = {patch.component: patch for patch in workload_patches(recommendation)}
    by_hand = [
        f"{failed.name}: it has no numbers: {failed.failure}" for failed in recommendation.failed
    ]
    new: list[ComponentRecommendation] = []
    plain = []
    of_charts: dict[str, list[ComponentRecommendation]] = {}
    for item in recommendation.components:
        target = item.target
        if target is None:
            new.append(item)
        elif target.chart is not None:
            of_charts.setdefault(target.chart, []).append(item)
        elif item.name in patches:
            plain.append((item, patches[item.name]))
        else:
            by_hand.append(
                f"{item.name}: {target.kind} {target.name} in {target.path} is not one of "
                "Kubernetes' own workloads: set its numbers where it takes them"
            )
    by_hand += edit_workloads(plain, files)
    by_hand += edit_charts(
        of_charts, charts or Placements(), files, recommendation.trigger.environment
    )
    by_hand += create_manifests(new, files)
    lines = dict.fromkeys(line(text, _LONGEST_LINE) for text in by_hand)
    return Edits(files.changed(), files.created(), tuple(lines))
