"""Languages, frameworks and role words, as people write them."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.context import Role


@dataclass(frozen=True, slots=True)
class Technology:
    """A language or a framework."""

    title: str
    language: str | None
    """The language itself, or the only one that the framework is for."""
    is_language: bool = False
    role: Role | None = None
    """What something made with it is, whatever noun follows."""
    plain_word: bool = False
    """Its name is an ordinary word too: it counts with its capital and in company only."""


def _language(title: str, *, plain_word: bool = False) -> Technology:
    return Technology(title, title, is_language=True, plain_word=plain_word)


_FRONTEND, _WORKER, _GRPC = Role.WEB_FRONTEND, Role.WORKER, Role.GRPC_SERVICE
_GATEWAY, _LOAD = Role.GATEWAY_PROXY, Role.LOAD_GENERATOR

_LANGUAGES = {
    "go": _language("Go", plain_word=True),
    "golang": _language("Go"),
    "python": _language("Python"),
    "java": _language("Java"),
    "kotlin": _language("Kotlin"),
    "typescript": _language("TypeScript"),
    "javascript": _language("JavaScript"),
    "node.js": _language("JavaScript"),
    "nodejs": _language("JavaScript"),
    "node": _language("JavaScript", plain_word=True),
    "c#": _language("C#"),
    ".net": _language("C#"),
    ".net core": _language("C#"),
    "dotnet": _language("C#"),
    "rust": _language("Rust", plain_word=True),
    "ruby": _language("Ruby", plain_word=True),
    "php": _language("PHP"),
    "elixir": _language("Elixir", plain_word=True),
    "erlang": _language("Erlang"),
    "c++": _language("C++"),
    "scala": _language("Scala"),
    "clojure": _language("Clojure"),
    "swift": _language("Swift", plain_word=True),
    "perl": _language("Perl"),
    "haskell": _language("Haskell"),
}

# Each name with its title, its language, and the role that it decides.
_FRAMEWORKS = {
    "react": ("React", None, _FRONTEND),
    "vue": ("Vue.js", None, _FRONTEND),
    "vue.js": ("Vue.js", None, _FRONTEND),
    "vuejs": ("Vue.js", None, _FRONTEND),
    "angular": ("Angular", None, _FRONTEND),
    "angularjs": ("AngularJS", None, _FRONTEND),
    "svelte": ("Svelte", None, _FRONTEND),
    "sveltekit": ("SvelteKit", None, _FRONTEND),
    "next.js": ("Next.js", None, _FRONTEND),
    "nextjs": ("Next.js", None, _FRONTEND),
    "nuxt": ("Nuxt", None, _FRONTEND),
    "nuxt.js": ("Nuxt", None, _FRONTEND),
    "remix": ("Remix", None, _FRONTEND),
    "astro": ("Astro", None, _FRONTEND),
    "gatsby": ("Gatsby", None, _FRONTEND),
    "streamlit": ("Streamlit", "Python", _FRONTEND),
    "gradio": ("Gradio", "Python", _FRONTEND),
    "plotly dash": ("Dash", "Python", _FRONTEND),
    "blazor": ("Blazor", "C#", _FRONTEND),
    "express": ("Express", None, None),
    "express.js": ("Express", None, None),
    "fastify": ("Fastify", None, None),
    "koa": ("Koa", None, None),
    "hono": ("Hono", None, None),
    "nestjs": ("NestJS", None, None),
    "nest.js": ("NestJS", None, None),
    "django": ("Django", "Python", None),
    "django rest framework": ("Django", "Python", None),
    "flask": ("Flask", "Python", None),
    "fastapi": ("FastAPI", "Python", None),
    "starlette": ("Starlette", "Python", None),
    "aiohttp": ("aiohttp", "Python", None),
    "tornado": ("Tornado", "Python", None),
    "sanic": ("Sanic", "Python", None),
    "celery": ("Celery", "Python", _WORKER),
    "dramatiq": ("Dramatiq", "Python", _WORKER),
    "gin": ("Gin", "Go", None),
    "go-kit": ("Go kit", "Go", None),
    "echo": ("Echo", "Go", None),
    "fiber": ("Fiber", "Go", None),
    "chi": ("chi", "Go", None),
    "gorilla/mux": ("gorilla/mux", "Go", None),
    "net/http": ("net/http", "Go", None),
    "spring boot": ("Spring Boot", None, None),
    "springboot": ("Spring Boot", None, None),
    "spring webflux": ("Spring WebFlux", None, None),
    "spring cloud gateway": ("Spring Cloud Gateway", None, _GATEWAY),
    "spring": ("Spring", None, None),
    "quarkus": ("Quarkus", None, None),
    "micronaut": ("Micronaut", None, None),
    "dropwizard": ("Dropwizard", "Java", None),
    "vert.x": ("Vert.x", None, None),
    "helidon": ("Helidon", "Java", None),
    "jakarta ee": ("Jakarta EE", "Java", None),
    "ktor": ("Ktor", "Kotlin", None),
    "play framework": ("Play", "Scala", None),
    "akka http": ("Akka HTTP", "Scala", None),
    "http4s": ("http4s", "Scala", None),
    "rails": ("Ruby on Rails", "Ruby", None),
    "ruby on rails": ("Ruby on Rails", "Ruby", None),
    "sinatra": ("Sinatra", "Ruby", None),
    "sidekiq": ("Sidekiq", "Ruby", _WORKER),
    "laravel": ("Laravel", "PHP", None),
    "symfony": ("Symfony", "PHP", None),
    "slim": ("Slim", "PHP", None),
    "wordpress": ("WordPress", "PHP", _FRONTEND),
    "asp.net core": ("ASP.NET Core", "C#", None),
    "asp.net": ("ASP.NET Core", "C#", None),
    "signalr": ("SignalR", "C#", None),
    "phoenix": ("Phoenix", "Elixir", None),
    "actix": ("Actix Web", "Rust", None),
    "actix web": ("Actix Web", "Rust", None),
    "actix-web": ("Actix Web", "Rust", None),
    "axum": ("Axum", "Rust", None),
    "rocket": ("Rocket", "Rust", None),
    "warp": ("Warp", "Rust", None),
    "grpc": ("gRPC", None, None),
    "langchain": ("LangChain", None, None),
    "locust": ("Locust", "Python", _LOAD),
    "k6": ("k6", None, _LOAD),
    "graphql": ("GraphQL", None, None),
}
_PLAIN_FRAMEWORKS = frozenset(
    [
        "react",
        "express",
        "echo",
        "fiber",
        "spring",
        "play",
        "slim",
        "rocket",
        "warp",
        "remix",
        "astro",
        "gin",
        "rails",
        "flask",
        "phoenix",
        "chi",
        "tornado",
        "celery",
        "koa",
        "locust",
        "gatsby",
    ]
)

TECHNOLOGIES: dict[str, Technology] = _LANGUAGES | {
    name: Technology(title, language, role=role, plain_word=name in _PLAIN_FRAMEWORKS)
    for name, (title, language, role) in _FRAMEWORKS.items()
}


@dataclass(frozen=True, slots=True)
class RoleNoun:
    """A noun that says what a component does."""

    role: Role
    slug: str
    """Name of a component that has no other."""
    generic: bool = False
    """It says little: what stands before it, or the framework, decides."""
    plural: bool = False


_FRONTENDS = (
    "frontend,front end,front-end,web ui,ui,user interface,spa,single page app,"
    "single page application,single-page app,web client,web app,webapp,web application,website,"
    "web site,portal,dashboard,storefront,web store,web frontend,web front end,web tier,web server,"
    "web interface,chat ui,site"
)
_BACKENDS = (
    "api,rest api,graphql api,json api,http api,web api,graphql server,backend,back end,back-end,"
    "api server,rest service,web service,http server,rest backend,api service,bff"
)
_NOUNS: dict[str, RoleNoun] = {}
for _name in _FRONTENDS.split(","):
    _NOUNS[_name] = RoleNoun(Role.WEB_FRONTEND, "frontend")
for _name in _BACKENDS.split(","):
    _slug = "backend" if "back" in _name else "api"
    _NOUNS[_name] = RoleNoun(Role.BACKEND_API, _slug)
for _name in [
    "service",
    "microservice",
    "micro-service",
    "server",
    "app",
    "application",
    "monolith",
    "endpoint",
    "program",
]:
    _NOUNS[_name] = RoleNoun(Role.BACKEND_API, "service", generic=True)
for _name in [
    "worker",
    "background worker",
    "consumer",
    "queue worker",
    "job processor",
    "task runner",
    "dispatcher",
]:
    _NOUNS[_name] = RoleNoun(Role.WORKER, "worker")
    _NOUNS[_name + "s"] = RoleNoun(Role.WORKER, "worker")
for _name in ["scheduler", "bot", "daemon", "background process"]:
    _NOUNS[_name] = RoleNoun(Role.WORKER, _name.split()[-1])
for _name in [
    "cron job",
    "cronjob",
    "batch job",
    "nightly job",
    "nightly batch",
    "import job",
    "export job",
]:
    _NOUNS[_name] = RoleNoun(Role.BATCH, "batch")
for _name in ["gateway", "api gateway", "reverse proxy", "proxy"]:
    _NOUNS[_name] = RoleNoun(Role.GATEWAY_PROXY, "gateway")
for _name in ["operator", "controller", "admission webhook"]:
    _NOUNS[_name] = RoleNoun(Role.CONTROLLER, _name.split()[-1])
for _name in ["inference server", "inference service", "model server", "inference api"]:
    _NOUNS[_name] = RoleNoun(Role.ML_INFERENCE, "inference")
for _name in ["load generator", "load test"]:
    _NOUNS[_name] = RoleNoun(Role.LOAD_GENERATOR, "load-generator")
for _name in (
    *_FRONTENDS.split(","),
    *_BACKENDS.split(","),
    "service",
    "microservice",
    "server",
    "app",
):
    _NOUNS.setdefault(
        _name + "s",
        RoleNoun(_NOUNS[_name].role, _NOUNS[_name].slug, _NOUNS[_name].generic, plural=True),
    )

ROLE_NOUNS: dict[str, RoleNoun] = _NOUNS

ADJECTIVES = frozenset(
    [
        "small",
        "tiny",
        "simple",
        "minimal",
        "light",
        "lightweight",
        "thin",
        "main",
        "core",
        "public",
        "private",
        "internal",
        "external",
        "stateless",
        "stateful",
        "reactive",
        "realtime",
        "real",
        "time",
        "single",
        "new",
        "old",
        "legacy",
        "modern",
        "our",
        "the",
        "a",
        "an",
        "own",
        "primary",
        "secondary",
        "background",
        "synchronous",
        "asynchronous",
        "async",
        "http",
        "https",
        "rest",
        "restful",
        "json",
        "web",
        "mock",
        "fake",
        "stub",
        "optional",
        "custom",
        "plain",
        "pure",
        "static",
        "dynamic",
        "server",
        "side",
        "rendered",
        "based",
        "backed",
        "mission",
        "business",
        "critical",
        "highly",
        "available",
        "scalable",
        "fast",
        "big",
        "large",
        "heavy",
        "high",
        "low",
        "traffic",
        "performance",
        "throughput",
        "multi",
        "tenant",
        "threaded",
        "typed",
        "written",
        "facing",
        "user",
        "read",
        "only",
        "idempotent",
        "containerized",
        "dockerized",
        "distributed",
        "serverless",
        "admin-only",
        "customer-facing",
        "gunicorn",
        "uvicorn",
        "nginx",
        "puma",
        "tomcat",
        "jetty",
        "kestrel",
        "phone",
        "multi-tenant",
        "back",
        "front",
        "end",
    ]
)
"""Words before a role noun that describe the component without naming it."""

STOPS = frozenset(
    [
        "and",
        "or",
        "with",
        "plus",
        "for",
        "to",
        "from",
        "of",
        "in",
        "on",
        "at",
        "by",
        "via",
        "over",
        "that",
        "which",
        "is",
        "are",
        "was",
        "be",
        "as",
        "into",
        "onto",
        "using",
        "uses",
        "use",
        "used",
        "calls",
        "calling",
        "talks",
        "talking",
        "behind",
        "between",
        "within",
        "without",
        "not",
        "no",
        "but",
        "where",
        "when",
        "while",
        "has",
        "have",
        "had",
        "runs",
        "running",
        "serves",
        "serving",
        "consumes",
        "producing",
        "writes",
        "reads",
        "its",
        "their",
        "his",
        "this",
        "these",
        "those",
        "it",
        "they",
        "we",
        "you",
        "also",
        "then",
        "than",
        "both",
        "each",
        "every",
        "all",
        "any",
        "some",
        "many",
        "several",
        "through",
        "per",
        "against",
        "around",
        "about",
        "like",
        "such",
    ]
)
"""Words that end a noun phrase."""
