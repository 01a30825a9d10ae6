"""A comment in parts: what is seen, what is folded, and what is cut when it grows too long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ci.handoff.comment.escape import fence_lines, fence_mark

_SLACK = 400
"""Of one folded part: its tags and the words about what was cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together; a cut takes whole lines and leaves head and tail."""

    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    """What opens it: a fence, the head of a table, a title."""
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that a reader opens."""

    title: str
    """HTML, safe."""
    parts: tuple[Part, ...]
    opened: bool = False
    """It is what was asked for, so a reader finds it open."""


@dataclass(frozen=True, slots=True)
class Page:
    """All of a comment."""

    visible: tuple[str, ...]
    """Markdown blocks; never cut, and small by themselves."""
    folds: tuple[Fold, ...] = ()
    footer: str = ""


def text_part(*lines: str) -> Part:
    """Lines of a paragraph or a list."""
    return Part(lines)


def fence_part(info: str, text: str) -> Part:
    """A block of code that its content cannot leave.

    Args:
        info: The language, for colours.
        text: Any text.
    """
    lines = fence_lines(text)
    mark = fence_mark(lines)
    return Part(lines, head=(f"{mark}{info}",), tail=(mark,))


def table_lines(columns: Sequence[tuple[str, bool]]) -> tuple[str, str]:
    """The head of a table.

    Args:
        columns: Title of each column, and whether it holds numbers (then it is right-aligned).
    """
    rule = "|".join("--:" if number else ":--" for _, number in columns)
    return row(title for title, _ in columns), f"|{rule}|"


def row(cells: Iterable[str]) -> str:
    """A row of a table, from safe cells."""
    return f"| {' | '.join(cells)} |"


def listed(lines: Sequence[str], most: int, more: Callable[[int], str]) -> tuple[str, ...]:
    """At most so many lines; the last one then counts those that are left out.

    Args:
        lines: All lines.
        most: How many there is room for.
        more: The words for a number of lines that are left out.
    """
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[: most - 1], more(len(lines) - most + 1))


def part_text(part: Part) -> str:
    """A part as it stands in the page."""
    return "\n".join((*part.head, *part.lines, *part.tail)).rstrip("\n")


def page_text(page: Page, *, limit: int, size: Callable[[str], int], elsewhere: str) -> str:
    """The page as Markdown within a limit: whole where it fits, folded parts cut where not.

    Args:
        page: The page.
        limit: Largest size.
        size: Size of a text.
        elsewhere: Where the whole text is, Markdown.
    """
    lead = "\n\n".join(page.visible)
    left = limit - size(lead) - size(page.footer) - 8
    whole = [list(_blocks(fold.parts)) for fold in page.folds]
    needs = [size(_fold(fold, blocks)) + 2 for fold, blocks in zip(page.folds, whole, strict=True)]
    shares = _shares(needs, left)
    folds = [
        _fold(fold, blocks if need <= share else _cut(fold.parts, share - _SLACK, size, elsewhere))
        for fold, blocks, need, share in zip(page.folds, whole, needs, shares, strict=True)
    ]
    return "\n\n".join(filter(None, [lead, *folds, page.footer])) + "\n"


def utf16_units(text: str) -> int:
    """Length as JavaScript counts it: never less than the number of characters."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """Length in UTF-8."""
    return len(text.encode("utf-8", errors="surrogatepass"))


def _fold(fold: Fold, blocks: Iterable[str]) -> str:
    body = "\n\n".join(blocks)
    tag = "<details open>" if fold.opened else "<details>"
    return f"{tag}<summary>{fold.title}</summary>\n\n{body}\n\n</details>"


def _blocks(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        yield part_text(part)


def _shares(needs: Sequence[int], left: int) -> list[int]:
    """What each may take: the small ones all they need, the others the same."""
    shares = [0] * len(needs)
    order = sorted(range(len(needs)), key=lambda index: needs[index])
    for done, index in enumerate(order):
        shares[index] = min(needs[index], max(0, left) // (len(needs) - done))
        left -= shares[index]
    return shares


def _cut(parts: Sequence[Part], room: int, size: Callable[[str], int], elsewhere: str) -> list[str]:
    """The beginning and the end of the parts, with words in between about what is left out."""
    lines = [(index, text) for index, part in enumerate(parts) for text in part.lines]
    frames = [size("\n".join((*part.head, *part.tail))) + 4 for part in parts]
    first = _fitting(lines, frames, room // 2, size)
    last = _fitting(lines[first:][::-1], frames, room - room // 2, size)
    gone = len(lines) - first - last
    words = f"*… {gone} line{'' if gone == 1 else 's'} left out here; the whole is in {elsewhere}.*"
    ends = (lines[:first], lines[len(lines) - last :] if last else [])
    before, after = ([*_blocks(_kept(parts, end))] for end in ends)
    return [*before, words, *after]


def _fitting(
    lines: Sequence[tuple[int, str]], frames: Sequence[int], room: int, size: Callable[[str], int]
) -> int:
    """How many lines from the beginning fit, with the frames of their parts."""
    used, part = 0, -1
    for count, (index, text) in enumerate(lines):
        used += size(text) + 1 + (frames[index] if index != part else 0)
        part = index
        if used > room:
            return count
    return len(lines)


def _kept(parts: Sequence[Part], lines: Sequence[tuple[int, str]]) -> Iterator[Part]:
    for index in dict.fromkeys(index for index, _ in lines):
        kept = tuple(text for at, text in lines if at == index)
        yield Part(kept, parts[index].head, parts[index].tail)
