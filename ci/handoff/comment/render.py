"""The text of the comment: a sizing, or an explanation of one component."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci.handoff.comment.about import MAX_COMMENT, MAX_SUMMARY_BYTES, Comment, CommentAbout
from ci.handoff.comment.checks import (
    check_lines,
    checks_fold,
    failed_lines,
    finding_text,
    not_checked_line,
    note_lines,
)
from ci.handoff.comment.commands import next_fold, next_line
from ci.handoff.comment.cost import cost_fold, cost_line
from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import (
    Fold,
    Page,
    Part,
    listed,
    page_text,
    part_text,
    utf8_bytes,
    utf16_units,
)
from ci.handoff.comment.numbers import numbers_table, rows_left_out, whole_table
from ci.handoff.comment.patches import patch_fold
from ci.handoff.comment.summary import (
    SHORT_SHA,
    Sorted,
    headline,
    same_line,
    sort_components,
    status_line,
)
from ci.handoff.comment.why import component_parts, evidence_fold, refinement_fold, why_fold
from schemas.errors import UsageError
from schemas.recommendation import ComponentRecommendation, Recommendation

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._/-]*)?")
"""Addresses of a GitHub server as we write them: nothing that Markdown could read otherwise."""
_MAX_EXTRAS = 4
_IN_TABLE = ("resources.", "autoscaling.", "replicas")
"""Fields that the table shows."""


def render_comment(recommendation: Recommendation, about: CommentAbout) -> Comment:
    """The answer to ``/ai-provision`` and ``/ai-provision apply``.

    Raises:
        UsageError: `about.component` is none of the recommendation's components.
    """
    shown = _only(recommendation, about.component)
    found = sort_components(shown)
    return _comment(Page(tuple(_visible(shown, found, about)),
                         tuple(_folds(shown, found, about)),
                         _footer(shown, about)), about)  # fmt: skip


def render_explanation(
    recommendation: Recommendation, about: CommentAbout, component: str
) -> Comment:
    """The answer to ``/ai-provision explain COMPONENT``: a comment of its own.

    Raises:
        UsageError: There is no such component.
    """
    shown = _only(recommendation, component)
    if not shown.components:
        page = Page((f"### Why {code(component)} has no numbers", *failed_lines(shown.failed)))
        return _comment(page, about)
    item = shown.components[0]
    own = [found for found in shown.findings if found.component == component]
    findings = tuple(f"- {finding_text(found)}" for found in own)
    parts = list(component_parts(item))[1:]
    visible = [
        f"### Why {code(component, 60)} is sized like this",
        status_line(shown, about),
        *_stale(about),
        "\n".join(numbers_table((item,))),
        *(part_text(part) for part in parts[:1]),
    ]
    folds = (
        Fold("Number by number", tuple(parts[1:]), opened=True),
        Fold(f"Checks ({len(findings)})", (Part(findings),)) if findings else None,
        evidence_fold(item),
        refinement_fold((item,)),
        patch_fold(shown, (item,), about),
    )
    page = Page(tuple(visible), tuple(filter(None, folds)), _footer(shown, about))
    return _comment(page, about)


def _comment(page: Page, about: CommentAbout) -> Comment:
    summary = _link("the run's job summary", about.run_url)
    return Comment(
        text=page_text(page, limit=MAX_COMMENT, size=utf16_units, elsewhere=summary),
        full_text=page_text(
            page,
            limit=MAX_SUMMARY_BYTES,
            size=utf8_bytes,
            elsewhere="`recommendation.json` among the run's artifacts",
        ),
    )


def _only(recommendation: Recommendation, component: str | None) -> Recommendation:
    """The recommendation as if it were about one component; findings about the app stay."""
    if component is None:
        return recommendation
    items = tuple(item for item in recommendation.components if item.name == component)
    failed = tuple(item for item in recommendation.failed if item.name == component)
    if not items and not failed:
        names = [item.name for item in recommendation.components]
        names += [item.name for item in recommendation.failed]
        raise UsageError(
            f"there is no component {component[:100]!r}",
            code="usage.component",
            hint=f"Components: {', '.join(names) or 'none'}."[:400],
        )
    cost = recommendation.cost
    own = tuple(found for found in cost.components if found.component == component)
    one = own[0] if own else None
    amounts = {
        "monthly": one.monthly if one else None,
        "monthly_at_max": one.monthly_at_max if one else None,
        "monthly_delta": (
            one.monthly - one.monthly_current
            if one and one.monthly is not None and one.monthly_current is not None
            else None
        ),
        "components": own,
    }
    return recommendation.model_copy(
        update={
            "components": items,
            "failed": failed,
            "findings": tuple(
                found for found in recommendation.findings if found.component in (None, component)
            ),
            "notes": tuple(
                note for note in recommendation.notes if note.component in (None, component)
            ),
            "cost": cost.model_copy(update=amounts),
        }
    )


def _visible(recommendation: Recommendation, found: Sorted, about: CommentAbout) -> Iterator[str]:
    yield headline(recommendation, found)
    yield from _stale(about)
    if about.applied_url is not None:
        yield f"✅ Written into {_link('a pull request', about.applied_url)}."
    yield status_line(recommendation, about)
    table = numbers_table(found.shown)
    if table:
        yield "\n".join(table)
    yield from _rest(found)
    for lines in (
        failed_lines(recommendation.failed),
        check_lines(recommendation),
        (cost_line(recommendation.cost),),
        (not_checked_line(recommendation),),
        note_lines(recommendation.notes),
        (next_line(about, recommendation),),
    ):
        block = "\n".join(filter(None, lines))
        if block:
            yield block


def _rest(found: Sorted) -> Iterator[str]:
    """What the table leaves out: further components, other fields, unchanged ones."""
    more = rows_left_out(found.shown)
    if more:
        yield f"… and {more} more, under “All numbers”."
    else:
        yield from _extras(found.changed)
    same = same_line(found)
    if same:
        yield same


def _extras(changed: Sequence[ComponentRecommendation]) -> Iterator[str]:
    """Changed fields that the table does not show, of the first component with such; one line."""
    fields = {
        item.name: [text for text in item.changes if not text.startswith(_IN_TABLE)]
        for item in changed
    }
    having = [(name, texts) for name, texts in fields.items() if texts]
    if not having:
        return
    name, texts = having[0]
    told = [prose(text, 100) for text in texts]
    rest = listed(told, _MAX_EXTRAS, "{} more".format)
    others = f" Likewise for {len(having) - 1} more." if len(having) > 1 else ""
    yield f"Also for {code(name, 60)}: {', '.join(rest)}.{others}"


def _folds(recommendation: Recommendation, found: Sorted, about: CommentAbout) -> Iterator[Fold]:
    every = (*found.changed, *found.new, *found.same)
    if rows_left_out(found.shown):
        head, rows = whole_table(every)
        yield Fold(f"All numbers ({len(rows)} components)", (Part(rows, head=head),))
    folds = (
        why_fold(found.shown),
        patch_fold(recommendation, found.shown, about),
        checks_fold(recommendation),
        cost_fold(recommendation.cost),
        refinement_fold(every),
        next_fold(about, recommendation, found.shown),
    )
    yield from filter(None, folds)


def _stale(about: CommentAbout) -> Iterator[str]:
    if about.stale_head is not None:
        new, old = about.stale_head[:SHORT_SHA], about.head_sha[:SHORT_SHA]
        yield (
            f"⚠️ **Outdated:** the pull request is at {code(new)} by now, these numbers are for "
            f"{code(old)}."
        )


def _footer(recommendation: Recommendation, about: CommentAbout) -> str:
    run = recommendation.run
    model = "no language model" if run.reasoner.used == "none" else code(run.reasoner.used, 80)
    return (
        f"<sub>ai-provision {prose(run.version, 40)} · {model} · {run.seconds:.1f} s"
        f"{_run(about, ' · ')} · updated in place by the next run</sub>"
    )


def _run(about: CommentAbout, before: str) -> str:
    return f"{before}{_link('run', about.run_url)}" if about.run_url else ""


def _link(words: str, address: str | None) -> str:
    """Our own address as a link; one of another form is not linked."""
    if address is None or len(address) > 400 or not _ADDRESS.fullmatch(address):
        return words
    return f"[{words}]({address})"
