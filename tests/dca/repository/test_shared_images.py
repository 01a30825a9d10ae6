"""Several workloads of one image, and several names of one workload."""

from __future__ import annotations

import json

import pytest

from adapters.helm import HelmRenderer, UnavailableRenderer, find_helm
from dca.repository.assemble import read_repository
from dca.repository.deployment.runs import Run
from dca.repository.docker.images import ImageUnit
from dca.repository.facts import DockerfileFacts
from dca.repository.linking import link
from schemas.context import FoundIn, Role, WorkloadKind
from tests.bounded import bounded

GO_SERVER = (
    'package main\n\nimport "github.com/gin-gonic/gin"\n\nfunc main() {\n'
    '\tr := gin.Default()\n\tr.GET("/a", nil)\n\tr.GET("/b", nil)\n'
    '\tr.GET("/c", nil)\n\tr.Run()\n}\n'
)
GO_CONSUMER = (
    'package main\n\nimport "github.com/segmentio/kafka-go"\n\nfunc main() {\n'
    "\tr := kafka.NewReader(kafka.ReaderConfig{})\n\t_ = r\n}\n"
)
GO_CALLER = (
    'package main\n\nimport "net/http"\n\nfunc main() {\n'
    '\tfor {\n\t\thttp.Get("http://web/vote")\n\t}\n}\n'
)
GO_MOD = (
    "module acme.example/shop\n\ngo 1.24\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n"
    "\tgithub.com/segmentio/kafka-go v0.4.0\n)\n"
)
FLASK = {
    "requirements.txt": "flask==3.0\n",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n@app.get('/a')\ndef a(): ...\n",
}


def workload(name, image=None, kind="Deployment", **container):
    pod = {"containers": [{"name": "main", **({"image": image} if image else {}), **container}]}
    spec = {"template": {"spec": pod}}
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": spec}}
    api = "apps/v1" if kind == "Deployment" else "batch/v1"
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec})


def read(tree, renderer=None):
    reading = read_repository(tree, renderer or UnavailableRenderer())
    return {component.name: component for component in reading.components}


def toolbox(**programs):
    """One image with a program for each keyword, as Go repositories have it."""
    return {
        "go.mod": GO_MOD,
        "Dockerfile": "FROM golang:1.24 AS b\nCOPY . .\n"
        'RUN for p in cmd/*; do go build -o "bin/shop-$p" "./$p"; done\n'
        "FROM alpine:3.20\nCOPY --from=b /go/bin/ /usr/local/bin/\n",
    } | {f"cmd/{name}/main.go": text for name, text in programs.items()}


def test_each_workload_has_the_role_of_the_program_that_it_starts(checkout):
    files = toolbox(api=GO_SERVER, mapper=GO_CONSUMER) | {
        "k8s/a.yaml": workload("front", "acme/shop:1", command=["shop-api"]),
        "k8s/b.yaml": workload("back", "acme/shop:1", command=["/usr/local/bin/shop-mapper"]),
    }
    found = read(checkout(files))
    assert found["front"].role is Role.BACKEND_API
    assert found["back"].role is Role.WORKER
    assert {item.dockerfile for item in found.values()} == {"Dockerfile"}


def test_programs_of_a_toolbox_that_nothing_starts_are_components_too(checkout):
    files = toolbox(api=GO_SERVER, mapper=GO_CONSUMER, verify=GO_CONSUMER) | {
        "k8s/api.yaml": workload("api", "acme/shop:1", command=["shop-api"]),
        "k8s/mapper.yaml": workload("mapper", "acme/shop:1", command=["shop-mapper"]),
    }
    found = read(checkout(files))
    assert set(found) == {"api", "mapper", "verify"}
    assert (found["verify"].role, found["verify"].source_path) == (Role.WORKER, "cmd/verify")


def test_a_program_that_only_calls_the_others_makes_load(checkout):
    files = toolbox(web=GO_SERVER) | {"cmd/vote-bot/main.go": GO_CALLER}
    files["compose.yaml"] = (
        "services:\n  web: {image: acme/shop, build: ., command: shop-web}\n"
        "  vote-bot: {image: acme/shop, command: shop-vote-bot}\n"
    )
    assert read(checkout(files))["vote-bot"].role is Role.LOAD_GENERATOR


def test_an_image_for_the_directory_of_a_build_argument_is_that_of_each_service(checkout):
    files = {
        "go.mod": GO_MOD,
        "Dockerfile": "FROM alpine:3.20\nARG name\nCOPY $name/target/ /bin/\n"
        "ENTRYPOINT cd /bin && $name\n",
        "shop-cart/main.go": GO_SERVER,
        "shop-mail/main.go": GO_CONSUMER,
        "k8s/cart.yaml": workload("cart", "acme/shop-cart:1"),
        "k8s/mail.yaml": workload("mail", "acme/shop-mail:1"),
    }
    found = read(checkout(files))
    assert {name: item.dockerfile for name, item in found.items()} == {
        "cart": "Dockerfile", "mail": "Dockerfile",
    }  # fmt: skip
    assert (found["cart"].role, found["mail"].role) == (Role.BACKEND_API, Role.WORKER)


def test_a_job_is_not_the_service_that_is_called_alike(checkout):
    files = FLASK | {
        "Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["flask", "run"]\n',
        "k8s/a.yaml": workload("report", "acme/shop:1"),
        "k8s/b.yaml": workload("report", "acme/shop:1", kind="CronJob", args=["report"]),
    }
    found = read(checkout(files))
    assert {name: item.kind for name, item in found.items()} == {
        "report": WorkloadKind.DEPLOYMENT,
        "report-2": WorkloadKind.CRON_JOB,
    }
    assert found["report-2"].role is Role.BATCH


@pytest.mark.parametrize(
    ("dockerfile", "compose"),
    [
        pytest.param(
            "FROM python:3.12\n", "services:\n  shop-api: {build: ./api}\n", id="compose service"
        ),
        pytest.param(
            "# --- Application Metadata ---\n# name: shop-api\nFROM python:3.12\n",
            "services:\n  other: {image: redis}\n",
            id="metadata header",
        ),
    ],
)
def test_what_builds_an_image_names_it_for_the_workloads(checkout, dockerfile, compose):
    files = {f"api/{path}": text for path, text in FLASK.items()} | {
        "api/Dockerfile": dockerfile + 'COPY . .\nCMD ["gunicorn", "app:app"]\n',
        "web/Dockerfile": "FROM nginx:1.27\nCOPY . /usr/share/nginx/html\n",
        "web/index.html": "<html></html>",
        "compose.yaml": compose,
        "k8s/api.yaml": workload("shop-api", "registry.example/acme/shop-api:1"),
    }
    found = read(checkout(files))
    assert found["shop-api"].dockerfile == "api/Dockerfile"
    assert found["shop-api"].workload is not None
    assert "shop-api-2" not in found


@pytest.mark.skipif(find_helm() is None, reason="helm is not installed")
def test_the_release_before_a_chart_s_workloads_is_not_part_of_their_names(checkout):
    def template(name):
        text = workload("NAME", command=["flask", "run"]).replace(
            "NAME", "{{ .Release.Name }}-" + name
        )
        return text.replace('"name": "main"', '"name": "main", "image": "{{ .Values.image }}"')

    files = {
        f"services/{name}/{path}": text
        for name in ("cart", "mail", "user")
        for path, text in FLASK.items()
    }
    files |= {f"services/{name}/Dockerfile": "FROM python:3.12\nCOPY . .\nCMD [flask, run]\n"
              for name in ("cart", "mail", "user")}  # fmt: skip
    files |= {"chart/Chart.yaml": "apiVersion: v2\nname: online-shop\nversion: 0.1.0\n",
              "chart/values.yaml": "image: ''\n"}  # fmt: skip
    files |= {f"chart/templates/{name}.yaml": template(name) for name in ("cart", "mail", "user")}
    found = read(checkout(files), HelmRenderer())
    assert set(found) == {"cart", "mail", "user"}
    cart = found["cart"]
    assert (cart.dockerfile, cart.workload.name) == ("services/cart/Dockerfile", "online-shop-cart")


def test_a_brand_before_all_images_does_not_hide_whose_they_are(checkout):
    names = ("populate-db", "tiler", "web")
    files = {f"images/{n}/Dockerfile": "FROM alpine\nCOPY x.sh /\nCMD [/x.sh]\n" for n in names}
    files |= {f"images/{n}/x.sh": "exec tool\n" for n in names}
    files |= {f"k8s/{n}.yaml": workload(f"job-of-{n}-now", f"acme/geo-{n}:1") for n in names}
    found = read(checkout(files))
    assert {item.dockerfile for item in found.values()} == {f"images/{n}/Dockerfile" for n in names}
    assert len(found) == len(names)


def test_other_people_s_images_in_a_compose_file_beside_code_are_not_that_code(checkout):
    files = {f"api/{path}": text for path, text in FLASK.items()}
    files["api/compose.yaml"] = (
        "services:\n  api: {build: .}\n  certificates: {image: acme-tools/certificates}\n"
    )
    found = read(checkout(files))
    assert found["api"].source_path == "api"
    assert (found["certificates"].source_path, found["certificates"].language) == (None, None)


def test_a_library_that_is_made_with_a_server_s_framework_is_no_service(checkout):
    files = {
        "api/Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:8.0\nCOPY . .\n"
        'ENTRYPOINT ["dotnet", "Api.dll"]\n',
        "api/Api.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>',
        "api/Program.cs": "var app = WebApplication.Create(); app.Run();",
        "storage/Storage.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>',
        "storage/Table.cs": "class Table {}",
    }
    assert set(read(checkout(files))) == {"api"}


def test_hundreds_of_workloads_and_images_are_linked_in_a_second():
    count = 400
    units = [
        ImageUnit(
            facts=DockerfileFacts(path=f"s/{n}/Dockerfile", base_image="alpine"),
            source_path=f"s/{n}", names=(f"service{n}",),
        )
        for n in range(count)
    ]  # fmt: skip
    runs = [
        Run(name=f"shop-service{n}", found_in=FoundIn.MANIFEST, path=f"k8s/{n}.yaml",
            image=f"acme/service{n}:1", kind=WorkloadKind.DEPLOYMENT)
        for n in range(count)
    ]  # fmt: skip
    with bounded():
        linked = link(runs, units, {}, lambda _: False)
    assert all(len(item.runs) == 1 and item.unit is not None for item in linked)


def test_a_binary_that_is_copied_in_is_the_program_of_its_name(checkout):
    files = {
        "go.mod": GO_MOD,
        "cmd/shop-backend/main.go": GO_SERVER,
        "cmd/tool/main.go": GO_CONSUMER,
        "resources/images/backend/Dockerfile": "FROM gcr.io/distroless/static\n"
        'COPY /shop-backend /home/shop/shop-backend\nCMD ["/home/shop/shop-backend"]\n',
    }
    backend = next(item for item in read(checkout(files)).values() if item.dockerfile)
    assert (backend.language, backend.source_path) == ("Go", "cmd/shop-backend")
    assert backend.role is Role.BACKEND_API


def test_a_manifest_in_the_directory_of_an_image_may_run_another_one(checkout):
    files = {f"api/{path}": text for path, text in FLASK.items()} | {
        "api/Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["flask", "run"]\n',
        "api/manifests/tools.yaml": workload("tracer", "vendor.example/tracer:1"),
        "web/Dockerfile": "FROM nginx:1.27\nCOPY . /usr/share/nginx/html\n",
        "web/index.html": "<html></html>",
    }
    found = read(checkout(files))
    assert (found["tracer"].source_path, found["tracer"].language) == (None, None)


def test_directories_that_are_called_alike_are_told_apart_by_what_is_above(checkout):
    files = {
        f"{name}/parser/{path}": text
        for name in ("scan-a", "scan-b")
        for path, text in (FLASK | {"Dockerfile": "FROM python:3.12\nCOPY . .\n"}).items()
    }
    assert set(read(checkout(files))) == {"parser", "scan-b-parser"}


def test_a_process_of_the_procfile_is_the_workload_with_its_command(checkout):
    files = FLASK | {
        "Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
        "Procfile": "web: gunicorn app:app\nworker: celery -A app worker\nclock: python clock.py\n",
        "k8s/a.yaml": workload("shop", "acme/shop:1"),
        "k8s/b.yaml": workload("mailer", "acme/shop:1", command=["celery", "-A", "app", "worker"]),
    }
    found = read(checkout(files))
    assert {name: FoundIn.PROCFILE in item.found_in for name, item in found.items()} == {
        "shop": True, "mailer": True, "app-clock": True,
    }  # fmt: skip
