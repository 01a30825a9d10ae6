"""Whether something is said, or denied.

A negation reaches from its word to the end of its clause at most; "no" and "without" reach over the
words of one noun phrase, and over what "or", "nor" and "and" add to it.
"""

from __future__ import annotations

import re

from dca.description.text import Prose

_REACH = 60
_NOT = re.compile(
    r"(?:\b(?:not|never|cannot|hardly|neither|nor)\b|n't\b|\bno longer\b|\bno need (?:for|of|to)\b"
    r"|\bfar from\b)(?! only\b| just\b| merely\b)"
)
_WITHOUT = re.compile(
    r"\b(?:no|nothing|without|non"
    r"|zero|lacks?|lacking|instead of|rather than|free of|except(?: for)?"
    r"|dropped|dropping|removed|removing|replac(?:es|ed|ing)|migrated (?:away )?from|away from"
    r"|moved off|got rid of|unlike)\b(?:-| )"
)
_REPLACED_BY = re.compile(r"\b(?:with|by|to|in favou?r of|for)\b")
_NOT_ENDS = re.compile(r"\b(?:and|so|because|since|as|then|which|that|who|until|unless)\b|,")
_WITHOUT_WORDS = 4
_AFTER = re.compile(
    r"[\w\s/-]{0,24}?(?:\b(?:is|are|was|were|has been|be|does|do|did|will|should|must|need)"
    r"(?:n't| not| never| no longer)\b(?! only)|\b(?:isn't|aren't)\b"
    r"|\b(?:is|are|was|were|has been|have been) (?:removed|dropped|gone|unnecessary|optional"
    r"|irrelevant|overkill)\b|\bnot (?:needed|required|used|necessary|important|a concern)\b"
    r"|\bunnecessary\b)"
)


def negated(prose: Prose, start: int, end: int) -> bool:
    """Whether the words at ``start:end`` are denied by what stands around them."""
    before = prose.before(start, _REACH)
    return (
        _denied_by_not(before)
        or _denied_by_without(before, prose.lower[start:end])
        or _AFTER.match(prose.after(end, 48)) is not None
    )


def _denied_by_not(before: str) -> bool:
    last = _last(_NOT, before)
    return last is not None and not _NOT_ENDS.search(before, last.end())


def _denied_by_without(before: str, words: str) -> bool:
    last = _last(_WITHOUT, before)
    if last is None:
        return False
    cue = last.group().rstrip(" -")
    between = before[last.end() :]
    if cue.startswith(("replac", "migrated", "moved", "dropp", "remov", "away")):
        if _REPLACED_BY.search(between):
            return False  # "replaced MySQL by PostgreSQL" uses the latter
    elif cue == "no" and words.startswith("longer"):
        return False
    count = len(re.findall(r"[\w'+#.-]+", between))
    joined = len(re.findall(r"\b(?:or|nor|and)\b", between))
    if re.search(r"\b(?:with|in|on|from|to|for|by|uses?|using|stores?|holds?|is|are)\b", between):
        return False
    return count <= _WITHOUT_WORDS + 2 * joined


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text):
        found = match
    return found
