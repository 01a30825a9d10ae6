"""Compose files and Procfiles: services, builds, needs and limits."""

from __future__ import annotations

import pytest

from dca.repository.deployment.compose import env_file, is_compose, services
from dca.repository.deployment.documents import parse_documents
from dca.repository.deployment.procfile import processes
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


def service(text, name="a", **variables):
    return read(("compose.yaml", f"services:\n  {name}: {text}\n"), variables={".": variables})


@pytest.mark.parametrize(
    "build",
    [
        "../..",
        "/etc",
        "https://git.example/x.git",
        "git@git.example:x",
        "{context: ../../etc}",
        "{context: '..\\..'}",
        "5",
        "[a]",
    ],
)
def test_a_build_outside_the_repository_is_none(build):
    assert service(f"{{image: acme/a, build: {build}}}")["a"].build is None


@pytest.mark.parametrize("dockerfile", ["../../etc/passwd", "/etc/passwd"])
def test_a_dockerfile_outside_the_repository_is_unknown(dockerfile):
    build = service(f"{{build: {{context: ., dockerfile: {dockerfile}}}}}")["a"].build
    assert (build.context, build.dockerfile) == (".", None)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("['80']", (80,)),
        ("['8080:80', '8081:80']", (80,)),
        ("['127.0.0.1:1:2/udp']", (2,)),
        ("['3000-3005:3000-3005']", (3000,)),
        ("[{target: 9}, {published: 8}]", (9,)),
        ("['$PORT:$PORT']", (7,)),
        ("[99999, -1, x, 0, null]", ()),
        ("{a: b}", ()),
    ],
)
def test_ports_are_those_of_the_container(ports, expected):
    assert service(f"{{image: x, ports: {ports}}}", PORT="7")["a"].ports == expected


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ("['data:/data']", True),
        ("[{type: volume, source: d, target: /d}]", True),
        ("['./src:/src']", False),
        ("['/var/run:/run']", False),
        ("['~/x:/x', '$HOME:/h']", False),
        ("[/anonymous]", False),
        ("{a: b}", False),
    ],
)
def test_only_named_volumes_keep_data(volumes, expected):
    assert service(f"{{image: x, volumes: {volumes}}}")["a"].has_volume is expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("mem_limit: 256m", (None, None, 256 * MIB)),
        ("cpus: 0.25, mem_limit: 1g", (None, 250, GIB)),
        ("scale: 3", (3, None, None)),
        ("deploy: {replicas: 0}", (0, None, None)),
        ("cpus: many, mem_limit: lots, scale: -1", None),
        ("deploy: {resources: {limits: {cpus: true}}}", None),
        ("deploy: 5", None),
    ],
)
def test_limits_of_every_version_of_the_format_are_read(settings, expected):
    current = service(f"{{image: x, {settings}}}")["a"].current
    found = (current.replicas, current.cpu_limit, current.memory_limit) if current else None
    assert found == expected


def test_environment_written_as_a_list_and_as_a_mapping_is_the_same():
    listed = service("{image: x, environment: [A=1, B=x=y, C]}")["a"].environment
    mapped = service("{image: x, environment: {A: 1, B: x=y, C: null}}")["a"].environment
    assert listed == mapped == {"A": "1", "B": "x=y", "C": ""}


def test_the_plain_file_counts_before_one_for_development():
    found = read(
        ("docker-compose.dev.yml", "services: {a: {image: dev, command: watch}}"),
        ("docker-compose.yml", "services: {a: {image: plain}}"),
    )
    assert (found["a"].image, found["a"].command) == ("plain", ("watch",))


def test_services_of_two_directories_are_two():
    documents = [
        item
        for path in ("x/compose.yaml", "y/compose.yaml")
        for item in parse_documents(path, "services: {a: {image: x}}")[0]
    ]
    assert len(services(documents, {})) == 2


def test_at_most_two_hundred_services_of_a_file_are_read():
    text = "services:\n" + "".join(f"  s{number}: {{image: x}}\n" for number in range(500))
    assert len(read(("compose.yaml", text))) == 200


def test_an_env_file_is_no_program():
    text = 'A=$(rm -rf /)\nB=`id`\nC=\nD = e\n=x\nexport F="g"\n' + "H=" + "i" * 100_000
    found = env_file(text)
    assert found["A"] == "$(rm -rf /)"
    assert found["F"] == "g"
    assert len(found["H"]) < 64_000


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("data:/data", "other:/data", True),
        ("data:/data", "data:/data", False),
        ("data:/data:ro", "other:/data", False),
        ("data:/data", "data:/data:ro", True),
    ],
    ids=["its own", "shared", "only read", "read by another"],
)
def test_a_volume_of_several_services_is_no_ones_own(first, second, expected):
    found = service(f"{{image: x, volumes: ['{first}']}}\n  b: {{image: y, volumes: ['{second}']}}")
    assert found["a"].has_volume is expected
