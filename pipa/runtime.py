"""Which runtime a component runs on, and which figures describe it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from schemas.context import Component, Role


class Runtime(StrEnum):
    """Families of runtimes that use CPU and memory alike."""

    GO = "go"
    RUST = "rust"
    NATIVE = "native"
    STATIC = "static"
    NODE = "node"
    PYTHON = "python"
    JVM = "jvm"
    DOTNET = "dotnet"
    RUBY = "ruby"
    PHP = "php"
    BEAM = "beam"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Profile:
    """The runtime of a component, and the last part of the ids of its figures."""

    runtime: Runtime
    variant: str
    """``memory.base.VARIANT`` and ``cpu.request.VARIANT`` describe it."""

    @property
    def compiled(self) -> bool:
        """Ahead-of-time compiled code with little memory per request."""
        return self.runtime in _COMPILED

    @property
    def one_core_per_process(self) -> bool:
        """One process runs on one core however many there are."""
        return self.runtime in _ONE_CORE


_COMPILED = frozenset({Runtime.GO, Runtime.RUST, Runtime.NATIVE, Runtime.STATIC})
_ONE_CORE = frozenset({Runtime.NODE, Runtime.PYTHON, Runtime.RUBY})

_LANGUAGES = {
    "go": Runtime.GO,
    "golang": Runtime.GO,
    "rust": Runtime.RUST,
    "javascript": Runtime.NODE,
    "typescript": Runtime.NODE,
    "node": Runtime.NODE,
    "node.js": Runtime.NODE,
    "nodejs": Runtime.NODE,
    "python": Runtime.PYTHON,
    "java": Runtime.JVM,
    "kotlin": Runtime.JVM,
    "scala": Runtime.JVM,
    "groovy": Runtime.JVM,
    "clojure": Runtime.JVM,
    "c#": Runtime.DOTNET,
    "f#": Runtime.DOTNET,
    "vb": Runtime.DOTNET,
    ".net": Runtime.DOTNET,
    "dotnet": Runtime.DOTNET,
    "ruby": Runtime.RUBY,
    "php": Runtime.PHP,
    "elixir": Runtime.BEAM,
    "erlang": Runtime.BEAM,
    "gleam": Runtime.BEAM,
    "html": Runtime.STATIC,
    "css": Runtime.STATIC,
}
_NATIVE_LANGUAGES = frozenset(
    {"c", "c++", "cpp", "zig", "nim", "d", "swift", "haskell", "ocaml", "dart", "crystal", "ada"}
)
_IMAGES = (
    (Runtime.STATIC, frozenset({"nginx", "httpd", "caddy", "lighttpd", "unprivileged"})),
    (Runtime.GO, frozenset({"golang", "go"})),
    (Runtime.RUST, frozenset({"rust"})),
    (Runtime.NODE, frozenset({"node", "nodejs", "bun", "deno"})),
    (Runtime.PYTHON, frozenset({"python", "python3", "pypy", "conda", "miniconda3", "uv"})),
    (
        Runtime.JVM,
        frozenset(
            {"openjdk", "java", "temurin", "corretto", "jdk", "jre", "jetty", "tomcat", "zulu"}
            | {"liberica", "maven", "gradle", "wildfly", "payara", "sapmachine", "graalvm"}
        ),
    ),
    (Runtime.DOTNET, frozenset({"aspnet", "dotnet", "sdk"})),
    (Runtime.RUBY, frozenset({"ruby", "jruby", "passenger"})),
    (Runtime.PHP, frozenset({"php", "wordpress"})),
    (Runtime.BEAM, frozenset({"elixir", "erlang"})),
)
_STATIC_SERVERS = frozenset({"nginx", "httpd", "apache", "caddy", "lighttpd", "serve"})
_BROWSER_FRAMEWORKS = re.compile(
    r"\b(react|angular|vue(\.?js)?|svelte|preact|solid|ember|lit|elm|webpack|vite|static)\b"
)
_SERVER_FRAMEWORKS = re.compile(
    r"\b(next|nuxt|remix|react router|sveltekit|astro|gatsby|qwik|fresh|universal|ssr)\b"
)
_NODE_SERVERS = re.compile(
    r"\b(express|fastify|koa|hapi|nest\w*|hono|apollo|node(\.?js)?|polka|restify|sails|adonis\w*)\b"
)
_HEAVY_PYTHON = re.compile(
    r"\b(django|celery|streamlit|dash|gradio|langchain|langgraph|llama\S*index|airflow|superset"
    r"|jupyter\w*|adk|plone|odoo|dagster|prefect|wagtail)\b"
)
_ENTERPRISE_JAVA = re.compile(
    r"\b(spring|jetty|dropwizard|jersey|wildfly|jakarta|jboss|hibernate|tomcat|liberty|grails"
    r"|play|struts|weld|cxf|payara|java ee|servlet|camel|akka)\b"
)
_RAILS = re.compile(r"\b(rails|sidekiq|resque|delayed|good_job|hanami|spree|solidus)\b")
_NO_JAVA_INSIDE = re.compile(
    r"^scratch$|distroless/(?:static|base|cc)|ubi\d*-micro|quarkus-micro-image|\bnative\b"
)
"""Images without a Java runtime: what starts in them was compiled ahead of time."""


def detect(component: Component) -> Profile:
    """The profile of a component from language, framework, server and base image.

    The language decides; an image decides when there is none; and a web server in front of
    browser code decides against both.
    """
    runtime = _by_language(component.language) or _by_image(component) or Runtime.UNKNOWN
    if _serves_files(component, runtime):
        runtime = Runtime.STATIC
    return Profile(runtime, _variant(component, runtime))


def _by_language(language: str | None) -> Runtime | None:
    name = (language or "").strip().lower()
    if name in _NATIVE_LANGUAGES:
        return Runtime.NATIVE
    return _LANGUAGES.get(name)


def _by_image(component: Component) -> Runtime | None:
    words = image_words(component.base_image or component.image)
    for runtime, names in _IMAGES:
        if words & names:
            return runtime
    return None


def image_words(image: str | None) -> frozenset[str]:
    """Words of the last part of an image's name, tag left out: ``a/eclipse-temurin:21``."""
    name = (image or "").split("@")[0].rsplit("/", 1)[-1].split(":")[0].lower()
    return frozenset(re.split(r"[-_.]", name)) | {name}


def _serves_files(component: Component, runtime: Runtime) -> bool:
    if runtime not in (Runtime.NODE, Runtime.UNKNOWN):
        return False
    server = (component.runtime.server or "").lower()
    if server in _STATIC_SERVERS or image_words(component.base_image) & _STATIC_SERVERS:
        return True
    framework = (component.framework or "").lower()
    browser = bool(_BROWSER_FRAMEWORKS.search(framework))
    served = _SERVER_FRAMEWORKS.search(framework) or _NODE_SERVERS.search(framework)
    if browser and any(word in framework for word in _STATIC_SERVERS - {"serve"}):
        return True
    unseen = component.base_image is None and not component.start_command
    # The web part of a product usually is an image of a web server with compiled pages.
    browser = browser or (component.third_party is not None and not framework)
    return component.role is Role.WEB_FRONTEND and browser and not served and unseen


def _variant(component: Component, runtime: Runtime) -> str:
    framework = (component.framework or "").lower()
    libraries = " ".join(component.libraries).lower()
    words = f"{framework} {component.runtime.server or ''} {libraries}".lower()
    if runtime is Runtime.NODE and _SERVER_FRAMEWORKS.search(framework):
        return "node_ssr"
    if runtime is Runtime.PYTHON and _HEAVY_PYTHON.search(words):
        return "python_heavy"
    if runtime is Runtime.RUBY and _RAILS.search(words):
        return "ruby_rails"
    if runtime is Runtime.JVM:
        return _java_variant(component, framework)
    return runtime.value


def _java_variant(component: Component, framework: str) -> str:
    if _NO_JAVA_INSIDE.search((component.base_image or "").lower()):
        return "jvm_native"
    return "jvm_spring" if _ENTERPRISE_JAVA.search(framework) else "jvm"
