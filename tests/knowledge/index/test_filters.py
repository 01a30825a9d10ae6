"""Filters select; what restricts nothing passes."""

import pytest

from knowledge.index.filters import Facets, Match, facets_of, match, owner_of
from schemas.context import Role
from schemas.knowledge import FactKind, FactSource, KnowledgeQuery, SourceGrade
from tests.knowledge.index.sample import FACTS, fact

FROB, _, GO, NODE, SPRING, VPA = map(facets_of, FACTS)
CACHE = facets_of(fact("role-cache", "Something about caches.", roles=(Role.CACHE,)))


@pytest.mark.parametrize(
    ("facets", "query", "expected"),
    [
        (FROB, {}, Match.NONE),
        (FROB, {"products": ("frobdb",)}, Match.PRODUCT),
        (FROB, {"products": ("FrobDB", "other")}, Match.PRODUCT),
        (FROB, {"products": ("other",)}, None),
        (VPA, {"products": ("frob",)}, None),
        (GO, {"languages": ("go",)}, Match.LANGUAGE),
        (NODE, {"languages": ("go",)}, None),
        (VPA, {"languages": ("go",)}, Match.NONE),
        (SPRING, {"languages": ("java",), "frameworks": ("spring boot",)}, Match.FRAMEWORK),
        (SPRING, {"languages": ("java",), "frameworks": ("quarkus",)}, None),
        (CACHE, {"roles": (Role.CACHE,)}, Match.ROLE),
        (CACHE, {"roles": (Role.WORKER,)}, None),
        (FROB, {"kinds": (FactKind.BENCHMARK,)}, None),
        (FROB, {"kinds": (FactKind.VENDOR_GUIDANCE,)}, Match.NONE),
        (FROB, {"figures": ("cache_fraction", "other")}, Match.NONE),
        (FROB, {"figures": ("other",)}, None),
    ],
)
def test_a_fact_passes_when_it_names_the_word_or_restricts_nothing(facets, query, expected):
    assert match(facets, KnowledgeQuery(text="x", **query)) is expected


@pytest.mark.parametrize(
    ("url", "repository", "owner"),
    [
        ("https://github.com/Acme/shop/blob/main/x.yaml", None, "acme"),
        ("https://raw.githubusercontent.com/acme/shop/main/x", None, "acme"),
        ("https://gitlab.com/acme/shop", None, "acme"),
        ("https://acme.github.io/shop/", None, "acme"),
        ("https://example.org/doc", "acme/shop", "acme"),
        ("https://example.org/acme/doc", None, ""),
        ("https://github.com", None, ""),
        ("file:notes.md", None, ""),
    ],
)
def test_the_owner_is_that_of_the_repository_or_else_of_the_url(url, repository, owner):
    source = FactSource(url=url, title="Doc", grade=SourceGrade.SOURCE_CODE, repository=repository)
    assert owner_of(FACTS[0].model_copy(update={"source": source})) == owner


def test_facets_survive_being_stored():
    assert Facets.from_row(FROB.to_row()) == FROB
