"""A repository that holds one secret everywhere: nothing that is handed on may contain it."""

from __future__ import annotations

import json

import pytest

from adapters.helm import HelmRenderer, UnavailableRenderer, find_helm
from dca.repository.assemble import read_repository

CANARY = "c4n4rySecret7"
"""No known token form, not long and not random: only its place says that it is a secret."""

WORKLOAD = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  labels: {{app: api}}
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{{"env": "{CANARY}"}}'
    deploy.example/token: {CANARY}
    prometheus.io/scrape: "true"
spec:
  replicas: 2
  selector: {{matchLabels: {{app: api}}}}
  template:
    metadata:
      labels: {{app: api}}
      annotations:
        vault.example/agent-inject-template: "password={CANARY}"
    spec:
      initContainers:
      - name: migrate
        image: acme/migrate:1
        command: ["sh", "-c", "PGPASSWORD={CANARY} psql -h db -f /schema.sql"]
      containers:
      - name: api
        image: acme/api:1
        command: ["/api"]
        args:
        - --password={CANARY}
        - -password={CANARY}
        - --api-token
        - {CANARY}
        - --database=postgres://shop:{CANARY}@db/shop
        - --dsn=shop:{CANARY}@tcp(db:3306)/shop
        - "--connection=Server=db;User Id=sa;Password={CANARY};"
        - --spring.datasource.password={CANARY}
        - -Dspring.datasource.password={CANARY}
        - -u
        - "admin:{CANARY}"
        - "--header=Authorization: Bearer {CANARY}"
        - --sentry=https://{CANARY}@sentry.example/1
        - https://hooks.example/x?token={CANARY}
        env:
        - {{name: DATABASE_URL, value: "postgres://shop:{CANARY}@db/shop"}}
        - {{name: PLAIN, value: {CANARY}}}
        - {{name: JAVA_OPTS, value: "-Xmx512m -Djavax.net.ssl.trustStorePassword={CANARY}"}}
        - {{name: NODE_OPTIONS, value: "--max-old-space-size=512 --require /{CANARY}.js"}}
        livenessProbe:
          httpGet:
            path: /health?token={CANARY}
            httpHeaders:
            - {{name: Authorization, value: "Basic {CANARY}"}}
            - {{name: X-Probe, value: {CANARY}}}
        readinessProbe:
          exec: {{command: ["redis-cli", "-a", "{CANARY}", "ping"]}}
        lifecycle:
          preStop: {{exec: {{command: ["sh", "-c", "curl -u admin:{CANARY} http://x/stop"]}}}}
      volumes:
      - name: share
        csi: {{driver: x, volumeAttributes: {{accountKey: {CANARY}, mountOptions: "pw={CANARY}"}}}}
      - name: flex
        flexVolume: {{driver: x, options: {{login: {CANARY}}}}}
---
apiVersion: v1
kind: Service
metadata:
  name: api
  annotations: {{external-dns.example/key: {CANARY}}}
spec: {{selector: {{app: api}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: api}}
stringData: {{password: {CANARY}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: api}}
data: {{application.yml: "password: {CANARY}", url: "redis://:{CANARY}@cache"}}
---
apiVersion: acme.example/v1
kind: Application
metadata: {{name: shop}}
spec:
  image: acme/shop:1
  replicas: {{min: 1, max: 2}}
  port: 8080
  env: {{DB_PASSWORD: {CANARY}, PLAIN: {CANARY}}}
  credentials: {{user: shop, value: {CANARY}}}
  secretEnv: [{CANARY}]
"""

COMPOSE = f"""\
services:
  worker:
    build: ./worker
    command: celery -A app worker --broker=redis://:{CANARY}@cache:6379 --password {CANARY}
    environment:
      POSTGRES_PASSWORD: {CANARY}
      REDIS_URL: redis://:{CANARY}@cache:6379/0
    labels: {{traefik.auth: "admin:{CANARY}"}}
  cache:
    image: redis:7
    command: ["redis-server", "--requirepass", "{CANARY}"]
  cli:
    image: mysql:8
    command: mysqld -p{CANARY}
  pulled:
    image: user:{CANARY}@registry.example/app:1
"""

FILES = {
    "k8s/api.yaml": WORKLOAD,
    "k8s/broken.yaml": f"kind: Deployment\nspec:\n  password: {CANARY}\n token: [{CANARY}\n",
    "docker-compose.yml": COMPOSE,
    ".env": f"TOKEN={CANARY}\nDATABASE_URL=postgres://u:{CANARY}@db/x\n",
    "Procfile": f"web: gunicorn app:app --token {CANARY}\njob: PASSWORD={CANARY} ./job\n",
    "worker/Dockerfile": (
        "FROM python:3.12\n"
        f"ARG TOKEN={CANARY}\nENV API_KEY={CANARY} DSN=postgres://u:{CANARY}@db/x\n"
        "# --- Application Metadata ---\n"
        f"# Owner: shop\n# Password: {CANARY}\n# Database: postgres://u:{CANARY}@db/x\n# ---\n"
        f"RUN pip install --index-url https://u:{CANARY}@pypi.example/simple -r r.txt\n"
        f'COPY . .\nCMD ["python", "app.py", "--secret", "{CANARY}", "$API_KEY", "${{DSN}}"]\n'
    ),
    "worker/requirements.txt": (
        f"--index-url https://u:{CANARY}@pypi.example/simple\ncelery\nredis\n"
        f"git+https://{CANARY}@github.example/acme/lib.git#egg=lib\n"
    ),
    "worker/app.py": f"import celery\nPASSWORD = '{CANARY}'\n",
    "orders/Dockerfile": 'FROM eclipse-temurin:21\nCOPY . .\nENTRYPOINT ["/start.sh"]\n',
    "orders/start.sh": f"#!/bin/sh\nexec java -Dpassword={CANARY} -jar app.jar --key {CANARY}\n",
    "orders/src/main/resources/application.yml": (
        f"spring:\n  datasource:\n    url: jdbc:postgresql://shop:{CANARY}@db/shop\n"
        f"    password: {CANARY}\n"
    ),
    "orders/pom.xml": (
        "<project><artifactId>orders</artifactId><properties>"
        f"<db.password>{CANARY}</db.password></properties></project>"
    ),
    "billing/appsettings.json": json.dumps(
        {"ConnectionStrings": {"Shop": f"Server=db;User Id=sa;Password={CANARY};"}}
    ),
    "billing/billing.csproj": (
        '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net8.0'
        "</TargetFramework></PropertyGroup></Project>"
    ),
    "billing/Dockerfile": (
        "FROM mcr.microsoft.com/dotnet/aspnet:8.0\nCOPY . .\n"
        f'ENTRYPOINT dotnet billing.dll --ConnectionStrings:Shop="Password={CANARY};x"\n'
    ),
    "web/package.json": json.dumps(
        {
            "name": "web",
            "dependencies": {"express": "4"},
            "scripts": {"start": f"API_TOKEN={CANARY} node server.js --key={CANARY}"},
            "publishConfig": {"_authToken": CANARY},
        }
    ),
    "web/server.js": f"const app = require('express')();app.get('/x?token={CANARY}', f)\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: mail\nversion: 0.1.0\n",
    "chart/values.yaml": (
        f"image: {{repository: acme/mail, tag: '1'}}\nreplicaCount: 1\npassword: {CANARY}\n"
        f"env: {{SMTP_PASSWORD: {CANARY}, SMTP_URL: 'amqp://u:{CANARY}@mq'}}\n"
    ),
    "chart/templates/api.yaml": WORKLOAD.replace("name: api", "name: mail"),
    "broken/Chart.yaml": "apiVersion: v2\nname: broken\nversion: 0.1.0\n",
    "broken/values.yaml": f"password: {CANARY}\n",
    "broken/templates/x.yaml": '{{ fail (printf "bad %s" .Values.password) }}\n',
}


@pytest.fixture(params=["rendered", "read from its values"])
def reading(request, checkout):
    if request.param == "rendered" and find_helm() is None:
        pytest.skip("helm is not installed")
    charts = HelmRenderer() if request.param == "rendered" else UnavailableRenderer()
    return read_repository(checkout(FILES), charts)


def dumped(reading):
    components = [item.model_dump(mode="json") for item in reading.components]
    notes = [item.model_dump(mode="json") for item in reading.notes]
    evidence = [item.model_dump(mode="json") for item in reading.evidence]
    return {"components": components, "notes": notes, "evidence": evidence}


def places(value, path=""):
    """Where the canary stands, as paths into the reading."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(key, f"{path}.(key)")
            yield from places(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, f"{path}.{number}")
    elif isinstance(value, str) and CANARY.lower() in value.lower():
        yield f"{path}: {value}"


def test_no_secret_of_the_repository_is_handed_on(reading):
    assert list(places(dumped(reading))) == []


def test_what_is_no_secret_is_still_there(reading):
    names = {item.name for item in reading.components}
    assert {"api", "shop", "worker", "cache", "orders", "billing"} <= names
    api = next(item for item in reading.components if item.name == "api")
    assert api.runtime.heap_max_bytes == 512 << 20
    assert api.workload.document["spec"]["replicas"] == 2
    container = api.workload.document["spec"]["template"]["spec"]["containers"][0]
    assert container["livenessProbe"]["httpGet"]["path"].startswith("/health")
    assert [item["name"] for item in container["env"]][:2] == ["DATABASE_URL", "PLAIN"]
