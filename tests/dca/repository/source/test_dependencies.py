"""Dependency manifests of each ecosystem, read without running anything."""

# ruff: noqa: E501 - whole manifests stand in one table
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.source.dependencies import manifests_in, read_manifest
from dca.repository.source.sources import Sources
from tests.dca.tree import FakeTree


def read(path, files):
    return read_manifest(path, Sources(FakeTree(files)))


PYPROJECT = """
[project]
name = "shop"
requires-python = ">=3.11,<4"
dependencies = ["fastapi>=0.100", "SQLAlchemy[asyncio]==2.0; python_version > '3'"]
[project.optional-dependencies]
dev = ["pytest"]
server = ["uvicorn"]
"""
POETRY = """
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.12"
flask = "^3"
lib = {path = "../lib", develop = true}
[tool.poetry.group.dev.dependencies]
black = "*"
"""
POM = """<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>acme</groupId><artifactId>parent</artifactId><version>1</version></parent>
  <artifactId>orders</artifactId>
  <dependencies>
    <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId></dependency>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
  </dependencies>
</project>
"""
PARENT_POM = """<project><groupId>acme</groupId><artifactId>parent</artifactId>
<properties><java.version>21</java.version><web>spring-boot-starter-web</web></properties>
<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>${web}</artifactId>
</dependency></dependencies></project>
"""
GRADLE_KTS = """
plugins { kotlin("jvm") version "2.0"; alias(libs.plugins.boot) }
dependencies {
    implementation("io.ktor:ktor-server-netty:3.0")
    implementation(libs.postgres.driver)
    implementation(libs.bundles.kafka)
    implementation(project(":libs:common"))
    testImplementation("io.kotest:kotest:5")
}
kotlin { jvmToolchain(21) }
"""
VERSIONS = """
[libraries]
postgres-driver = { module = "org.postgresql:postgresql", version = "42" }
kafka_clients = "org.apache.kafka:kafka-clients:3"
[bundles]
kafka = ["kafka_clients"]
[plugins]
boot = { id = "org.springframework.boot", version = "3" }
"""
GRADLE = """
plugins { id 'org.springframework.boot' version '3.1' }
sourceCompatibility = '17'
dependencies {
    implementation 'org.springframework.boot:spring-boot-starter-web'
    implementation libs.postgres.driver
    runtimeOnly group: 'com.mysql', name: 'mysql-connector-j', version: '8'
    testImplementation 'org.junit:junit:5'
}
"""
CSPROJ = """<Project Sdk="Microsoft.NET.Sdk.Web">
<PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
<ItemGroup><PackageReference Include="Npgsql" />
<PackageReference Include="StyleCop" PrivateAssets="All" />
<ProjectReference Include="..\\Core\\Core.csproj" /></ItemGroup></Project>
"""
GO_MOD = """// a comment
module github.com/acme/orders/v2

go 1.22

require github.com/gin-gonic/gin v1.9.0
require (
	github.com/jackc/pgx/v5 v5.5.0
	golang.org/x/text v0.14.0 // indirect
)
"""
GEMFILE = """
ruby "3.2.1"
gem "rails", "~> 7"
gem 'pg'
gem "pry", group: :development
group :development, :test do
  gem "rspec"
end
"""
MIX = """defmodule Shop.MixProject do
  def project, do: [app: :shop, elixir: "~> 1.15", deps: deps()]
  def application, do: [mod: {Shop.Application, []}]
  defp deps do
    [{:phoenix, "~> 1.7"}, {:credo, "~> 1.7", only: [:dev, :test]}, {:common, in_umbrella: true}]
  end
end
"""


@pytest.mark.parametrize(
    ("path", "text", "names", "version"),
    [
        ("pyproject.toml", PYPROJECT, ("fastapi", "SQLAlchemy", "uvicorn"), "3.11"),
        ("pyproject.toml", POETRY, ("flask", "lib"), "3.12"),
        ("requirements.txt", "Flask==3 # web\n-e .\n\nredis>=4 ; sys_platform\n", ("Flask", "redis"), None),
        ("Pipfile", '[packages]\ndjango = "*"\n[dev-packages]\npytest = "*"\n[requires]\npython_version = "3.10"',
         ("django",), "3.10"),
        ("setup.cfg", "[options]\npython_requires = >=3.9\ninstall_requires =\n  click\n  rich>1\n",
         ("click", "rich"), "3.9"),
        ("setup.py", "from setuptools import setup\nsetup(name='x', install_requires=['boto3>=1'])",
         ("boto3",), None),
        ("environment.yml", "dependencies:\n- python=3.9\n- numpy\n- pip:\n  - flask==2\n", ("numpy", "flask"), "3.9"),
        ("package.json", '{"dependencies": {"express": "4"}, "devDependencies": {"jest": "1"}, "engines": {"node": ">=20"}}',
         ("express",), "20"),
        ("go.mod", GO_MOD, ("github.com/gin-gonic/gin", "github.com/jackc/pgx/v5"), "1.22"),
        ("Cargo.toml", '[package]\nname="x"\nrust-version="1.75"\n[dependencies]\nweb = {package = "actix-web", version = "4"}\n'
         '[dev-dependencies]\nmockall = "1"', ("actix-web",), "1.75"),
        ("Gemfile", GEMFILE, ("rails", "pg"), "3.2.1"),
        ("composer.json", '{"require": {"php": "^8.2", "laravel/framework": "^11"}, "require-dev": {"a/b": "1"}}',
         ("laravel/framework",), "8.2"),
        ("mix.exs", MIX, ("phoenix",), "1.15"),
        ("Api.csproj", CSPROJ, ("Microsoft.NET.Sdk.Web", "Npgsql"), "8.0"),
        ("build.gradle", GRADLE, ("org.springframework.boot:spring-boot-starter-web", "com.mysql:mysql-connector-j"), "17"),
        ("CMakeLists.txt", "project(cart)\nfind_package(gRPC CONFIG REQUIRED)\nadd_executable(cart main.cc)", ("gRPC",), None),
        ("conanfile.txt", "[requires]\nboost/1.83\n# poco/1\n[generators]\ncmake", ("boost",), None),
        ("vcpkg.json", '{"dependencies": ["fmt", {"name": "grpc"}]}', ("fmt", "grpc"), None),
        ("meson.build", "project('x', 'c')\nd = dependency('libpq')", ("libpq",), None),
        ("build.sbt", 'scalaVersion := "3.3.1"\nlibraryDependencies += "dev.zio" %% "zio" % "2"\n'
         'libraryDependencies += "org.scalatest" %% "scalatest" % "3" % Test', ("dev.zio:zio",), "3.3"),
        ("rebar.config", '{deps, [{cowboy, "2.9"}, {jsx, {git, "x"}}]}.', ("cowboy", "jsx"), None),
        ("pubspec.yaml", "name: x\ndependencies:\n  shelf: ^1\n", ("shelf",), None),
        ("deno.json", '{"imports": {"hono": "npm:hono@4"}, "tasks": {"start": "deno run main.ts"}}', ("hono",), None),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else None,
)  # fmt: skip
def test_a_manifest_names_its_run_time_dependencies(path, text, names, version):
    manifest = read(path, {path: text})
    assert manifest is not None
    assert manifest.dependencies == names
    assert manifest.language_version == version


def test_maven_inherits_dependencies_and_properties_from_a_parent_in_the_repository():
    manifest = read("orders/pom.xml", {"orders/pom.xml": POM, "pom.xml": PARENT_POM})
    assert manifest.dependencies == (
        "org.postgresql:postgresql",
        "org.springframework.boot:spring-boot-starter-web",
    )
    assert manifest.language_version == "21"


def test_gradle_resolves_catalogue_bundles_plugins_and_projects():
    files = {
        "app/build.gradle.kts": GRADLE_KTS,
        "gradle/libs.versions.toml": VERSIONS,
        "settings.gradle.kts": 'include(":app", ":libs:common")',
        "libs/common/build.gradle.kts": "",
    }
    manifest = read("app/build.gradle.kts", files)
    assert manifest.dependencies == (
        "io.ktor:ktor-server-netty",
        "org.postgresql:postgresql",
        "org.apache.kafka:kafka-clients",
    )
    assert "org.springframework.boot" in manifest.build_dependencies
    assert manifest.projects == ("libs/common",)
    assert manifest.language_version == "21"


def test_a_shared_block_of_the_root_build_counts_for_every_project():
    files = {
        "api/build.gradle": "dependencies { implementation 'a:own:1' }",
        "build.gradle": "subprojects { dependencies { implementation 'a:shared:1' } }\n"
        "dependencies { implementation 'a:root:1' }",
    }
    assert read("api/build.gradle", files).dependencies == ("a:own", "a:shared")


def test_dotnet_takes_the_framework_from_the_props_above_and_follows_references():
    files = {
        "src/Api/Api.csproj": CSPROJ.replace("<TargetFramework>net8.0</TargetFramework>", ""),
        "src/Core/Core.csproj": "<Project/>",
        "Directory.Build.props": "<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework>"
        "</PropertyGroup></Project>",
    }
    manifest = read("src/Api/Api.csproj", files)
    assert manifest.language_version == "9.0"
    assert manifest.projects == ("src/Core",)
    assert manifest.deployable


def test_requirements_of_requirements_are_left_out():
    compiled = "flask==3\n    # via -r requirements.in\nwerkzeug==3\n    # via flask\n"
    assert read("requirements.txt", {"requirements.txt": compiled}).dependencies == ("flask",)


def test_a_requirement_of_the_project_itself_is_direct():
    exported = "fastapi==1\n    # via shop\nstarlette==1\n    # via fastapi\n"
    assert read("requirements.txt", {"requirements.txt": exported}).dependencies == ("fastapi",)


def test_included_requirements_are_read_and_a_circle_ends():
    files = {
        "requirements.txt": "-r base.txt\nflask\n",
        "base.txt": "redis\n-r requirements.txt\n",
    }
    assert set(read("requirements.txt", files).dependencies) == {"redis", "flask"}


def test_workspaces_name_their_members():
    files = {
        "package.json": '{"workspaces": ["packages/*"]}',
        "packages/server/package.json": "{}",
        "packages/client/package.json": "{}",
        "tools/x/package.json": "{}",
    }
    assert read("package.json", files).members == ("packages/client", "packages/server")


def test_cargo_workspaces_and_paths_are_followed():
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["api", "crates/*"]',
        "api/Cargo.toml": '[package]\nname="api"\n[dependencies]\ncore = {path = "../crates/core"}',
        "crates/core/Cargo.toml": '[package]\nname="core"',
    }
    assert read("Cargo.toml", files).members == ("api", "crates/core")
    assert read("api/Cargo.toml", files).projects == ("crates/core",)


def test_setup_py_is_never_run():
    text = "import os\nos.abort()\nfrom setuptools import setup\nsetup(install_requires=['x'])"
    assert read("setup.py", {"setup.py": text}).dependencies == ("x",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project"),
        ("package.json", "{"),
        ("package.json", "[]"),
        ("pom.xml", "<project>"),
        ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project>&a;</project>'),
        ("Api.csproj", "nonsense"),
        ("Cargo.toml", "= ="),
        ("composer.json", "\x00"),
        ("setup.py", "def ("),
        ("environment.yml", "a: [b"),
        ("environment.yml", "- &a [*a]"),
    ],
)
def test_a_damaged_manifest_says_nothing_and_harms_nothing(path, text):
    files = {path: text, "requirements.txt": "flask"}
    assert read(path, files) is None
    assert [item.path for item in manifests_in(".", Sources(FakeTree(files)))] == [
        "requirements.txt"
    ]


NAMES = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "package.json", "go.mod",
         "pom.xml", "build.gradle", "build.gradle.kts", "Cargo.toml", "Gemfile", "composer.json",
         "mix.exs", "CMakeLists.txt", "build.sbt", "rebar.config", "a.csproj", "environment.yml")  # fmt: skip


@given(name=st.sampled_from(NAMES), text=st.text(max_size=200))
def test_no_text_whatever_raises(name, text):
    manifest = read(name, {name: text})
    assert manifest is None or manifest.path == name
