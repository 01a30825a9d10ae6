"""What a fact is worth for a component, and which needs are covered."""

import pytest

from dca.docs.coverage import holds, match_of, missing, own_match, serves, usable
from dca.docs.needs import Match, needs_of
from dca.docs.subject import subject_of
from schemas.context import Role, RuntimeSettings
from schemas.knowledge import FactKind
from tests.dca.docs.corpus import component, fact, product

SIZE = {"memory_request_mib": 256}
CASES = {
    "its product": (product(), {"products": ("postgres",)}, Match.PRODUCT),
    "its product, whatever role the fact gives": (
        product(),
        {"products": ("postgres",), "roles": (Role.PLATFORM,)},
        Match.PRODUCT,
    ),
    "the product it is a part of": (
        product("postgresql-ha"),
        {"products": ("postgresql",)},
        Match.PRODUCT,
    ),
    "another product of its role": (
        product(),
        {"products": ("mysql",), "roles": (Role.SQL_DATABASE,)},
        Match.ROLE,
    ),
    "another product, its role known by the catalogue": (
        product(),
        {"products": ("mysql",)},
        Match.ROLE,
    ),
    "a product of another role": (product(), {"products": ("kafka",)}, None),
    "a product nobody knows": (product(), {"products": ("frobnicator",)}, None),
    "products that fit nowhere are no neighbours": (
        product("wordpress", Role.PLATFORM),
        {"products": ("odoo",), "roles": (Role.PLATFORM,)},
        None,
    ),
    "a product, for own code of that role": (
        component(role=Role.GATEWAY_PROXY),
        {"products": ("envoy",), "roles": (Role.GATEWAY_PROXY,)},
        None,
    ),
    "its framework": (component(), {"frameworks": ("gin",)}, Match.FRAMEWORK),
    "its framework in another spelling": (
        component(framework="Spring Boot", language="Java"),
        {"frameworks": ("springboot",)},
        Match.FRAMEWORK,
    ),
    "its framework listed as a product": (component(), {"products": ("gin",)}, Match.FRAMEWORK),
    "its server": (
        component(language="Python", runtime=RuntimeSettings(server="gunicorn")),
        {"products": ("gunicorn",)},
        Match.FRAMEWORK,
    ),
    "another framework of its language": (
        component(framework="Flask", language="Python"),
        {"frameworks": ("django",), "languages": ("python",)},
        Match.ROLE,
    ),
    "another framework of another language": (
        component(),
        {"frameworks": ("django",), "languages": ("python",)},
        None,
    ),
    "its language": (component(), {"languages": ("go",)}, Match.LANGUAGE),
    "the runtime of its language": (
        component(language="TypeScript", framework=None),
        {"languages": ("node",)},
        Match.LANGUAGE,
    ),
    "its language in another role": (
        component(),
        {"languages": ("go",), "roles": (Role.CONTROLLER,)},
        None,
    ),
    "another language": (component(), {"languages": ("rust",)}, None),
    "the language a product is written in": (
        product("kafka", Role.MESSAGE_BROKER, language="Java"),
        {"languages": ("java",)},
        None,
    ),
    "its role": (component(), {"roles": (Role.BACKEND_API,)}, Match.ROLE),
    "another role": (component(), {"roles": (Role.CACHE,)}, None),
    "everything": (component(), {}, Match.GENERAL),
}


@pytest.mark.parametrize(("part", "about", "expected"), CASES.values(), ids=CASES)
def test_a_fact_is_matched_by_the_most_specific_thing_it_names(part, about, expected):
    assert match_of(fact("some-fact", SIZE, **about), subject_of(part)) is expected


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"products": ("x",), "languages": ("go",)}, Match.PRODUCT),
        ({"frameworks": ("x",), "roles": (Role.CACHE,)}, Match.FRAMEWORK),
        ({"languages": ("go",), "roles": (Role.CACHE,)}, Match.LANGUAGE),
        ({"roles": (Role.CACHE,)}, Match.ROLE),
        ({}, Match.GENERAL),
    ],
    ids=["product", "framework", "language", "role", "general"],
)
def test_how_specific_a_fact_can_be_at_all(about, expected):
    assert own_match(fact("some-fact", **about)) is expected


def test_only_numbers_under_known_names_are_usable():
    figures = {"memory_request_mib": 1, "cpu_request_millicores": True, "memory_limit_mib": "64",
               "cores": 64, "replicas_count": 3.0}  # fmt: skip
    assert usable(fact("some-fact", figures)) == {"memory_request_mib", "replicas_count"}


def test_a_neighbours_figure_leaves_a_products_need_open():
    subject = subject_of(product())
    needs = needs_of(subject)
    neighbour = (fact("mysql-size", SIZE, products=("mysql",)), Match.ROLE)
    own = (fact("pg-size", SIZE, products=("postgres",)), Match.PRODUCT)
    assert missing(needs, [neighbour]) == needs
    assert {need.figure.value for need in needs} - {
        need.figure.value for need in missing(needs, [neighbour, own])
    } == {"memory_request_mib"}


def test_nothing_found_leaves_everything_missing():
    needs = needs_of(subject_of(component()))
    assert missing(needs, []) == needs


def test_of_others_only_wanted_figures_are_shown_and_of_itself_everything():
    needs = needs_of(subject_of(product()))
    advice = fact("advice", {"shared_buffers_fraction": 0.25})
    assert serves(advice, Match.PRODUCT, needs)
    assert not serves(advice, Match.ROLE, needs)
    assert not serves(advice, Match.GENERAL, needs)
    assert serves(fact("size", SIZE), Match.ROLE, needs)
    assert not holds(advice, needs)


def test_a_document_that_the_operator_added_is_shown_without_a_figure():
    added = fact("our-rules", kind=FactKind.DOCUMENT)
    assert serves(added, Match.GENERAL, needs_of(subject_of(component())))
