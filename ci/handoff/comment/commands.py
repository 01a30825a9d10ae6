"""What to write next, ready to be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci.handoff.comment.about import CommentAbout
from ci.handoff.comment.layout import Fold, Part, fence_part, text_part
from ci.handoff.comment.summary import SHORT_SHA
from schemas.recommendation import ComponentRecommendation, Recommendation

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""Names that stand in a command as they are; others are written as COMPONENT."""


def next_line(about: CommentAbout, recommendation: Recommendation) -> str:
    """The next step in one line."""
    if about.applied_url is not None:
        return ""
    if about.stale_head is not None:
        return "**Next:** `/ai-provision` sizes the new commit."
    if recommendation.blocked:
        return "**Next:** mend what blocks, then `/ai-provision` again."
    if recommendation.differs and about.can_apply:
        return f"**Next:** `{_apply(about)}` opens a pull request with the patch below."
    return ""


def next_fold(
    about: CommentAbout, recommendation: Recommendation, items: Sequence[ComponentRecommendation]
) -> Fold:
    """The commands that make sense now, each as a block with a button to copy it."""
    return Fold("Next commands", tuple(_parts(about, recommendation, items)))


def command_name(name: str) -> str:
    """A component's name as it can stand in a command; COMPONENT for all others."""
    return name if _NAME.fullmatch(name) else "COMPONENT"


def _parts(
    about: CommentAbout, recommendation: Recommendation, items: Sequence[ComponentRecommendation]
) -> Iterator[Part]:
    can_apply = about.can_apply and about.stale_head is None and about.applied_url is None
    if can_apply and recommendation.differs and not recommendation.blocked:
        yield text_part("Open a pull request with these numbers, for this commit only:")
        yield fence_part("text", _apply(about))
    if items:
        yield text_part("Tell why, with every source:")
        yield fence_part("text", f"/ai-provision explain {command_name(items[0].name)}")
    yield text_part("Size again, here for another environment:")
    yield fence_part("text", "/ai-provision env=staging")
    yield text_part("Everything that can be asked:")
    yield fence_part("text", "/ai-provision help")


def _apply(about: CommentAbout) -> str:
    only = f" component={command_name(about.component)}" if about.component else ""
    return f"/ai-provision apply sha={about.head_sha[:SHORT_SHA]}{only}"
