"""Which running workload a component is: never a wrong certain one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.metrics.names import is_common
from dca.metrics.resolve import LEAST, Match, NoMatch, resolve
from dca.metrics.rules import ChosenWorkload, Surroundings
from schemas.context import WorkloadKind
from schemas.errors import UsageError
from schemas.trigger import Environment
from tests.dca.metrics.cluster import component, deployed, listing, product


def one(item, *listings, **around):
    return resolve([item], listings, Surroundings(**around))[item.name]


def test_namespace_kind_and_name_of_the_manifest_are_certain():
    found = one(
        deployed("api", namespace="shop"),
        listing("shop/Deployment/api"),
        listing("blog/Deployment/api"),
    )
    assert str(found.key) == "shop/Deployment/api"
    assert found.confidence == 1.0
    assert "namespace, kind and name" in found.how


def test_a_telling_name_without_a_namespace_is_found_but_not_certain():
    found = one(deployed("inventory-api"), listing("prod/Deployment/inventory-api"))
    assert str(found.key) == "prod/Deployment/inventory-api"
    assert 0.9 <= found.confidence < 1


@pytest.mark.parametrize("name", ["api", "web", "redis", "worker", "auth", "backend-service"])
def test_a_name_that_many_apps_have_is_not_enough_alone(name):
    found = one(deployed(name), listing(f"other-team/Deployment/{name}"))
    assert isinstance(found, NoMatch)
    assert [str(key) for key in found.candidates] == [f"other-team/Deployment/{name}"]
    assert is_common(name)


def test_a_common_name_counts_where_other_components_of_the_app_run():
    items = [deployed("inventory-sync"), deployed("api")]
    listings = [
        listing("shop/Deployment/inventory-sync"),
        listing("shop/Deployment/api"),
        listing("blog/Deployment/api"),
    ]
    found = resolve(items, listings, Surroundings())
    assert str(found["api"].key) == "shop/Deployment/api"
    assert found["api"].confidence < 1


def test_a_common_name_counts_in_a_namespace_that_is_called_like_the_repository():
    found = one(deployed("api"), listing("shop/Deployment/api"), app="shop")
    assert isinstance(found, Match)


def test_a_single_word_needs_a_second_sign_where_no_manifest_says_it():
    running = listing("prod/Deployment/checkout")
    assert isinstance(one(component("checkout"), running), NoMatch)
    assert isinstance(one(deployed("checkout"), running), Match)
    assert isinstance(one(component("checkout"), running, namespace="prod"), Match)
    assert isinstance(
        one(component("stock-checkout"), listing("x/Deployment/stock-checkout")), Match
    )


def test_a_repository_that_is_called_like_any_other_says_nothing_about_a_namespace():
    running = listing("server/Deployment/api-deployment")
    assert isinstance(one(component("api"), running, app="server"), NoMatch)


def test_one_doubtful_match_does_not_draw_the_others_into_its_namespace():
    items = [component("chatbot"), component("agent"), component("frontend")]
    listings = [listing(f"samples/Deployment/{n}") for n in ("chatbot", "adk-agent", "frontend")]
    found = resolve(items, listings, Surroundings())
    assert all(isinstance(item, NoMatch) for item in found.values())


def test_two_workloads_that_are_as_likely_are_no_match():
    found = one(
        deployed("inventory-api"),
        listing("red/Deployment/inventory-api"),
        listing("blue/Deployment/inventory-api"),
    )
    assert isinstance(found, NoMatch)
    assert "several" in found.reason
    assert len(found.candidates) == 2


@pytest.mark.parametrize(
    ("environment", "namespace"),
    [(Environment.PROD, "shop-prod"), (Environment.STAGING, "shop-staging")],
    ids=["prod", "staging"],
)
def test_the_environment_in_question_decides_between_namespaces(environment, namespace):
    found = one(
        deployed("inventory-api"),
        listing("shop-prod/Deployment/inventory-api"),
        listing("shop-staging/Deployment/inventory-api"),
        environment=environment,
    )
    assert found.key.namespace == namespace
    assert found.confidence < 1


def test_a_namespace_without_a_stage_is_production_beside_one_that_is_staging():
    found = one(
        deployed("inventory-api"),
        listing("shop/Deployment/inventory-api"),
        listing("shop-staging/Deployment/inventory-api"),
    )
    assert found.key.namespace == "shop"


def test_the_only_workload_of_another_environment_is_not_taken_for_sure():
    found = one(component("inventory-sync"), listing("shop-dev/Deployment/inventory-sync"))
    assert not isinstance(found, Match) or found.confidence < 0.7


def test_the_namespace_that_the_trigger_names_decides():
    found = one(
        deployed("inventory-api"),
        listing("red/Deployment/inventory-api"),
        listing("blue/Deployment/inventory-api"),
        namespace="blue",
    )
    assert found.key.namespace == "blue"


def test_a_chart_is_found_under_another_release_name():
    item = deployed(
        "orders",
        workload="boutique-orders",
        chart="charts/boutique",
        labels={"app.kubernetes.io/instance": "boutique"},
    )
    found = one(item, listing("prod/Deployment/summer-orders"), listing("prod/Deployment/mail"))
    assert str(found.key) == "prod/Deployment/summer-orders"
    assert found.how.startswith("the chart's name")


def test_another_release_of_a_common_name_needs_a_second_sign():
    item = deployed("worker", workload="legal-worker", chart="deploy/legal", kind="Deployment",
                    labels={"app.kubernetes.io/instance": "legal"})  # fmt: skip
    assert isinstance(one(item, listing("x/Deployment/onyx-loadtest-worker")), NoMatch)
    assert isinstance(one(item, listing("legal/Deployment/prod-worker"), app="legal"), Match)


def test_a_kustomization_may_put_a_prefix_before_the_name():
    item = deployed("orders", kustomization="overlays/prod")
    found = one(item, listing("shop/Deployment/eu-orders"))
    assert str(found.key) == "shop/Deployment/eu-orders"


def test_a_rollout_takes_the_place_of_a_deployment():
    found = one(deployed("orders", namespace="shop"), listing("shop/Rollout/orders"))
    assert found.key.kind == "Rollout"
    assert found.confidence < 1


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_what_ends_is_no_service(kind):
    assert isinstance(one(deployed("orders"), listing(f"shop/{kind}/orders")), NoMatch)
    batch = component("orders", kind=WorkloadKind(kind))
    assert isinstance(one(batch, listing("shop/Deployment/orders")), NoMatch)


def test_an_image_of_the_same_owner_and_name_speaks_for_a_common_name():
    item = deployed("api", image="ghcr.io/acme/shop-api:1.4.0")
    same = listing("prod/Deployment/api", images=["registry.corp/acme/shop-api@sha256:00"])
    other = listing("blog/Deployment/api", images=["ghcr.io/blog/blog-api:2"])
    found = one(item, same, other)
    assert str(found.key) == "prod/Deployment/api"


def test_own_code_is_not_found_in_a_workload_that_runs_a_product():
    found = one(component("orders"), listing("shop/Deployment/orders", images=["redis:7"]))
    assert isinstance(found, NoMatch)


def test_a_product_is_found_by_its_image_beside_the_app():
    items = [deployed("inventory-api"), product("postgresql", "postgresql")]
    listings = [
        listing("shop/Deployment/inventory-api"),
        listing("shop/StatefulSet/data", "db", images=["docker.io/bitnami/postgresql:16"]),
        listing("other/StatefulSet/pg", "db", images=["postgres:15"]),
    ]
    found = resolve(items, listings, Surroundings())
    assert str(found["postgresql"].key) == "shop/StatefulSet/data"
    assert found["postgresql"].container == "db"


def test_a_product_somewhere_in_the_cluster_is_not_the_apps():
    found = one(
        product("postgresql", "postgresql"), listing("x/StatefulSet/pg", images=["postgres:15"])
    )
    assert isinstance(found, NoMatch)


def test_two_databases_beside_the_app_are_not_told_apart():
    items = [deployed("inventory-api"), product("postgresql", "postgresql")]
    listings = [
        listing("shop/Deployment/inventory-api"),
        listing("shop/StatefulSet/pg-orders", images=["postgres:15"]),
        listing("shop/StatefulSet/pg-users", images=["postgres:15"]),
    ]
    found = resolve(items, listings, Surroundings())["postgresql"]
    assert isinstance(found, NoMatch)
    assert len(found.candidates) == 2


def test_the_container_of_the_manifest_is_the_components():
    found = one(
        deployed("orders", namespace="shop", container="main"),
        listing("shop/Deployment/orders", "istio-proxy", "main", "log-shipper"),
    )
    assert found.container == "main"
    assert found.confidence == 1.0


def test_injected_containers_are_never_the_components():
    running = listing("shop/Deployment/orders", "istio-proxy", "server")
    found = one(component("orders"), running, app="shop")
    assert found.container == "server"


def test_a_container_that_is_not_clear_is_no_match():
    found = one(component("orders"), listing("shop/Deployment/orders", "a", "b"), app="shop")
    assert isinstance(found, NoMatch)
    assert "container" in found.reason


def test_one_container_is_not_two_components():
    items = [component("orders"), component("orders-service")]
    found = resolve(items, [listing("shop/Deployment/orders-app")], Surroundings())
    assert sum(isinstance(item, Match) for item in found.values()) <= 1


def test_nothing_alike_has_a_reason_and_no_candidates():
    found = one(component("orders"), listing("shop/Deployment/mailer"))
    assert found == NoMatch("no running workload is called like it")


class TestChosen:
    def test_what_the_user_chose_is_certain(self):
        choice = ChosenWorkload.parse("api=other/StatefulSet/thing")
        found = one(
            deployed("api", namespace="shop"),
            listing("shop/Deployment/api"),
            listing("other/StatefulSet/thing", "x"),
            chosen=(choice,),
        )
        assert (str(found.key), found.container, found.confidence) == (
            "other/StatefulSet/thing",
            "x",
            1.0,
        )

    def test_a_container_may_be_chosen_too(self):
        choice = ChosenWorkload.parse("shop/Deployment/orders/b")
        found = one(
            component("orders"), listing("shop/Deployment/orders", "a", "b"), chosen=(choice,)
        )
        assert found.container == "b"

    def test_the_kind_may_be_written_small(self):
        choice = ChosenWorkload.parse("shop/deployment/orders")
        found = one(component("api"), listing("shop/Deployment/orders"), chosen=(choice,))
        assert str(found.key) == "shop/Deployment/orders"

    def test_what_the_source_does_not_have_is_told(self):
        choice = ChosenWorkload.parse("shop/Deployment/gone")
        found = one(component("api"), chosen=(choice,))
        assert "has nothing of shop/Deployment/gone, which --workload names" in found.reason

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("nope=shop/Deployment/api", "no such component"),
            ("shop/Deployment/thing", "does not say which component"),
        ],
    )
    def test_a_choice_for_no_certain_component_is_refused_with_their_names(self, text, words):
        chosen = (ChosenWorkload.parse(text),)
        with pytest.raises(UsageError, match=words) as error:
            resolve([component("api"), component("web")], [], Surroundings(chosen=chosen))
        assert "api, web" in error.value.hint

    def test_without_a_component_the_name_decides(self):
        chosen = (ChosenWorkload.parse("shop/Deployment/summer-orders"),)
        found = resolve(
            [component("orders"), component("web")],
            [listing("shop/Deployment/summer-orders")],
            Surroundings(chosen=chosen),
        )
        assert found["orders"].confidence == 1.0

    def test_two_choices_for_one_component_are_refused(self):
        chosen = (ChosenWorkload.parse("api=a/Deployment/x"), ChosenWorkload.parse("api=b/Pod/y"))
        with pytest.raises(UsageError, match="two workloads"):
            resolve([component("api")], [], Surroundings(chosen=chosen))

    @pytest.mark.parametrize("text", ["", "x", "a/b", "=a/b/c", "a/b/c/d/e", "a/b/c/", "a/ b/c"])
    def test_another_form_is_refused(self, text):
        with pytest.raises(ValueError, match=r"namespace/Kind/name|container"):
            ChosenWorkload.parse(text)


_NAMES = st.sampled_from(
    [*["api", "orders", "orders-api", "shop-orders", "web", "redis", "orders-staging"], "x", "0"]
)


@given(st.lists(_NAMES, max_size=4, unique=True), st.lists(_NAMES, max_size=6), _NAMES)
def test_matches_are_always_distinct_and_certain_only_by_the_manifest(names, running, app):
    components = [deployed(name) for name in names]
    listings = [listing(f"ns{n % 3}/Deployment/{name}") for n, name in enumerate(running)]
    found = resolve(components, listings, Surroundings(app=app))
    matches = [item for item in found.values() if isinstance(item, Match)]
    assert set(found) == set(names)
    assert all(LEAST <= item.confidence < 1 for item in matches)
    assert len({(item.key, item.container) for item in matches}) == len(matches)


def test_a_cluster_with_thousands_of_workloads_is_searched_quickly():
    listings = [listing(f"team{n % 50}/Deployment/service-{n}-api") for n in range(5000)]
    items = [deployed(f"part-{n}-api", image=f"acme/part-{n}") for n in range(10)]
    resolve(items, listings[:100], Surroundings())
    start = time.perf_counter()
    resolve(items, listings, Surroundings(app="shop"))
    assert time.perf_counter() - start < 8
