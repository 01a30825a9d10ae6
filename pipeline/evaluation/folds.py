"""What the model still knows when owners are left out."""

from __future__ import annotations

from dataclasses import replace

from pipa.constants import Constants, load_constants
from pipa.observations import source_of

_FALLBACK = "fallback-"
"""Rules of a role, which every component may need; they are of no single chart."""


def constants_without(owners: frozenset[str]) -> Constants:
    """The figures of the model without the product rules that repositories of `owners` state.

    A product whose rule is left out is sized by its role, like one that nobody has heard of. What
    was fitted to workloads is the fit without these owners' workloads.

    Args:
        owners: Lower case.

    Raises:
        SettingsError: The constants that ship with the package cannot be read.
    """
    constants = load_constants(exclude_owners=owners)
    kept = {
        key: product
        for key, product in constants.products.items()
        if key.startswith(_FALLBACK)
        or owner_in(constants.sources[product.source].url) not in owners
    }
    return replace(constants, products=kept)


def cited_owners() -> frozenset[str]:
    """Owners of the repositories from which figures of the model, other than products, are taken.

    Those figures cannot be left out one by one: the rows of these owners are shown apart instead.
    """
    urls = (constant.source_url for constant in load_constants().by_id.values())
    return frozenset(owner for url in urls if (owner := owner_in(url)))


def owner_in(url: str) -> str | None:
    """Owner of the repository behind a URL, lower case; None for any other site.

    >>> owner_in("https://github.com/Bitnami/charts/blob/main/values.yaml")
    'bitnami'
    """
    owner, slash, _ = source_of(url).partition("/")
    return owner if slash and ":" not in owner else None
