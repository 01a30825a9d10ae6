"""The browser's half of an app and the server's: "Vue + Django" are two components.

A framework that runs in the browser and one that serves requests are never one program. A language
alone tells as much, but JavaScript and TypeScript are what browser code is written in anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dca.description.vocabulary import Technology
from schemas.context import Role

_SERVER_SIDE_RENDERED = frozenset(["Next.js", "Nuxt", "SvelteKit", "Remix", "Astro", "Gatsby"])
"""They run on Node.js themselves, so that Node.js beside one says nothing of another half."""
_BROWSER_LANGUAGES = frozenset(["JavaScript", "TypeScript"])
LIBRARIES = frozenset(["gRPC", "GraphQL", "LangChain", "SignalR"])
"""Technologies that do not tell by themselves that something is made of them."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The technologies of each half, neither empty."""

    browser: tuple[Technology, ...]
    server: tuple[Technology, ...]


def halves(technologies: Sequence[Technology], *, only_browser: bool = False) -> Halves | None:
    """The two halves, or None when the technologies may be those of one program.

    Args:
        technologies: All that are named together.
        only_browser: The noun beside them is that of the browser's half ("UI"), so that Node.js is
            what it is built with.
    """
    technologies = tuple(dict.fromkeys(technologies))
    front = next((item for item in technologies if runs_in_browser(item)), None)
    if front is None:
        return None
    own_node = only_browser or front.title in _SERVER_SIDE_RENDERED
    browser = tuple(item for item in technologies if _of_browser(item, own_node=own_node))
    server = tuple(item for item in technologies if item not in browser)
    if not any(item.title not in LIBRARIES and item.role is None for item in server):
        return None
    if any(item.role not in {None, Role.WEB_FRONTEND} for item in server):
        server = tuple(item for item in server if item.role is None)
    return Halves(browser, server)


def runs_in_browser(technology: Technology) -> bool:
    """Whether a technology is a front-end framework with no server language of its own."""
    return technology.role is Role.WEB_FRONTEND and technology.language is None


def _of_browser(technology: Technology, *, own_node: bool) -> bool:
    if technology.is_language:
        return technology.title in _BROWSER_LANGUAGES and (own_node or not technology.server)
    return runs_in_browser(technology)
