"""What all connections to model servers have in common."""

from __future__ import annotations

import re
import ssl
from functools import lru_cache
from importlib import import_module

from adapters.llm.provider import ProviderFailure
from schemas.prose import defused, shown

_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
LONGEST = 200
"""Characters of a server's own words that are repeated."""


def load(*modules: str, extra: str | None = None) -> None:
    """Import what a request needs, and make what all requests share.

    Args:
        modules: Names of modules.
        extra: The extra of this package that brings them.

    Raises:
        ProviderFailure: One is not installed.
    """
    try:
        for name in modules:
            import_module(name)
    except ImportError:
        package = f"ai-provision[{extra}]" if extra else "ai-provision"
        raise ProviderFailure(
            f"the library is not installed; pip install '{package}' brings it", fatal=True
        ) from None
    tls()


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """How servers are verified; made once, since reading the authorities takes 25 ms."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def is_redirect(status: int) -> bool:
    """The server sends the client elsewhere: nobody knows to whom the key would go."""
    return 300 <= status < 400


def elsewhere(status: int) -> str:
    """Why a redirect is not followed."""
    return (
        f"the server redirects ({status}), which is not followed; "
        "set AI_PROVISION_LLM_URL to the address where the model is"
    )


def words_of(server: str, secret: str | None = None) -> str:
    """What a server says, as it may be shown; empty when it says nothing.

    Args:
        server: Its words, which may be anybody's.
        secret: The key, which some servers repeat.
    """
    text = server.replace(secret, "(the key)") if secret else server
    return shown(defused(shown(_ESCAPE.sub("", text))), LONGEST)
