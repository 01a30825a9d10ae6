"""The repository's components and the description's are joined; the repository wins."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dca.description import evidence_of, read_description
from dca.reconcile import reconcile, unique_name
from schemas.context import Component, FoundIn, Role, Use, WorkloadKind


def own(name, role=Role.BACKEND_API, language="Go", framework=None, **more):
    return Component(
        name=name,
        found_in=(FoundIn.DOCKERFILE,),
        role=role,
        language=language,
        framework=framework,
        **more,
    )


def product(key, role, name=None, **more):
    return Component(
        name=name or key, found_in=(FoundIn.COMPOSE,), role=role, third_party=key, **more
    )


def joined(text, *components):
    result, notes = reconcile(components, read_description(text))
    return {item.name: item for item in result}, [(item.code, item.component) for item in notes]


DESIGN = (
    "Supermarket inventory service, zero downtime, 2000 QPS peak, strong consistency, "
    "React frontend + Go/Gin API + PostgreSQL backend"
)


def test_an_empty_repository_gets_the_components_that_are_named():
    components, notes = joined(DESIGN)
    assert list(components) == ["frontend", "api", "postgresql"]
    assert components["frontend"].role is Role.WEB_FRONTEND
    assert (components["api"].language, components["api"].framework) == ("Go", "Gin")
    database = components["postgresql"]
    assert database.third_party == "postgresql"
    assert database.kind is WorkloadKind.STATEFUL_SET
    assert {code for code, _ in notes} == {"unknown.component"}
    assert all(item.found_in == (FoundIn.DESCRIPTION,) for item in components.values())
    assert all(item.demand.peak_rps == 2000 for item in components.values())


def test_what_is_named_is_found_in_the_repository():
    components, notes = joined(
        DESIGN,
        own("web", Role.WEB_FRONTEND, "TypeScript", "React"),
        own("inventory", framework="Gin"),
        product("postgresql", Role.SQL_DATABASE, "db"),
    )
    assert list(components) == ["web", "inventory", "db"]
    assert notes == []
    assert components["inventory"].evidence == ("description:98-108",)


def test_only_what_is_missing_is_added():
    components, notes = joined(DESIGN, own("api", framework="Gin"))
    assert list(components) == ["api", "frontend", "postgresql"]
    assert notes == [("unknown.component", "frontend"), ("unknown.component", "postgresql")]


def test_the_only_component_is_what_a_description_of_one_means():
    components, notes = joined("Go API, 100 rps", own("thing", Role.OTHER, "Go"))
    assert list(components) == ["thing"]
    assert components["thing"].role is Role.BACKEND_API
    assert notes == []


@pytest.mark.parametrize(
    ("text", "component", "code"),
    [
        ("Go API", own("api", language="Python"), "contradiction.language"),
        ("Written in Go", own("api", language="Python"), "contradiction.language"),
        ("Gin API", own("api", framework="Echo"), "contradiction.framework"),
        ("Django service", own("api", language="Go"), "contradiction.language"),
        ("Stateless Go API", own("api", has_volume=True), "contradiction.persistence"),
        ("Go API without Redis", own("api", uses=(Use(name="redis"),)), "contradiction.product"),
        ("Go API with PostgreSQL", own("api", uses=(Use(name="mysql"),)), "contradiction.product"),
    ],
)
def test_a_contradiction_is_reported_and_the_repository_wins(text, component, code):
    components, notes = joined(text, component)
    assert [found for found, _ in notes] == [code]
    assert list(components) == ["api"]
    kept = components["api"]
    assert (kept.language, kept.framework) == (component.language, component.framework)


def test_another_product_of_the_same_role_is_a_contradiction():
    components, notes = joined(
        "Go API with a PostgreSQL database", own("api"), product("mysql", Role.SQL_DATABASE, "db")
    )
    assert list(components) == ["api", "db"]
    assert ("contradiction.product", "db") in notes


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("JavaScript frontend", own("web", Role.WEB_FRONTEND, "TypeScript", "React")),
        ("React frontend", own("web", Role.WEB_FRONTEND, "TypeScript", "Next.js")),
        ("Spring Boot backend", own("api", language="Kotlin", framework="Spring Boot")),
        ("Go API with PostgreSQL", own("api", uses=(Use(name="postgresql"),))),
        ("Stateless Go API", own("api")),
        ("Go API and a Redis cache, no Kafka", own("api", uses=(Use(name="redis"),))),
    ],
)
def test_what_fits_is_no_contradiction(text, component):
    _, notes = joined(text, component)
    assert not any(code.startswith("contradiction") for code, _ in notes)


def test_a_stateless_app_may_have_a_database_with_a_volume():
    components, notes = joined(
        "Stateless Go API with PostgreSQL",
        own("api"),
        product("postgresql", Role.SQL_DATABASE, has_volume=True),
    )
    assert notes == []
    assert components["api"].demand.persistence is False
    assert components["postgresql"].demand.persistence is None


SHOP = (
    own("cart", Role.GRPC_SERVICE, "C#", "ASP.NET Core", source_path="src/cartservice"),
    own("checkout", Role.GRPC_SERVICE, "Go", source_path="src/checkout"),
    own("payment", Role.GRPC_SERVICE, "JavaScript", source_path="src/payment"),
    own("web", Role.WEB_FRONTEND, "TypeScript", "Next.js", source_path="src/web"),
)


@pytest.mark.parametrize(
    "text",
    [
        "Part of the shop. Go gRPC service that calls the payment service, keeps data in Redis.",
        "ASP.NET Core gRPC cart service persisting carts in Valkey. Part of the shop.",
        "Part of a shop. Rust service that calls the others.",
        "Calls the payment service and the catalogue service.",
    ],
)
def test_a_description_of_one_service_adds_no_other(text):
    components, _ = joined(text, *SHOP)
    assert list(components) == [item.name for item in SHOP]


def test_a_language_that_no_component_has_is_a_contradiction():
    _, notes = joined("Part of a shop. Rust service that calls the others.", *SHOP)
    assert [code for code, _ in notes] == ["contradiction.language"]


def test_what_one_service_uses_is_noted_as_its_use():
    components, _ = joined(
        "ASP.NET Core gRPC cart service persisting carts in Valkey. Part of the shop.",
        *SHOP,
        product("valkey", Role.CACHE, "valkey-cart"),
    )
    (use,) = components["cart"].uses
    assert (use.name, use.component) == ("valkey", "valkey-cart")
    assert use.evidence[0].startswith("description:")


def test_a_managed_database_is_a_use_and_no_component():
    components, _ = joined("Go API that stores orders in Amazon RDS for PostgreSQL", own("api"))
    assert list(components) == ["api"]
    assert components["api"].uses[0].name == "postgresql"


def test_an_added_database_provides_what_the_code_uses():
    components, notes = joined(
        "Go API with PostgreSQL", own("api", uses=(Use(name="postgresql", evidence=("file:x",)),))
    )
    assert components["api"].uses == (
        Use(name="postgresql", component="postgresql", evidence=("file:x",)),
    )
    assert notes == [("unknown.component", "postgresql")]


def test_what_is_said_of_one_component_is_laid_over_the_rest():
    components, _ = joined(
        "Mission-critical shop, 99.9 % uptime. The API serves 2000 rps while the worker handles "
        "50 msg/s.",
        own("shop-api"),
        own("mailer", Role.WORKER, "Python"),
    )
    api, worker = components["shop-api"].demand, components["mailer"].demand
    assert (api.peak_rps, api.messages_per_second, api.availability) == (2000, None, 0.999)
    assert (worker.peak_rps, worker.messages_per_second, worker.availability) == (None, 50, 0.999)


def test_the_load_of_one_service_is_not_that_of_the_others():
    components, _ = joined(
        "Go gRPC checkout service, 500 rps, stateless. Part of a demo shop. Business critical.",
        *SHOP,
    )
    checkout, cart = components["checkout"].demand, components["cart"].demand
    assert (checkout.peak_rps, checkout.persistence) == (500, False)
    assert (cart.peak_rps, cart.persistence) == (None, None)
    assert checkout.criticality == cart.criticality == "critical"
    assert cart.sample is True


def test_where_the_whole_is_deployed_holds_for_every_service():
    components, _ = joined(
        "Go gRPC checkout service with mTLS. Part of the shop. This is the production deployment.",
        *SHOP,
    )
    assert components["checkout"].demand.special == ("production", "tls")
    assert components["cart"].demand.special == ("production",)


def test_data_belongs_to_the_component_that_stores_it():
    components, _ = joined("Shop with 300 GB of data. Go API, PostgreSQL and a Redis cache.")
    held = {name: item.demand.data_bytes for name, item in components.items()}
    assert held == {"api": None, "postgresql": 300_000_000_000, "redis": None}


@pytest.mark.parametrize(
    ("text", "language", "role"),
    [
        ("2000 rps, p99 under 50 ms", None, Role.BACKEND_API),
        ("Something in Python", "Python", Role.OTHER),
        ("Ktor, 50 rps", "Kotlin", Role.BACKEND_API),
    ],
)
def test_an_app_without_named_components_is_one_component(text, language, role):
    components, notes = joined(text)
    assert list(components) == ["app"]
    assert (components["app"].language, components["app"].role) == (language, role)
    assert notes == [("unknown.component", "app")]


def test_nothing_known_is_nothing_made_up():
    assert joined("Lorem ipsum dolor sit amet.") == ({}, [])


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("KEDA operator in Go: polls event sources", own("keda")),
        ("nginx serving the images of the shop", own("images", language=None, base_image="nginx")),
    ],
)
def test_a_product_that_the_repository_builds_is_not_added(text, component):
    components, _ = joined(text, component)
    assert len(components) == 1


def test_the_language_of_a_product_is_no_contradiction():
    _, notes = joined("PostgreSQL database, written in C++. Part of the shop.", *SHOP)
    assert [code for code, _ in notes] == ["unknown.component"]


def test_a_worker_of_a_web_framework_is_not_another_framework():
    _, notes = joined("Sidekiq worker", own("jobs", Role.WORKER, "Ruby", "Ruby on Rails"))
    assert notes == []


def test_names_are_unique_labels():
    assert unique_name("API", []) == "api"
    assert unique_name("api", ["api", "api-2"]) == "api-3"
    assert unique_name("---", []) == "app"
    assert len(unique_name("x" * 100, ["x" * 58])) <= 63


WORDS = st.sampled_from(
    """React frontend Go Gin API PostgreSQL backend Redis cache Kafka consumer Celery workers Spring
    Boot service the and + , . with without uses stores in Python worker 2k rps stateless 300 GB of
    data managed MySQL part of nginx""".split()  # noqa: SIM905
)
REPOSITORIES = st.lists(
    st.sampled_from(
        [*SHOP, own("api"), product("mysql", Role.SQL_DATABASE), product("redis", Role.CACHE)]
    ),
    unique_by=lambda item: item.name,
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(text=st.lists(WORDS, max_size=30).map(" ".join), components=REPOSITORIES)
def test_nothing_of_the_repository_is_lost_and_all_evidence_exists(text, components):
    reading = read_description(text)
    result, notes = reconcile(tuple(components), reading)
    assert [item.name for item in result[: len(components)]] == [item.name for item in components]
    names = [item.name for item in result]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) for name in names)
    known = {item.id for item in evidence_of(reading)}
    cited = [e for item in (*result, *notes) for e in item.evidence]
    cited += [e for item in result for use in item.uses for e in use.evidence]
    assert {e for e in cited if e.startswith("description:")} <= known
    providers = {use.component for item in result for use in item.uses if use.component}
    assert providers <= set(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "A stateless image resizing worker. Consumes from RabbitMQ.",
            [("image-resizing-worker", Role.WORKER, WorkloadKind.DEPLOYMENT, ["rabbitmq"])],
        ),
        (
            "We run a nightly batch that crunches files.",
            [("batch", Role.BATCH, WorkloadKind.CRON_JOB, [])],
        ),
        (
            "Search service on top of Elasticsearch with 300 GB index",
            [("search-service", Role.BACKEND_API, WorkloadKind.DEPLOYMENT, ["elasticsearch"])],
        ),
        ("Static docs site on nginx", [("nginx", Role.WEB_FRONTEND, WorkloadKind.DEPLOYMENT, [])]),
    ],
    ids=["worker", "batch", "service", "served by a product"],
)
def test_an_empty_repository_gets_what_the_description_is_about(text, expected):
    found, _ = reconcile((), read_description(text))
    assert [
        (item.name, item.role, item.kind, [use.name for use in item.uses]) for item in found
    ] == expected


def test_data_in_a_database_elsewhere_is_not_the_services_own():
    found, _ = reconcile((), read_description("Search service on top of Elasticsearch, 80 GB"))
    assert found[0].demand.data_bytes is None


def test_own_code_serves_a_frontend_of_which_only_the_framework_is_named():
    found, _ = reconcile(
        (Component(name="web", found_in=(FoundIn.DOCKERFILE,), language="Ruby"),),
        read_description("Shop (Ruby on Rails + React)"),
    )
    assert [item.name for item in found] == ["web"]
