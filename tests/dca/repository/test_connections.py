"""Who talks to whom is read from needs, host names and the schemes of addresses."""

from __future__ import annotations

import json

import pytest

from adapters.helm import UnavailableRenderer
from dca.repository.assemble import read_repository
from tests.bounded import bounded


def uses(checkout, services):
    """Uses of the service ``api`` in a compose file: name to the component that provides it."""
    files = {"compose.yaml": json.dumps({"services": services})}
    reading = read_repository(checkout(files), UnavailableRenderer())
    (api,) = [item for item in reading.components if item.name == "api"]
    known = {item.id for item in reading.evidence}
    assert all(proof in known for use in api.uses for proof in use.evidence)
    return {use.name: use.component for use in api.uses}


def api(**fields):
    return {"image": "acme/api:1", **fields}


def test_what_a_service_depends_on_is_used(checkout):
    services = {"api": api(depends_on=["db", "mail"]), "db": {"image": "postgres:16"},
                "mail": {"image": "acme/mail"}}  # fmt: skip
    assert uses(checkout, services) == {"postgresql": "db", "mail": "mail"}


def test_a_host_in_a_value_names_the_component(checkout):
    services = {"api": api(environment={"MAIL_HOST": "mail", "CACHE": "cache.shop.svc:6379"}),
                "mail": {"image": "acme/mail"}, "cache": {"image": "redis:7"}}  # fmt: skip
    assert uses(checkout, services) == {"mail": "mail", "redis": "cache"}


@pytest.mark.parametrize(
    ("address", "product"),
    [
        ("postgres://u:p@db.example/x", "postgresql"),
        ("postgresql+asyncpg://db.example/x", "postgresql"),
        ("jdbc:postgresql://db.example/x", "postgresql"),
        ("jdbc:mysql://db.example/x", "mysql"),
        ("mongodb+srv://db.example/x", "mongodb"),
        ("rediss://cache.example:6380", "redis"),
        ("amqps://mq.example", "rabbitmq"),
        ("REDIS://CACHE.example", "redis"),
    ],
)
def test_the_scheme_of_an_address_names_the_product(checkout, address, product):
    found = uses(checkout, {"api": api(environment={"URL": address})})
    assert found == {product: None}


@pytest.mark.parametrize("address", ["https://x.example", "a postgres://x", "://x", "postgres:x"])
def test_other_values_name_no_product(checkout, address):
    assert uses(checkout, {"api": api(environment={"URL": address})}) == {}


def test_an_address_is_provided_by_the_only_component_of_its_product(checkout):
    services = {"api": api(environment={"URL": "postgres://elsewhere.example/x"}),
                "store": {"image": "postgres:16"}}  # fmt: skip
    assert uses(checkout, services) == {"postgresql": "store"}


def test_an_address_is_provided_by_nobody_when_two_could(checkout):
    services = {"api": api(environment={"URL": "postgres://elsewhere.example/x"}),
                "one": {"image": "postgres:16"}, "two": {"image": "postgres:16"}}  # fmt: skip
    assert uses(checkout, services) == {"postgresql": None}


def test_nobody_uses_itself(checkout):
    assert uses(checkout, {"api": api(environment={"SELF": "http://api:80"})}) == {}


def test_a_name_inside_a_word_is_no_host(checkout):
    services = {"api": api(environment={"A": "webmail", "B": "mailer"}),
                "mail": {"image": "acme/mail"}}  # fmt: skip
    assert uses(checkout, services) == {}


def test_a_service_of_kubernetes_is_the_host_of_its_workload(checkout):
    def workload(name, env=()):
        pod = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": f"acme/{name}", "env": list(env)}]},
        }
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                "spec": {"template": pod}}  # fmt: skip

    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "orders-http"},
               "spec": {"selector": {"app": "orders"}}}  # fmt: skip
    env = [{"name": "ORDERS", "value": "http://orders-http.shop.svc.cluster.local:8080/x"}]
    documents = [workload("orders"), workload("web", env), service]
    text = "---\n".join(json.dumps(item) + "\n" for item in documents)
    reading = read_repository(checkout({"k8s/all.yaml": text}), UnavailableRenderer())
    (web,) = [item for item in reading.components if item.name == "web"]
    assert [(use.name, use.component) for use in web.uses] == [("orders", "orders")]


def test_at_most_sixty_uses_are_kept(checkout):
    services = {f"s{number}": {"image": f"acme/s{number}"} for number in range(90)}
    services["api"] = api(depends_on=[f"s{number}" for number in range(90)])
    assert len(uses(checkout, services)) == 60


def test_long_values_are_read_in_time(checkout):
    with bounded():
        values = {f"V{number}": ("a." * 1_000 + " ") * 2 for number in range(200)}
        assert uses(checkout, {"api": api(environment=values)}) == {}
