"""The sentences that the command says in a pull request, safe to show whatever was typed."""

from __future__ import annotations

from collections.abc import Sequence

from ci.chatops.answer import Asked, Notice
from ci.handoff.plain import line
from schemas.errors import ProvisionError

MAX_REASON = 600
"""Characters of a reason: a sentence; what a tool printed for pages belongs into the log."""
MAX_NOTICE = 3500
"""Characters of all reasons together: they share the comment with up to 60,000 of the sizing."""
HELP = """\
**What `/ai-provision` can do**

Write a comment that begins with one of these lines. Only people who may push are answered.

| first line | what happens |
|---|---|
| `/ai-provision` | sizes what the two fields below it describe; without them, what was asked last |
| `/ai-provision env=staging` | sizes for `dev`, `staging` or `prod` |
| `/ai-provision component=api` | shows one component |
| `/ai-provision explain api` | shows why one component got its numbers |
| `/ai-provision apply sha=abc1234` | opens a pull request with the numbers shown for that commit |
| `/ai-provision help` | shows this |

The two fields, in this order:

```yaml
git_repo: "https://github.com/yourorg/your-repo"
app_description: "What it does, its load, its stack"
```
"""


def short(sha: str) -> str:
    """The first seven digits of a commit, as people write it."""
    return sha[:7]


def notice(asked: Asked, title: str, reason: str = "", hint: str = "") -> Notice:
    """What happened to a command, above the sizing.

    Args:
        asked: The command; the notice links to its comment.
        title: A few words of our own.
        reason: A sentence that may quote a stranger; it is shown as plain text.
        hint: What to do about it, likewise.
    """
    parts = [f"> **{title}** ([the command](#issuecomment-{asked.comment_id}))"]
    shown = _within([line(text, MAX_REASON) for text in (reason, *hint.split("\n"))])
    if shown:
        # A fence shows everything as it is: no mention, link, image or markup in it works.
        parts += ["```text", *(text.replace("`", "'") for text in shown), "```"]
    return Notice(asked, "\n".join(parts))


def _within(lines: Sequence[str]) -> list[str]:
    """The lines that say something, as far as there is room."""
    kept: list[str] = []
    for text in filter(None, lines):
        if sum(len(item) + 1 for item in kept) + len(text) > MAX_NOTICE:
            return [*kept, "…"]
        kept.append(text)
    return kept


def help_notice(asked: Asked) -> Notice:
    """The commands."""
    return Notice(asked, HELP.rstrip())


def failed(asked: Asked, title: str, error: ProvisionError) -> Notice:
    """What an error of ours says, without what only a log should have."""
    return notice(asked, title, error.message, error.hint)
