"""RuntimeSettings: workers, threads and heap that a start command and an environment fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dca.repository.docker.dockerfile import split_shell
from schemas.context import RuntimeSettings
from schemas.errors import QuantityError
from schemas.quantities import GIB, KIB, MIB, TIB, Bytes, memory_bytes

RUNTIME_VARIABLES = frozenset(
    [
        *["GOMEMLIMIT", "GOMAXPROCS", "GOGC", "WEB_CONCURRENCY", "RAILS_MAX_THREADS"],
        *["MAX_THREADS", "MIN_THREADS", "PUMA_WORKERS", "PUMA_THREADS", "OMP_NUM_THREADS"],
        *["MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "UV_THREADPOOL_SIZE", "GUNICORN_WORKERS"],
        *["GUNICORN_THREADS", "UVICORN_WORKERS", "WORKERS", "MAX_WORKERS", "WORKERS_PER_CORE"],
        *["DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimitPercent", "DOTNET_gcServer"],
        *["DOTNET_GCHeapCount", "COMPlus_GCHeapHardLimit", "COMPlus_GCHeapHardLimitPercent"],
        *[
            "COMPlus_gcServer",
            "DOTNET_GCConserveMemory",
            "NODE_ENV",
            "RAILS_ENV",
            "MALLOC_ARENA_MAX",
        ],
        *["PHP_FPM_PM", "PM_MAX_CHILDREN", "PHP_FPM_MAX_CHILDREN", "PHP_FPM_PM_MAX_CHILDREN"],
        *["PHP_MEMORY_LIMIT", "CELERY_CONCURRENCY", "CELERYD_CONCURRENCY", "SIDEKIQ_CONCURRENCY"],
        *[
            "RAYON_NUM_THREADS",
            "TOKIO_WORKER_THREADS",
            "PYTHONUNBUFFERED",
            "NGINX_WORKER_PROCESSES",
        ],
    ]
)
"""Variables that set how much a runtime uses; none of them can hold a secret."""

_OPTION_VARIABLES = ("JAVA_TOOL_OPTIONS", "JAVA_OPTS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
_MORE_JAVA = (
    "CATALINA_OPTS",
    "JVM_OPTS",
    "JAVA_OPTIONS",
    "JAVA_ARGS",
    "JVM_ARGS",
    "KAFKA_HEAP_OPTS",
)
_HEAP_VARIABLES = (*_OPTION_VARIABLES, *_MORE_JAVA, "ES_JAVA_OPTS", "OPENSEARCH_JAVA_OPTS")
_JVM_OPTION = re.compile(r"^-(?:X(?:mx|ms|mn|ss|X:)[\w:+.=-]*|server)$")
_JVM_SIZE = re.compile(r"^-X(mx|ms)([0-9]{1,15})([kKmMgGtT]?)$")
_JVM_FRACTION = re.compile(r"^-XX:(Max|Initial)RAMPercentage=([0-9]{1,3}(?:\.[0-9]{1,9})?)$")
_JVM_MAX_HEAP = re.compile(r"^-XX:MaxHeapSize=([0-9]{1,15})([kKmMgGtT]?)$")
_NODE_HEAP = re.compile(r"^--max[-_]old[-_]space[-_]size=([0-9]{1,8})$")
_VALUE = re.compile(r"^[A-Za-z0-9.,:%_+-]{1,40}$")
_JVM_UNITS = {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": TIB}


@dataclass(slots=True)
class _Found:
    server: str | None = None
    workers: int | None = None
    threads: int | None = None
    concurrency: int | None = None
    heap_max: int | None = None
    heap_initial: int | None = None
    heap_fraction: float | None = None
    environment: dict[str, str] = field(default_factory=dict)


def runtime_settings(
    words: tuple[str, ...], environment: Mapping[str, str], evidence: tuple[str, ...] = ()
) -> RuntimeSettings:
    """Read the settings of a start command.

    Args:
        words: The program and its arguments, wrappers taken off (`command.start_words`).
        environment: Variables of image and workload; only the runtime's own are kept.
        evidence: Ids of what the settings were read from.
    """
    found = _Found()
    found.environment = runtime_environment(environment)
    _read_environment(found, environment)
    if words:
        program = _program(words)
        found.server = _server(program, words)
        reader = _READERS.get(found.server or "")
        if reader is not None:
            reader(found, words)
        _read_heap(found, words)
    return RuntimeSettings(
        server=found.server,
        workers=_bounded(found.workers, 4096),
        threads=_bounded(found.threads, 65536),
        concurrency=_bounded(found.concurrency, 65536),
        heap_max_bytes=_bytes(found.heap_max),
        heap_initial_bytes=_bytes(found.heap_initial),
        heap_max_fraction=found.heap_fraction,
        environment=found.environment,
        evidence=evidence,
    )


def runtime_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The runtime's own variables, of those that variables with options hold only the options."""
    kept: dict[str, str] = {}
    for name in sorted(environment):
        value = str(environment[name])
        if name in RUNTIME_VARIABLES:
            if _VALUE.match(value):
                kept[name] = value
        elif name in _HEAP_VARIABLES or name == "NODE_OPTIONS":
            options = [word for word in split_shell(value[:4_000]) if _is_size_option(word)]
            if options:
                kept[name] = " ".join(options)
    return kept


def _is_size_option(word: str) -> bool:
    return len(word) <= 80 and bool(_JVM_OPTION.match(word) or _NODE_HEAP.match(word))


def _bounded(value: int | None, highest: int) -> int | None:
    return value if value is not None and 0 <= value <= highest else None


def _bytes(value: int | None) -> Bytes | None:
    return Bytes(value) if value is not None and 0 < value < 1 << 60 else None


_WORKER_VARIABLES = (
    *["WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS", "PUMA_WORKERS", "PM_MAX_CHILDREN"],
    *["PHP_FPM_MAX_CHILDREN", "PHP_FPM_PM_MAX_CHILDREN"],
)
_THREAD_VARIABLES = ("RAILS_MAX_THREADS", "GUNICORN_THREADS", "PUMA_THREADS")
_JOB_VARIABLES = ("CELERY_CONCURRENCY", "CELERYD_CONCURRENCY", "SIDEKIQ_CONCURRENCY")


def _read_environment(found: _Found, environment: Mapping[str, str]) -> None:
    for name in (*_HEAP_VARIABLES, "NODE_OPTIONS"):
        if name in environment:
            _read_heap(found, split_shell(str(environment[name])[:4_000]))
    found.workers = _first_number(environment, _WORKER_VARIABLES)
    found.threads = _first_number(environment, _THREAD_VARIABLES)
    found.concurrency = _first_number(environment, _JOB_VARIABLES)
    _read_dotnet(found, environment)


def _first_number(environment: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    numbers = (_number(str(environment.get(name, ""))) for name in names)
    return next((number for number in numbers if number is not None), None)


def _read_dotnet(found: _Found, environment: Mapping[str, str]) -> None:
    """.NET reads these variables as hexadecimal, with or without 0x."""
    for prefix in ("DOTNET_", "COMPlus_"):
        limit = str(environment.get(f"{prefix}GCHeapHardLimit", ""))
        if found.heap_max is None and re.match(r"^(?:0x)?[0-9A-Fa-f]{1,16}$", limit):
            found.heap_max = int(limit, 16)
        share = str(environment.get(f"{prefix}GCHeapHardLimitPercent", ""))
        if re.match(r"^(?:0x)?[0-9A-Fa-f]{1,2}$", share) and 0 < int(share, 16) <= 100:
            found.heap_fraction = found.heap_fraction or int(share, 16) / 100


def _read_heap(found: _Found, words: tuple[str, ...]) -> None:
    for word in words:
        size = _JVM_SIZE.match(word)
        if size:
            amount = int(size[2]) * _JVM_UNITS[size[3].lower()]
            if size[1] == "mx":
                found.heap_max = amount
            else:
                found.heap_initial = amount
        whole = _JVM_MAX_HEAP.match(word)
        if whole:
            found.heap_max = int(whole[1]) * _JVM_UNITS[whole[2].lower()]
        node = _NODE_HEAP.match(word)
        if node:
            found.heap_max = int(node[1]) * MIB
        share = _JVM_FRACTION.match(word)
        if share and share[1] == "Max" and 0 < float(share[2]) <= 100:
            found.heap_fraction = float(share[2]) / 100


def _program(words: tuple[str, ...]) -> str:
    """Base name of the program; ``python -m x`` is x."""
    program = words[0].replace("\\", "/").rpartition("/")[2].lower()
    if re.match(r"^(?:python|pypy)[0-9.]*$", program):
        for position, word in enumerate(words[1:6], start=1):
            if word == "-m" and position + 1 < len(words):
                return words[position + 1].partition(".")[0].lower()
    return program


_SAME_NAME = frozenset(
    [
        *[
            "gunicorn",
            "uvicorn",
            "hypercorn",
            "granian",
            "daphne",
            "uwsgi",
            "puma",
            "unicorn",
            "thin",
        ],
        *[
            "passenger",
            "falcon",
            "sidekiq",
            "celery",
            "rq",
            "dramatiq",
            "arq",
            "java",
            "node",
            "pm2",
        ],
        *["bun", "deno", "next", "nginx", "httpd", "frankenphp", "dotnet", "caddy", "envoy"],
        *["haproxy", "traefik", "streamlit", "flask", "fastapi", "locust", "artillery", "k6"],
        *["supervisord", "mlflow", "torchserve", "tritonserver", "airflow", "rails", "rackup"],
        *["resque", "serve", "http-server"],
    ]
)
"""Programs that are called by their own name."""

_SERVERS: dict[str, str] = {
    "waitress-serve": "waitress",
    "pumactl": "puma",
    "unicorn_rails": "unicorn",
    "catalina.sh": "tomcat",
    "jetty.sh": "jetty",
    "nodejs": "node",
    "pm2-runtime": "pm2",
    "httpd-foreground": "httpd",
    "apache2-foreground": "httpd",
    "apache2ctl": "httpd",
    "apachectl": "httpd",
    "rr": "roadrunner",
    "varnishd": "varnish",
    "mix": "beam",
    "elixir": "beam",
    "iex": "beam",
    "erl": "beam",
} | {name: name for name in _SAME_NAME}
"""Program names and what they are called."""


def _server(program: str, words: tuple[str, ...]) -> str | None:
    if re.match(r"^php-fpm[0-9.]*$", program):
        return "php-fpm"
    if program == "java":
        joined = " ".join(words[1:40])
        for mark, name in (("catalina", "tomcat"), ("jetty", "jetty")):
            if mark in joined:
                return name
    if program in ("rails", "rake", "ruby") and "server" in words[:4]:
        return "rails"
    if program == "artisan" or (program == "php" and "octane:start" in words):
        return "octane"
    return _SERVERS.get(program)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def _option(words: tuple[str, ...], *names: str) -> str | None:
    """Value of the last of some options: ``--x 3``, ``--x=3``, ``-x 3``, ``-x3``."""
    value: str | None = None
    for position, word in enumerate(words):
        for name in names:
            if word == name:
                value = words[position + 1] if position + 1 < len(words) else value
            elif word.startswith(name + "="):
                value = word[len(name) + 1 :]
            elif len(name) == 2 and word.startswith(name) and word[2:].isdecimal():
                value = word[2:]
    return value


def _count(words: tuple[str, ...], *names: str) -> int | None:
    return _number(_option(words, *names) or "")


def _web(
    worker_names: tuple[str, ...], thread_names: tuple[str, ...]
) -> Callable[[_Found, tuple[str, ...]], None]:
    def read(found: _Found, words: tuple[str, ...]) -> None:
        workers = _count(words, *worker_names)
        threads = _count(words, *thread_names)
        found.workers = workers if workers is not None else found.workers
        found.threads = threads if threads is not None else found.threads

    return read


def _puma(found: _Found, words: tuple[str, ...]) -> None:
    workers = _count(words, "-w", "--workers")
    found.workers = workers if workers is not None else found.workers
    highest = (_option(words, "-t", "--threads") or "").rpartition(":")[2]
    found.threads = _number(highest) if _number(highest) is not None else found.threads


def _jobs(*names: str) -> Callable[[_Found, tuple[str, ...]], None]:
    def read(found: _Found, words: tuple[str, ...]) -> None:
        value = _count(words, *names)
        found.concurrency = value if value is not None else found.concurrency

    return read


_READERS: dict[str, Callable[[_Found, tuple[str, ...]], None]] = {
    "gunicorn": _web(("-w", "--workers"), ("--threads",)),
    "uvicorn": _web(("--workers",), ()),
    "fastapi": _web(("--workers",), ()),
    "hypercorn": _web(("-w", "--workers"), ()),
    "granian": _web(("--workers",), ("--threads", "--runtime-threads", "--blocking-threads")),
    "waitress": _web((), ("--threads",)),
    "uwsgi": _web(("-p", "--processes", "--workers"), ("--threads",)),
    "unicorn": _web((), ()),
    "puma": _puma,
    "pm2": _web(("-i", "--instances"), ()),
    "sidekiq": _jobs("-c", "--concurrency"),
    "celery": _jobs("-c", "--concurrency"),
    "dramatiq": _web(("-p", "--processes"), ("-t", "--threads")),
    "php-fpm": _web((), ()),
}


def quantity_bytes(text: str) -> int | None:
    """Bytes of a Kubernetes or a Compose amount (``512m``, ``1g``), None when it is neither."""
    match = re.match(r"^([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([kKmMgGtT])[bB]?$", text)
    if match:
        return round(float(match[1]) * _JVM_UNITS[match[2].lower()])
    try:
        return memory_bytes(text)
    except QuantityError:
        return None
