"""Containers beside the main one: those without requests get small ones."""

from __future__ import annotations

from pipa.estimate import Estimate, friendly_mib, friendly_millicores
from pipa.products import by_image
from pipa.worksheet import Worksheet
from schemas.context import Component, ContainerFacts
from schemas.plan import Amounts, ContainerPlan, Resources
from schemas.quantities import format_cpu, format_memory


def size_extra_containers(component: Component, sheet: Worksheet) -> tuple[ContainerPlan, ...]:
    """A plan for each container of the workload that is neither the main one nor sized."""
    workload = component.workload
    if workload is None:
        return ()
    return tuple(
        _size(container, sheet)
        for container in workload.containers
        if container.name != workload.container and not container.sized
    )


def _size(container: ContainerFacts, sheet: Worksheet) -> ContainerPlan:
    key = by_image(container.image, sheet.constants)
    if key is not None:
        cpu = sheet.use_product(key, "cpu_request", "millicores")
        memory = sheet.use_product(key, "memory_request", "MiB")
        cpu_limit = sheet.use_product(key, "cpu_limit", "millicores")
        memory_limit = sheet.use_product(key, "memory_limit", "MiB")
        what = f"its image is {key}"
    else:
        cpu, memory = sheet.use("side.cpu"), sheet.use("side.memory")
        factor = Estimate.exactly(sheet.use("side.limit_factor").target)
        cpu_limit, memory_limit = cpu * factor, memory * factor
        what = "nothing more is known of it"
    requests = Amounts(cpu=friendly_millicores(cpu.target), memory=friendly_mib(memory.target))
    limits = Amounts(
        cpu=friendly_millicores(cpu_limit.target), memory=friendly_mib(memory_limit.target)
    )
    sheet.step(
        "memory",
        f"Container {container.name} has no requests; {what}: {format_cpu(requests.cpu or 0)} and"
        f" {format_memory(requests.memory or 0)}.",
    )
    return ContainerPlan(
        name=container.name,
        init=container.init or container.sidecar,
        resources=Resources(requests=requests, limits=limits),
    )
