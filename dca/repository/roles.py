"""What a component does, judged by an ordered list of rules; the first that speaks decides.

The order is by strength of evidence: what the image is, how it is started and run, which framework
it is made with, what its sources do, and only then what it is called and what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable

from dca.catalogue import (
    product_for_word,
    products_in_text,
)
from dca.repository.clues import Clues, words_of
from dca.repository.facts import RoleHints
from dca.repository.role_words import (
    API,
    API_NAMES,
    AUTH_NAMES,
    BATCH,
    BATCH_FOLDERS,
    BOTS,
    CHAT_LIBRARIES,
    CONTROLLER,
    FEW_ROUTES,
    FILE_SERVERS,
    FRONTEND,
    GATEWAY,
    GATEWAY_NAMES,
    HTTP_SERVERS,
    INFERENCE,
    LOAD,
    MIGRATIONS,
    MODEL_LIBRARIES,
    MODEL_ROUTES,
    OBSERVABILITY,
    OPERATOR_FRAMEWORKS,
    QUEUE_ENTRIES,
    QUEUE_TASKS,
    RENDERING,
    SCRIPTS,
    SERVING_TASKS,
    SITE_NAMES,
    TELLING,
    WEB_SERVERS,
    WORKER,
)
from dca.repository.source.frameworks import Family
from dca.repository.source.traits import TEMPLATES
from schemas.context import Role, WorkloadKind

Verdict = tuple[Role, str]

_SCRIPT_ENDINGS = (
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".rb",
    ".php",
    ".jar",
    ".dll",
    ".sh",
    ".exe",
)


def classify_role(hints: RoleHints) -> tuple[Role, str]:
    """The role of a component, and the reason in words.

    Returns:
        `Role.OTHER` with "nothing tells what it does" when no rule speaks.
    """
    clues = Clues(hints)
    for rule in RULES:
        verdict = rule(clues)
        if verdict is not None:
            return verdict
    return Role.OTHER, "nothing tells what it does"


def _by_image(clues: Clues) -> Verdict | None:
    product = clues.image
    if product is None or (product.runtime and clues.has_code):
        return None
    if product.key in WEB_SERVERS and clues.name & GATEWAY:
        return Role.GATEWAY_PROXY, f"{product.title} named as a gateway"
    if product.role is not Role.BATCH and _ends(clues):
        return Role.BATCH, f"it runs {product.title} as a {clues.hints.workload_kind}"
    return product.role, f"the image is {product.title}"


def _by_base_image(clues: Clues) -> Verdict | None:
    product = clues.base
    if product is None or product.runtime or clues.source.libraries:
        return None
    if product.key in WEB_SERVERS and clues.shows("only_proxies"):
        return Role.GATEWAY_PROXY, f"{product.title} that only passes requests on"
    return product.role, f"the image is built on {product.title}"


def _by_load(clues: Clues) -> Verdict | None:
    if clues.family is Family.LOAD or clues.shows("load_script"):
        return Role.LOAD_GENERATOR, f"{clues.source.framework or 'its script'} makes load"
    if clues.name & LOAD:
        return Role.LOAD_GENERATOR, "its name says that it makes load"
    # A program that only calls others plays their users; one that talks in a chat does not.
    silent = clues.routes == 0 and clues.calls == 0 and not clues.shows("http_server")
    chats = any(name.lower().startswith(CHAT_LIBRARIES) for name in clues.source.libraries)
    if clues.name & BOTS and silent and clues.shows("http_client") and not chats:
        return Role.LOAD_GENERATOR, "it serves nothing, calls others, and its name says bot"
    return None


def _ends(clues: Clues) -> bool:
    return clues.hints.workload_kind in (WorkloadKind.JOB, WorkloadKind.CRON_JOB)


def _by_kind(clues: Clues) -> Verdict | None:
    if _ends(clues):
        return Role.BATCH, f"it runs as a {clues.hints.workload_kind}"
    return None


def _by_command(clues: Clues) -> Verdict | None:
    if clues.command & {"celery", "sidekiq", "rq", "dramatiq", "karafka", "shoryuken", "resque"}:
        return Role.WORKER, "its start command runs a worker"
    if "exporter" in clues.command:
        return Role.OBSERVABILITY, "its start command runs an exporter"
    if clues.command & {"worker", "consumer"} and clues.name & WORKER:
        return Role.WORKER, "its start command and its name say worker"
    return _by_task(clues) or _by_entry(clues)


def _by_task(clues: Clues) -> Verdict | None:
    """A web application's own task runner, started for something else than to serve."""
    task = clues.task.lower()
    if not task or task in SERVING_TASKS:
        return None
    if words_of(task) & QUEUE_TASKS:
        return Role.WORKER, f"it is started for {task}"
    return (Role.BATCH, f"it is started for {task}") if ":" in task or task in MIGRATIONS else None


def _by_entry(clues: Clues) -> Verdict | None:
    """The program that is really run, of several that one image or directory holds."""
    program = clues.entry.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem = program.rpartition(".")[0] if program.endswith(_SCRIPT_ENDINGS) else program
    told = words_of(stem.rpartition(".")[2])
    watches = clues.has_kubernetes and clues.shows("kubernetes_watch")
    if told & QUEUE_ENTRIES and clues.family is not Family.SITE and not watches:
        return Role.WORKER, f"it starts {program}"
    serves = {"server", "serve", "web", "api"} & told
    if told & MIGRATIONS and not serves and clues.hints.ports == ():
        return Role.BATCH, f"it starts {program}"
    if program in FILE_SERVERS and clues.routes == 0:
        return Role.WEB_FRONTEND, f"{program} serves its files"
    return None


def _by_product_name(clues: Clues) -> Verdict | None:
    """A component that is called like a product, and is it: the product's own repository."""
    product = product_for_word(clues.hints.name)
    if product is None or product.words is not None or product.runtime:
        return None
    if clues.has_code and product.role not in TELLING:
        return None
    return product.role, f"it is called {product.title}"


def _by_controller(clues: Clues) -> Verdict | None:
    watches = clues.shows("kubernetes_watch") and clues.has_kubernetes
    if clues.name & API_NAMES and not clues.name & CONTROLLER and clues.shows("http_server"):
        return None
    made_for_it = watches and clues.source.framework in OPERATOR_FRAMEWORKS
    quiet = made_for_it or clues.routes <= FEW_ROUTES or bool(watches and clues.name & CONTROLLER)
    if clues.shows("admission") and clues.routes <= MODEL_ROUTES:
        return Role.CONTROLLER, "it answers the admission requests of the Kubernetes API"
    if clues.family is Family.CONTROLLER and quiet:
        return Role.CONTROLLER, f"{clues.source.framework} watches the Kubernetes API"
    if watches and clues.name & CONTROLLER:
        return Role.CONTROLLER, "it watches the Kubernetes API and is named as a controller"
    if watches and clues.routes == 0 and not clues.name & API:
        return Role.CONTROLLER, "it watches the Kubernetes API and answers no requests"
    return None


def _by_gateway(clues: Clues) -> Verdict | None:
    if clues.family is Family.GATEWAY:
        return Role.GATEWAY_PROXY, f"{clues.source.framework} passes requests on"
    passes_on = clues.shows("reverse_proxy") or clues.routes <= FEW_ROUTES
    passes_on |= "proxy" in clues.name or clues.hints.name.lower() in GATEWAY_NAMES
    if clues.name & GATEWAY and passes_on:
        return Role.GATEWAY_PROXY, "it passes requests on, and its name says so"
    return None


def _by_metrics(clues: Clues) -> Verdict | None:
    if clues.family is Family.OBSERVABILITY:
        return Role.OBSERVABILITY, f"{clues.source.framework} shows telemetry"
    exports = any("exporter" in name for name in clues.source.libraries)
    if clues.name & OBSERVABILITY and (exports or clues.routes <= FEW_ROUTES):
        return Role.OBSERVABILITY, "its name says that it collects telemetry"
    return None


def _by_worker_name(clues: Clues) -> Verdict | None:
    if clues.family is Family.SITE or not clues.name & WORKER:
        return None
    return Role.WORKER, "its name says that it takes work from a queue"


def _by_batch_name(clues: Clues) -> Verdict | None:
    folders = set(clues.source.directory.lower().split("/")[:-1])
    if folders & BATCH_FOLDERS and clues.routes <= FEW_ROUTES and not clues.shows("http_server"):
        return Role.BATCH, "it lies in a folder of jobs"
    if clues.name & BATCH and clues.routes <= FEW_ROUTES and clues.family is not Family.SITE:
        return Role.BATCH, "its name says that it runs to an end"
    return None


def _by_model(clues: Clues) -> Verdict | None:
    if clues.family is Family.MODEL:
        return Role.ML_INFERENCE, f"{clues.source.framework} serves a model"
    library = next(
        (name for name in clues.source.libraries if name.lower() in MODEL_LIBRARIES), None
    )
    serves = clues.family in (Family.HTTP, Family.GRPC, None) and clues.shows("model")
    narrow = bool(clues.name & INFERENCE) or clues.routes <= MODEL_ROUTES
    if library and serves and narrow:
        return Role.ML_INFERENCE, f"it answers requests with a model held by {library}"
    return None


def _by_site(clues: Clues) -> Verdict | None:
    if clues.family is Family.SITE:
        return Role.WEB_FRONTEND, f"{clues.source.framework} serves pages"
    if clues.base is not None and clues.base.key in WEB_SERVERS:
        return Role.WEB_FRONTEND, f"{clues.base.title} serves its files"
    return None


def _by_calls(clues: Clues) -> Verdict | None:
    most = clues.routes <= max(clues.calls, FEW_ROUTES)
    framework = clues.family is Family.GRPC and most
    if framework or (clues.shows("grpc_server") and clues.routes == 0):
        return Role.GRPC_SERVICE, "it answers gRPC calls"
    return None


def _by_pages(clues: Clues) -> Verdict | None:
    pages = clues.shows(TEMPLATES)
    renders = clues.shows("html_rendering") or clues.source.framework in RENDERING
    if clues.family not in (Family.HTTP, Family.GRPC, None) or clues.name & API_NAMES:
        return None
    if clues.name & SITE_NAMES and clues.has_code:
        return Role.WEB_FRONTEND, "it answers requests, and its name says that it is a front end"
    if clues.source.language == "PHP" and clues.family is None and clues.has_code:
        return Role.WEB_FRONTEND, "plain PHP renders pages"
    if clues.name & AUTH_NAMES and not clues.name & FRONTEND:
        # Whoever logs users in has a page or two for it; its work is tokens and redirects.
        return None
    if clues.name & FRONTEND and (pages or renders):
        return Role.WEB_FRONTEND, "it renders pages, and its name says so"
    if pages and renders:
        return Role.WEB_FRONTEND, "it renders pages from templates"
    return None


def _by_queue(clues: Clues) -> Verdict | None:
    talks = clues.shows("websocket") or any(item.method == "WS" for item in clues.source.endpoints)
    if clues.routes > FEW_ROUTES or talks:
        return None
    if clues.shows("queue_consumer"):
        return Role.WORKER, "it takes messages from a queue and answers hardly any requests"
    return None


def _by_search(clues: Clues) -> Verdict | None:
    if "search" in clues.name and clues.family in (Family.HTTP, None) and clues.has_code:
        return Role.SEARCH_ENGINE, "it answers searches, as its name says"
    return None


def _by_framework(clues: Clues) -> Verdict | None:
    by_family = {
        Family.HTTP: (Role.BACKEND_API, "answers requests"),
        Family.WORKER: (Role.WORKER, "takes work from a queue"),
        Family.BATCH: (Role.BATCH, "runs to an end"),
    }
    found = by_family.get(clues.family) if clues.family else None
    program = clues.hints.start_command[0].rpartition("/")[2] if clues.hints.start_command else ""
    if clues.family is Family.WORKER and program in HTTP_SERVERS:
        # The web process of an application that also has workers.
        return Role.BACKEND_API, f"{program} serves it"
    return (found[0], f"{clues.source.framework} {found[1]}") if found else None


def _by_traits(clues: Clues) -> Verdict | None:
    if clues.routes or clues.shows("http_server", "websocket"):
        return Role.BACKEND_API, "it answers HTTP requests"
    if clues.shows("kubernetes_watch") and clues.has_kubernetes:
        return Role.CONTROLLER, "it watches the Kubernetes API"
    if clues.shows("queue_consumer"):
        return Role.WORKER, "it takes messages from a queue"
    if clues.shows("scheduler"):
        return Role.BATCH, "it runs on a schedule"
    if clues.source.language in SCRIPTS and clues.has_code and not clues.hints.ports:
        return Role.WORKER, "it serves nothing: a script that runs by itself"
    return None


def _by_name(clues: Clues) -> Verdict | None:
    table = (
        (FRONTEND, Role.WEB_FRONTEND),
        (CONTROLLER, Role.CONTROLLER),
        (API, Role.BACKEND_API),
    )
    for words, role in table:
        found = sorted(clues.name & words)
        if found:
            return role, f"its name has the word {found[0]}"
    return None


def _by_description(clues: Clues) -> Verdict | None:
    found = products_in_text(clues.hints.description[:300])
    if found and not clues.has_code and clues.hints.source is None:
        return found[0][0].role, f"it is described as {found[0][0].title}"
    if clues.hints.ports:
        return Role.BACKEND_API, f"it listens on port {clues.hints.ports[0]}"
    return None


RULES: tuple[Callable[[Clues], Verdict | None], ...] = (
    _by_image,
    _by_base_image,
    _by_load,
    _by_kind,
    _by_command,
    _by_product_name,
    _by_controller,
    _by_gateway,
    _by_metrics,
    _by_worker_name,
    _by_batch_name,
    _by_model,
    _by_site,
    _by_calls,
    _by_pages,
    _by_search,
    _by_queue,
    _by_framework,
    _by_traits,
    _by_name,
    _by_description,
)
