"""Compose files: services, what they are built from, what they need, what they may use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dca.repository.deployment.documents import Document
from dca.repository.deployment.runs import Build, Run, known_image
from dca.repository.deployment.sizing import count, is_empty, mapping
from dca.repository.docker.command import words_from
from dca.repository.docker.dockerfile_text import substitute
from dca.repository.docker.runtime import quantity_bytes
from dca.repository.paths import basename, is_example, is_test, join, parent, words
from schemas.base import JsonObject
from schemas.context import CurrentSizing, FoundIn
from schemas.quantities import Bytes, Millicores

_FILE = re.compile(r"^(?:docker-)?compose[\w.-]*\.ya?ml$", re.IGNORECASE)
_OVERRIDES = frozenset(["override", "overrides"])
_STAGES = frozenset(["dev", "development", "local", "test", "tests", "ci", "e2e", "debug"])
_CPU = re.compile(r"^[0-9]{1,4}(?:\.[0-9]{1,6})?$")
_MAX_SERVICES = 200


def is_compose(path: str) -> bool:
    """Whether a file is named like a Compose file."""
    return bool(_FILE.match(basename(path)))


def services(
    documents: Sequence[Document], variables: Mapping[str, Mapping[str, str]]
) -> list[Run]:
    """Services of all Compose files of a repository.

    An override file is laid over the plain file beside it; where several files of one directory
    define a service, the first by rank counts and the others fill in what it leaves out.

    Args:
        documents: The parsed files.
        variables: Values of each directory's ``.env`` file.
    """
    found: dict[tuple[str, str], Run] = {}
    for document in sorted(documents, key=lambda item: (_rank(item.path), item.path)):
        directory = parent(document.path)
        listed = list(mapping(document.data, "services").items())[:_MAX_SERVICES]
        shared = _shared([service for _, service in listed if isinstance(service, dict)])
        for name, service in listed:
            if not isinstance(service, dict):
                continue
            run = _service(document, str(name), service, variables.get(directory, {}))
            run = replace(run, has_volume=bool(_volumes(service) - shared))
            key = (directory, run.name)
            found[key] = _merged(found[key], run) if key in found else run
    return [run for run in found.values() if run.image or run.build]


def _rank(path: str) -> int:
    named = set(words(basename(path)))
    rank = 1 if named & _OVERRIDES else 0
    rank += 2 if named & _STAGES else 0
    rank += 12 if is_example(path) else 0
    return rank + (20 if is_test(path) else 0)


def _merged(first: Run, second: Run) -> Run:
    """`first` with what it leaves open filled in from `second`."""
    return replace(
        first,
        image=first.image or second.image,
        build=first.build or second.build,
        entrypoint=first.entrypoint or second.entrypoint,
        command=first.command or second.command,
        environment={**second.environment, **first.environment},
        ports=first.ports or second.ports,
        needs=tuple(dict.fromkeys((*first.needs, *second.needs))),
        current=first.current or second.current,
        has_volume=first.has_volume or second.has_volume,
    )


def _service(
    document: Document, name: str, service: JsonObject, variables: Mapping[str, str]
) -> Run:
    image = service.get("image")
    line = document.line_of("services", name)
    return Run(
        name=name,
        found_in=FoundIn.COMPOSE,
        path=document.path,
        line=line,
        rank=_rank(document.path),
        image=known_image(substitute(image, variables)) if isinstance(image, str) else None,
        build=_build(service.get("build"), parent(document.path), variables),
        entrypoint=words_from(service.get("entrypoint")),
        command=words_from(service.get("command")),
        environment=_environment(service.get("environment"), variables),
        ports=_ports(service, variables),
        needs=_needs(service),
        current=_current(service, f"{document.path}:{line}"),
    )


def _build(value: Any, directory: str, variables: Mapping[str, str]) -> Build | None:  # noqa: ANN401
    if isinstance(value, str):
        value = {"context": value}
    if not isinstance(value, dict):
        return None
    written = substitute(str(value.get("context") or "."), variables)
    context = (
        None if "://" in written or written.startswith(("git@", "/")) else join(directory, written)
    )
    if context is None:
        return None
    name = substitute(str(value.get("dockerfile") or ""), variables)
    dockerfile = join(context, name) if name and not name.startswith("/") else None
    target = value.get("target")
    return Build(
        context=context,
        dockerfile=dockerfile,
        target=substitute(target, variables) if isinstance(target, str) else None,
        arguments=_environment(value.get("args"), variables),
    )


def _environment(value: Any, variables: Mapping[str, str]) -> dict[str, str]:  # noqa: ANN401
    if isinstance(value, list):
        pairs = [str(item).partition("=")[::2] for item in value[:500]]
    elif isinstance(value, dict):
        pairs = [(str(key), "" if item is None else str(item)) for key, item in value.items()]
    else:
        return {}
    return {key: substitute(text, variables)[:4_000] for key, text in pairs}


def _ports(service: JsonObject, variables: Mapping[str, str]) -> tuple[int, ...]:
    found: list[int] = []
    listed = [*_list(service.get("ports")), *_list(service.get("expose"))]
    for item in listed[:100]:
        written = item.get("target") if isinstance(item, dict) else item
        last = substitute(str(written), variables).partition("/")[0].rpartition(":")[2]
        number = count(last.partition("-")[0])
        if number and number < 65536:
            found.append(number)
    return tuple(dict.fromkeys(found))


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any YAML value
    return value if isinstance(value, list) else []


def _needs(service: JsonObject) -> tuple[str, ...]:
    found: list[str] = []
    for key in ("depends_on", "links"):
        value = service.get(key)
        listed = value.keys() if isinstance(value, dict) else _list(value)
        found.extend(str(item).partition(":")[0] for item in listed)
    return tuple(dict.fromkeys(found))


def _volumes(service: JsonObject) -> frozenset[str]:
    """Named volumes that it writes to; a bind mount of the working tree keeps no data."""
    found = set()
    for item in _list(service.get("volumes"))[:100]:
        if isinstance(item, dict):
            if item.get("type") == "volume" and not item.get("read_only"):
                found.add(str(item.get("source")))
        elif ":" in str(item) and str(item)[:1] not in "./~$" and not str(item).endswith(":ro"):
            found.add(str(item).partition(":")[0])
    return frozenset(found)


def _shared(services: Sequence[JsonObject]) -> frozenset[str]:
    """Volumes of several services: what many mount is no reason to run only one of them."""
    counted = Counter(name for service in services for name in _volumes(service))
    return frozenset(name for name, times in counted.items() if times > 1)


def _current(service: JsonObject, source: str) -> CurrentSizing | None:
    deploy = mapping(service, "deploy")
    limits = mapping(deploy, "resources", "limits")
    reservations = mapping(deploy, "resources", "reservations")
    sizing = CurrentSizing(
        replicas=count(deploy.get("replicas", service.get("scale"))),
        cpu_request=_cpu(reservations.get("cpus")),
        memory_request=_memory(reservations.get("memory") or service.get("mem_reservation")),
        cpu_limit=_cpu(limits.get("cpus") or service.get("cpus")),
        memory_limit=_memory(limits.get("memory") or service.get("mem_limit")),
        source=source,
    )
    return None if is_empty(sizing) else sizing


def _cpu(value: Any) -> Millicores | None:  # noqa: ANN401 - any YAML value
    written = "" if isinstance(value, bool) else str(value)
    return Millicores(round(float(written) * 1000)) if _CPU.match(written) else None


def _memory(value: Any) -> Bytes | None:  # noqa: ANN401 - any YAML value
    amount = quantity_bytes(str(value)) if isinstance(value, str | int) and value else None
    return Bytes(amount) if amount is not None and 0 < amount < 1 << 60 else None


def env_file(text: str) -> dict[str, str]:
    """Assignments of a ``.env`` file."""
    found: dict[str, str] = {}
    for line in text[:64_000].splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.isidentifier():
            found[name] = value.strip().strip("\"'")
    return found
