"""Compose files and Procfiles: services, builds, needs and limits."""

from __future__ import annotations

import pytest

from dca.repository.compose import env_file, is_compose, services
from dca.repository.documents import parse_documents
from dca.repository.procfile import processes
from schemas.quantities import GIB, MIB

SHOP = """\
services:
  api:
    build: {context: ./api, dockerfile: Dockerfile.prod, target: run, args: [V=2]}
    image: acme/api:${TAG:-latest}
    command: gunicorn -w 4 app:app
    environment: ["REDIS_URL=redis://cache:6379", DEBUG]
    ports: ["127.0.0.1:22:22", {target: 8080}]
    depends_on: {db: {condition: service_healthy}}
    links: [cache]
    deploy:
      replicas: 2
      resources: {limits: {cpus: '0.50', memory: 512M}, reservations: {memory: 1gb}}
  db:
    image: postgres:16
    volumes: ["data:/var/lib/postgresql/data"]
  broken: 5
  outside:
    build: ../../..
"""


def read(*pairs, variables=None):
    documents = [item for path, text in pairs for item in parse_documents(path, text)[0]]
    return {run.name: run for run in services(documents, variables or {})}


def test_a_service_is_read():
    api = read(("deploy/compose.yaml", SHOP))["api"]
    assert (api.build.context, api.build.dockerfile) == ("deploy/api", "deploy/api/Dockerfile.prod")
    assert (api.build.target, api.build.arguments) == ("run", {"V": "2"})
    assert (api.image, api.ports) == ("acme/api:latest", (22, 8080))
    assert (api.needs, api.line) == (("db", "cache"), 2)
    current = api.current
    assert (current.replicas, current.cpu_limit, current.memory_limit) == (2, 500, 512 * MIB)
    assert current.memory_request == GIB


def test_a_named_volume_is_a_volume_and_odd_services_are_left_out():
    found = read(("compose.yaml", SHOP))
    assert found["db"].has_volume
    assert set(found) == {"api", "db"}


def test_variables_of_the_env_file_are_filled_in():
    assert env_file("# c\nexport TAG='1.2'\nbad line\n") == {"TAG": "1.2"}
    assert read(("compose.yaml", SHOP), variables={".": {"TAG": "7"}})["api"].image == "acme/api:7"


def test_an_override_fills_in_what_the_plain_file_leaves_open():
    override = "services: {db: {image: postgres:15, ports: ['5432:5432'], command: x}}"
    found = read(("compose.override.yml", override), ("compose.yml", SHOP))
    assert (found["db"].image, found["db"].ports, found["db"].command) == (
        "postgres:16",
        (5432,),
        ("x",),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("docker-compose.yml", True),
        ("a/docker-compose.prod.yaml", True),
        ("compose.yaml", True),
        ("decompose.yaml", False),
        ("compose.json", False),
    ],
)
def test_names_of_compose_files(name, expected):
    assert is_compose(name) is expected


def test_process_types_that_keep_running_are_read():
    text = "web: gunicorn -w 3 app:app\nworker: celery -A app worker\nrelease: migrate\n# x\nbad\n"
    found = processes("api/Procfile", text)
    assert [(run.name, run.line, run.build.context) for run in found] == [
        ("web", 1, "api"),
        ("worker", 2, "api"),
    ]
