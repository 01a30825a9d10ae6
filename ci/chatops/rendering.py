"""Which of the comment's forms answers which command."""

from __future__ import annotations

from ci.handoff.comment.about import Comment, CommentAbout
from ci.handoff.comment.render import render_comment, render_explanation
from schemas.chatops import Verb
from schemas.recommendation import Recommendation


def render(recommendation: Recommendation, about: CommentAbout) -> Comment:
    """The comment for a recommendation.

    Raises:
        UsageError: It is about a component that there is not.
    """
    if about.verb is Verb.EXPLAIN and about.component is not None:
        return render_explanation(recommendation, about, about.component)
    return render_comment(recommendation, about)
