"""The bundled example is a real app: its files parse, fit together, and leave something to size."""

import json
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import tree_sitter_go
import tree_sitter_javascript
import yaml
from dockerfile_parse import DockerfileParser
from tree_sitter import Language, Parser

from dca.trigger import parse_trigger

SHOP = Path(__file__).parents[2] / "examples" / "shop"
GO = sorted(SHOP.glob("api/*.go"))
JAVASCRIPT = sorted([*SHOP.glob("web/*.js"), *SHOP.glob("web/src/*.js*")])


def text_of(path: str) -> str:
    return (SHOP / path).read_text(encoding="utf-8")


def manifests():
    return list(yaml.safe_load_all(text_of("deploy/inventory-api.yaml")))


@pytest.mark.parametrize("path", [*GO, *JAVASCRIPT], ids=lambda path: path.name)
def test_every_source_file_parses_without_an_error(path):
    grammar = tree_sitter_go if path.suffix == ".go" else tree_sitter_javascript
    tree = Parser(Language(grammar.language())).parse(path.read_bytes())
    assert not tree.root_node.has_error
    assert tree.root_node.named_child_count > 0


def test_the_parser_of_that_test_would_see_an_error():
    parser = Parser(Language(tree_sitter_javascript.language()))
    assert parser.parse(b"return <p>{x</p>;").root_node.has_error


def test_go_is_formatted():
    if shutil.which("gofmt") is None:
        pytest.skip("gofmt is not installed")
    run = subprocess.run(["gofmt", "-l", *GO], capture_output=True, text=True, check=True)
    assert run.stdout == ""


def test_the_trigger_has_the_two_fields():
    trigger = parse_trigger(text_of("trigger.yaml"))
    assert trigger.git_repo.startswith("https://")
    assert "2000 QPS peak" in trigger.app_description


@pytest.mark.parametrize("part", ["api", "web"])
def test_dockerfiles_have_the_header_and_two_stages(part, tmp_path):
    text = text_of(f"{part}/Dockerfile")
    header, _, _ = text.partition("\nFROM")
    assert header.startswith("# --- Application Metadata ---\n")
    keys = [line[2:].split(":")[0] for line in header.splitlines()[1:] if ":" in line]
    assert {"name", "owner", "tier"} <= set(keys)
    parser = DockerfileParser(path=str(tmp_path))
    parser.content = text
    assert len(parser.parent_images) == 2
    assert all(":" in image and not image.endswith(":latest") for image in parser.parent_images)
    copied = [
        word
        for item in parser.structure
        if item["instruction"] == "COPY" and "--from" not in item["value"]
        for word in item["value"].split()[:-1]
    ]
    assert all(list((SHOP / part).glob(word)) for word in copied if word != ".")


def test_compose_starts_the_three_parts():
    services = yaml.safe_load(text_of("docker-compose.yaml"))["services"]
    assert services.keys() == {"postgres", "inventory-api", "storefront"}
    for service in services.values():
        if "build" in service:
            assert (SHOP / service["build"] / "Dockerfile").is_file()


def test_the_manifest_is_valid_and_nobody_has_sized_it():
    deployment, service = manifests()
    for document in (deployment, service):
        kubernetes_validate.validate(document, "1.33", strict=True)
    assert "replicas" not in deployment["spec"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert "resources" not in container
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_the_parts_agree_on_ports_and_paths():
    (container,) = manifests()[0]["spec"]["template"]["spec"]["containers"]
    port = container["ports"][0]["containerPort"]
    assert f"EXPOSE {port}" in text_of("api/Dockerfile")
    assert f'":{port}"' in text_of("api/main.go")
    assert f"proxy_pass http://inventory-api:{port};" in text_of("web/nginx.conf")
    handlers = text_of("api/handlers.go")
    for probe in ("readinessProbe", "livenessProbe"):
        assert f'"{container[probe]["httpGet"]["path"]}"' in handlers
    assert 'BASE = "/api/v1"' in text_of("web/src/api.js")
    assert 'Group("/api/v1")' in handlers
    app = text_of("web/src/App.jsx")
    assert all(
        f'"{kind}"' in app and f"/{kind}" in handlers for kind in ("reservations", "deliveries")
    )


def test_go_imports_only_what_the_module_requires():
    required = text_of("api/go.mod")
    for path in GO:
        for line in path.read_text().splitlines():
            name = line.strip().strip('"')
            if line.startswith('\t"github.com/'):
                module = "/".join(name.split("/")[:3])
                assert module in required, name


def test_the_web_app_imports_only_what_the_package_lists():
    package = json.loads(text_of("web/package.json"))
    listed = {*package["dependencies"], *package["devDependencies"]}
    for path in JAVASCRIPT:
        for line in path.read_text().splitlines():
            if line.startswith("import ") and '"' in line:
                source = line.split('"')[1]
                if source.startswith("."):
                    assert (path.parent / source).is_file(), source
                else:
                    parts = source.split("/")
                    name = "/".join(parts[:2]) if source.startswith("@") else parts[0]
                    assert name in listed, source
