"""A role follows from the strongest evidence there is."""

from __future__ import annotations

import pytest

from dca.repository.facts import RoleHints, SourceFacts
from dca.repository.roles import RULES, classify_role
from schemas.context import Endpoint, Role


def source(framework=None, routes=0, calls=0, traits=(), libraries=()):
    endpoints = [Endpoint(method="GET", path=f"/{n}", file="a", line=1) for n in range(routes)]
    endpoints += [Endpoint(method="RPC", path=f"/s/{n}", file="a", line=1) for n in range(calls)]
    return SourceFacts(
        directory=".",
        framework=framework,
        endpoints=tuple(endpoints[:50]),
        endpoint_count=len(endpoints),
        traits=traits,
        libraries=libraries,
    )


@pytest.mark.parametrize(
    ("hints", "role"),
    [
        (RoleHints(image="postgres:16"), Role.SQL_DATABASE),
        (RoleHints(image="bitnami/redis"), Role.CACHE),
        (RoleHints(name="orders", base_image="rabbitmq:3"), Role.MESSAGE_BROKER),
        (RoleHints(name="edge-proxy", image="nginx"), Role.GATEWAY_PROXY),
        (RoleHints(name="site", image="nginx"), Role.WEB_FRONTEND),
        (RoleHints(name="x", source=source("Locust")), Role.LOAD_GENERATOR),
        (RoleHints(name="load-generator"), Role.LOAD_GENERATOR),
        (RoleHints(name="report", workload_kind="CronJob"), Role.BATCH),
        (
            RoleHints(
                name="jobs",
                source=source("Ruby on Rails", 40),
                start_command=("bundle", "exec", "sidekiq"),
            ),
            Role.WORKER,
        ),
        (
            RoleHints(
                name="x", source=source("Django", 40), start_command=("celery", "-A", "x", "worker")
            ),
            Role.WORKER,
        ),
        (RoleHints(name="manager", source=source("controller-runtime")), Role.CONTROLLER),
        (RoleHints(name="gateway", source=source("Spring Cloud Gateway")), Role.GATEWAY_PROXY),
        (RoleHints(name="shop", source=source("Next.js", 10)), Role.WEB_FRONTEND),
        (RoleHints(name="shop", source=source("React"), base_image="nginx:1"), Role.WEB_FRONTEND),
        (RoleHints(name="cart", source=source("gRPC", calls=3)), Role.GRPC_SERVICE),
        (RoleHints(name="orders", source=source("Spring Boot", 9)), Role.BACKEND_API),
        (
            RoleHints(name="orders", source=source("Spring Boot", 1, traits=("queue_consumer",))),
            Role.WORKER,
        ),
        (
            RoleHints(
                name="admin",
                source=source("Flask", 9, traits=("html_rendering", "html_templates")),
            ),
            Role.WEB_FRONTEND,
        ),
        (
            RoleHints(
                name="embeddings",
                source=source("FastAPI", 3, traits=("model",), libraries=("torch", "fastapi")),
            ),
            Role.ML_INFERENCE,
        ),
        (
            RoleHints(
                name="shop", source=source("FastAPI", 30, traits=("model",), libraries=("torch",))
            ),
            Role.BACKEND_API,
        ),
        (RoleHints(name="statistics-worker", source=source("Ktor", 2)), Role.WORKER),
        (RoleHints(name="something", ports=(8080,)), Role.BACKEND_API),
        (
            RoleHints(
                name="shop-api",
                source=source(
                    "controller-runtime",
                    traits=("kubernetes_watch", "http_server"),
                    libraries=("k8s.io/api",),
                ),
            ),
            Role.BACKEND_API,
        ),
        (
            RoleHints(
                name="bootstrap",
                source=source(
                    "net/http", traits=("kubernetes_watch",), libraries=("k8s.io/client-go",)
                ),
            ),
            Role.CONTROLLER,
        ),
        (RoleHints(name="soap-proxy", source=source("Spring Boot", 9)), Role.GATEWAY_PROXY),
        (RoleHints(name="payment-gateway", source=source("Spring Boot", 9)), Role.BACKEND_API),
        (RoleHints(name="product-search", source=source("Spring Boot", 9)), Role.SEARCH_ENGINE),
        (
            RoleHints(
                name="metrics",
                source=source("Ruby on Rails", 40, libraries=("prometheus_exporter",)),
            ),
            Role.OBSERVABILITY,
        ),
        (
            RoleHints(name="shop", source=source("Ruby on Rails", 40, traits=("html_templates",))),
            Role.WEB_FRONTEND,
        ),
        (
            RoleHints(
                name="shop-api", source=source("Ruby on Rails", 40, traits=("html_templates",))
            ),
            Role.BACKEND_API,
        ),
        (RoleHints(name="grafana"), Role.OBSERVABILITY),
        (
            RoleHints(
                name="pages", source=SourceFacts(".", language="PHP", traits=("http_server",))
            ),
            Role.WEB_FRONTEND,
        ),
        (
            RoleHints(
                name="x",
                source=SourceFacts("jobs/report", language="Python", traits=("scheduler",)),
            ),
            Role.BATCH,
        ),
        (
            RoleHints(name="x", source=SourceFacts("x", language="Python", libraries=("boto3",))),
            Role.WORKER,
        ),
        (
            RoleHints(
                name="sso",
                source=source("ASP.NET Core", 8, traits=("html_rendering", "html_templates")),
            ),
            Role.BACKEND_API,
        ),
        (
            RoleHints(name="enforcer", source=source("FastAPI", 4, traits=("admission",))),
            Role.CONTROLLER,
        ),
        (
            RoleHints(name="shopper-bot", source=source(traits=("http_client",))),
            Role.LOAD_GENERATOR,
        ),
        (
            RoleHints(
                name="support-bot",
                source=source("Slack Bolt", traits=("http_client",), libraries=("slack-bolt",)),
            ),
            Role.WORKER,
        ),
        (
            RoleHints(name="edge", base_image="nginx:1", source=source(traits=("only_proxies",))),
            Role.GATEWAY_PROXY,
        ),
        (RoleHints(name="game", start_command=("http-server",), ports=(80,)), Role.WEB_FRONTEND),
        (RoleHints(image="postgres:16", workload_kind="Job"), Role.BATCH),
        (
            RoleHints(
                name="stream",
                source=source("Phoenix", traits=("queue_consumer", "websocket")),
            ),
            Role.BACKEND_API,
        ),
    ],
)
def test_the_strongest_evidence_decides(hints, role):
    assert classify_role(hints)[0] is role


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("python worker.py", Role.WORKER),
        ("python -u -m shop.consumer", Role.WORKER),
        ("node dist/queue.worker.js", Role.WORKER),
        ("java -jar /app/orders-listener.jar", Role.WORKER),
        ("python manage.py rqworker default", Role.WORKER),
        ("php artisan queue:work --tries=3", Role.WORKER),
        ("bundle exec rake jobs:work", Role.WORKER),
        ("bundle exec prometheus_exporter -b 0.0.0.0", Role.OBSERVABILITY),
        ("python manage.py migrate", Role.BATCH),
        ("bin/rails db:migrate", Role.BATCH),
        ("alembic upgrade head", Role.BATCH),
        ("python backfill.py", Role.BATCH),
        ("bin/rails server", Role.BACKEND_API),
        ("python manage.py runserver 0.0.0.0:80", Role.BACKEND_API),
        ("php artisan serve", Role.BACKEND_API),
        ("flask run", Role.BACKEND_API),
        ("java -jar app.jar", Role.BACKEND_API),
        ("gunicorn app:app", Role.BACKEND_API),
    ],
)
def test_the_command_tells_workloads_of_one_image_apart(command, role):
    hints = RoleHints(name="shop", source=source("Flask", 9), start_command=tuple(command.split()))
    assert classify_role(hints)[0] is role


def test_the_web_process_of_an_application_with_workers_answers_requests():
    hints = RoleHints(
        name="shop", source=source("Celery", 8), start_command=("gunicorn", "shop:app")
    )
    assert classify_role(hints)[0] is Role.BACKEND_API


def test_probes_are_no_routes():
    probes = tuple(
        Endpoint(method="GET", path=f"/actuator/{name}", file="a", line=1)
        for name in ("health", "metrics", "info", "prometheus")
    )
    code = SourceFacts(
        ".", framework="Ktor", endpoints=probes, endpoint_count=4, traits=("queue_consumer",)
    )
    assert classify_role(RoleHints(name="x", source=code))[0] is Role.WORKER


def test_without_any_evidence_the_role_is_other_and_said_so():
    assert classify_role(RoleHints()) == (Role.OTHER, "nothing tells what it does")


def test_the_reason_is_a_clause_in_words():
    _, reason = classify_role(RoleHints(image="postgres"))
    assert reason == "the image is PostgreSQL"


def test_each_rule_is_silent_about_nothing():
    assert len(RULES) == len(set(RULES))
