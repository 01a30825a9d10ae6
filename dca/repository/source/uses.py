"""Data stores, brokers and services that a program talks to, each with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dca.catalogue import product_for_library, product_for_word
from dca.repository.source.program import Program
from dca.repository.source.sources import Sources, is_aside, line_of
from schemas.context import Use
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind

_MAX_CONFIG_FILES = 40
_MAX_CONFIG_BYTES = 200_000
_CONFIG_NAMES = (
    "application",
    "appsettings",
    "bootstrap",
    ".env",
    "config",
    "settings",
    "database",
)
_CONFIG_ENDINGS = (".yml", ".yaml", ".json", ".properties", ".conf", ".toml", ".env", ".example",
                   ".sample", ".dist", ".exs")  # fmt: skip
_ADDRESS = re.compile(
    r"\b(?:jdbc:|r2dbc:)?([a-z][a-z0-9]{1,20})(?:\+[a-z0-9]{1,20})?(?::thin:@|://)"
)
"""The scheme of an address; what follows it may be a secret and is not looked at."""
_SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pgsql": "postgresql",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mariadb",
    "sqlserver": "mssql",
    "mssql": "mssql",
    "oracle": "oracle-database",
    "mongodb": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "valkey": "valkey",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq",
    "nats": "nats",
    "kafka": "kafka",
    "pulsar": "pulsar-broker",
    "neo4j": "neo4j",
    "bolt": "neo4j",
    "cassandra": "cassandra",
    "clickhouse": "clickhouse",
    "memcached": "memcached",
    "elasticsearch": "elasticsearch",
    "mqtt": "mosquitto",
    "zk": "zookeeper",
}


def uses_of(program: Program, sources: Sources) -> tuple[tuple[Use, ...], tuple[Evidence, ...]]:
    """What the dependencies and the committed configuration name, one `Use` for each product."""
    evidence: dict[str, list[Evidence]] = {}
    for key, item in (*_from_libraries(program, sources), *_from_config(program, sources)):
        if item.id not in {known.id for known in evidence.get(key, [])}:
            evidence.setdefault(key, []).append(item)
    uses = tuple(
        Use(name=key, evidence=tuple(item.id for item in items)) for key, items in evidence.items()
    )
    return uses, tuple(item for items in evidence.values() for item in items)


def file_evidence(path: str, line: int | None, statement: str, word: str = "") -> Evidence:
    """Evidence for a fact that stands in a file of the repository."""
    place = f"file:{path}:{line}" if line else f"file:{path}"
    return Evidence(
        id=f"{place}#{word}"[:400] if word else place[:400],
        kind=EvidenceKind.FILE,
        grade=EvidenceGrade.STATED,
        statement=statement[:1000],
        source=path,
        line=line,
    )


def _from_libraries(program: Program, sources: Sources) -> Iterator[tuple[str, Evidence]]:
    for manifest in (*program.manifests, *program.linked):
        text = sources.read(manifest.path)
        for name in manifest.dependencies:
            product = product_for_library(manifest.ecosystem, name)
            if product is None or not _is_imported(program, manifest.ecosystem, name):
                continue
            line = line_of(text, name.rpartition(":")[2])
            statement = f"{manifest.path} depends on {name}, a client of {product.title}."
            yield product.key, file_evidence(manifest.path, line, statement, product.key)


def _is_imported(program: Program, ecosystem: str, name: str) -> bool:
    """In Go the module is shared by many programs; the imports say what one of them uses."""
    if ecosystem != "go" or not program.imports:
        return True
    return any(item == name or item.startswith(f"{name}/") for item in program.imports)


def _from_config(program: Program, sources: Sources) -> Iterator[tuple[str, Evidence]]:
    for path in _config_files(program.directory, sources):
        text = sources.read(path) or ""
        seen: set[str] = set()
        for found in _ADDRESS.finditer(text):
            key = _SCHEMES.get(found.group(1))
            if key is None or key in seen:
                continue
            seen.add(key)
            line = text.count("\n", 0, found.start()) + 1
            product = product_for_word(key)
            statement = f"{path} holds an address of {product.title if product else key}."
            yield key, file_evidence(path, line, statement, key)


def _config_files(directory: str, sources: Sources) -> Iterable[str]:
    found = [
        path
        for path in sources.under(directory)
        if _is_config(path) and not is_aside(path, directory)
    ]
    found.sort(key=lambda path: (path.count("/"), path))
    small = [path for path in found if sources.size(path) <= _MAX_CONFIG_BYTES]
    return small[:_MAX_CONFIG_FILES]


def _is_config(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.startswith(_CONFIG_NAMES) and (name.endswith(_CONFIG_ENDINGS) or name == ".env")
