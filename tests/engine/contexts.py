"""Apps, clusters and policies drawn from a seed: what a model is put to in five hundred runs."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from adapters.policies import load_policies
from rva.policies import DEFAULT_POLICY
from schemas.knowledge import Fact
from schemas.ports import PolicySet
from schemas.quantities import MIB, Bytes, Millicores
from schemas.trigger import ClusterFacts, Environment, LimitRangeFacts, NodeFacts, QuotaFacts
from tests.dca.docs.corpus import fact

_LOADS = (
    "{n} requests per second at peak",
    "{n} concurrent users",
    "about {n} orders per minute",
    "keeps {n} connections open",
    "{n} messages per second",
    "in der Spitze {n} Anfragen pro Sekunde",
    "nobody knows its load",
)
_LEVELS = (
    "zero downtime",
    "99.{d} % availability",
    "answers in {d} ms",
    "an internal tool, outages cost nothing",
    "payments stop when it is down",
    "",
)
_PURPOSES = ("Shop", "Booking service", "Ticket system", "Wiki", "Rechnungsdienst", "Photo archive")
_STORES = ("PostgreSQL", "Redis", "Kafka", "MongoDB", "")

_GO = {
    "Dockerfile": 'FROM golang:1.{v}\nCOPY . .\nRUN go build\nEXPOSE 8080\nENTRYPOINT ["/app"]\n',
    "go.mod": "module example.com/x\ngo 1.{v}\nrequire github.com/gin-gonic/gin v1.10.0\n",
    "main.go": "package main\nfunc main() {{}}\n",
}
_PYTHON = {
    "Dockerfile": "FROM python:3.{w}\nCOPY . .\nRUN pip install -r requirements.txt\n"
    'CMD ["gunicorn", "-w", "{workers}", "app:app"]\n',
    "requirements.txt": "django==5.0\ngunicorn\npsycopg\n",
    "app.py": "app = None\n",
}
_NODE = {
    "Dockerfile": 'FROM node:{v}\nCOPY . .\nRUN npm ci\nEXPOSE 3000\nCMD ["node", "server.js"]\n',
    "package.json": '{{"dependencies": {{"express": "^4.0.0"}}}}',
    "server.js": "",
}
_JAVA = {
    "Dockerfile": "FROM eclipse-temurin:{v}\nCOPY app.jar .\n"
    'CMD ["java", "-Xmx{heap}m", "-jar", "app.jar"]\n',
    "pom.xml": "<project><artifactId>x</artifactId><dependencies><dependency>"
    "<groupId>org.springframework.boot</groupId>"
    "<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
}
_STATIC = {"Dockerfile": "FROM nginx:1.{v}\nCOPY dist /usr/share/nginx/html\nEXPOSE 80\n"}
_STACKS = {"go": _GO, "python": _PYTHON, "node": _NODE, "java": _JAVA, "static": _STATIC}

_MANIFEST = """apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: {name}
          image: acme/{name}:1.0
          resources:
            requests: {{cpu: {cpu}m, memory: {memory}Mi}}
            limits: {{memory: {limit}Mi}}
{sidecar}"""
_SIDECAR = '        - {name: proxy, image: "envoyproxy/envoy:v1.31"}\n'


@dataclass(frozen=True)
class Drawn:
    """One context."""

    seed: int
    files: dict[str, str]
    description: str
    environment: Environment
    cluster: ClusterFacts | None
    policies: PolicySet
    facts: tuple[Fact, ...]


def draw(seed: int) -> Drawn:
    """The context of a seed: always the same one."""
    random = Random(seed)  # noqa: S311 - no secret is made of it
    stacks = random.sample(sorted(_STACKS), random.choice((1, 1, 1, 2)))
    files: dict[str, str] = {}
    for stack in stacks:
        files |= _source(random, stack)
    store = random.choice(_STORES)
    if store and random.random() < 0.3:
        image = {"PostgreSQL": "postgres:17", "Redis": "redis:7"}.get(store, "busybox")
        files["compose.yaml"] = f"services:\n  store: {{image: '{image}'}}\n"
    return Drawn(
        seed=seed,
        files=files,
        description=_description(random, stacks, store if "compose.yaml" in files else ""),
        environment=random.choice(list(Environment)),
        cluster=_cluster(random),
        policies=_policies(random),
        facts=_facts(random, stacks),
    )


def _source(random: Random, stack: str) -> dict[str, str]:
    words = {
        "v": random.randint(18, 24),
        "w": random.randint(9, 13),
        "workers": random.randint(1, 16),
        "heap": random.choice((64, 256, 512, 2048, 8192)),
    }
    files = {f"{stack}/{path}": text.format(**words) for path, text in _STACKS[stack].items()}
    if random.random() < 0.6:
        memory = random.choice((16, 64, 128, 512, 2048))
        files[f"k8s/{stack}.yaml"] = _MANIFEST.format(
            kind=random.choice(("Deployment", "Deployment", "StatefulSet")),
            name=f"{stack}-{random.choice(('api', 'web', 'worker'))}",
            replicas=random.choice((1, 1, 2, 3, 12)),
            cpu=random.choice((5, 100, 500, 4000)),
            memory=memory,
            limit=memory * random.choice((1, 2, 8)),
            sidecar=random.choice(("", _SIDECAR)),
        )
    return files


def _description(random: Random, stacks: list[str], store: str) -> str:
    load = random.choice(_LOADS).format(n=random.choice((3, 40, 500, 2_000, 60_000)))
    level = random.choice(_LEVELS).format(d=random.choice((5, 9, 95, 99)))
    parts = [random.choice(_PURPOSES), f"in {' and '.join(stacks)}", load, level, store]
    return ", ".join(part for part in parts if part)


def _cluster(random: Random) -> ClusterFacts | None:
    if random.random() < 0.5:
        return None
    node = NodeFacts(
        name="n",
        count=random.randint(1, 5),
        allocatable_cpu=Millicores(random.choice((1_900, 3_900, 15_900))),
        allocatable_memory=Bytes(random.choice((3, 14, 60)) * 1024 * MIB),
    )
    quota = QuotaFacts(
        remaining_limits_memory=Bytes(random.choice((256, 1024, 8192)) * MIB),
        remaining_pods=random.choice((1, 3, 20, None)),
    )
    limits = LimitRangeFacts(
        min_memory=Bytes(random.choice((32, 256)) * MIB),
        max_memory=Bytes(random.choice((300, 4096)) * MIB),
        max_cpu=Millicores(random.choice((400, 4_000))),
    )
    return ClusterFacts(
        nodes=random.choice(((), (node,))),
        quotas=random.choice(((), (quota,))),
        limit_ranges=random.choice(((), (limits,))),
    )


def _policies(random: Random) -> PolicySet:
    default = load_policies(DEFAULT_POLICY, None)
    limits = {
        **default.limits,
        "cpu_limits": random.choice(("forbid", "optional", "require")),
        "minimum_replicas": random.choice((1, 2, 3)),
        "guaranteed_qos": random.choice(("none", "databases", "all")),
        "memory_limit_request_ratio": random.choice((1.2, 2, 4)),
    }
    return PolicySet("drawn", limits, default.rules, default.disabled)


def _facts(random: Random, stacks: list[str]) -> tuple[Fact, ...]:
    """Some say sizes far from any estimate: what a model may cite, it can cite for anything."""
    if random.random() < 0.5:
        return ()
    languages = {"go": "go", "python": "python", "node": "javascript", "java": "java"}
    return tuple(
        fact(
            f"drawn-{stack}-{number}",
            {
                "memory_limit_mib": random.choice((64, 512, 6_000)),
                "cpu_limit_millicores": random.choice((100, 2_000)),
                "replicas_count": random.choice((1, 2, 9)),
            },
            languages=(languages.get(stack, "static"),),
        )
        for stack in stacks
        for number in range(random.randint(1, 3))
    )
