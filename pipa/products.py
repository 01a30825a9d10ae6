"""Third-party products: their own rules, or those of their role."""

from __future__ import annotations

from pipa.constants import Constants, Product
from pipa.cpu import CpuSizing
from pipa.demand import DATABASES, SERVING, STATEFUL, Situation
from pipa.estimate import MS_PER_SECOND, Estimate
from pipa.memory import MemorySizing
from pipa.replicas import Bounds, for_load, interval, needs_no_downtime
from pipa.runtime import Runtime, detect, image_words
from pipa.sizes import Sizing
from pipa.tier import Tier
from pipa.words import mib, millicores, number
from pipa.worksheet import Worksheet
from schemas.context import Component, WorkloadKind
from schemas.plan import CountInterval
from schemas.quantities import MIB
from schemas.trigger import Environment

_TELL_NOTHING = frozenset({Runtime.UNKNOWN, Runtime.NATIVE, Runtime.RUST})
"""A native program brings no runtime whose size is known: 20 MiB or 20 GiB."""


def product_of(component: Component, constants: Constants) -> str | None:
    """Key of the rule for a component; None for what is sized by its runtime.

    The catalogue's key is looked up first, then the product that it is a part of
    (``redis-master`` of ``redis``) or made for (``argo-cd-redis``), then the image, then the
    role. The app's own code, and a stateless product without a rule whose language is known, are
    sized by their runtime.
    """
    key = component.third_party
    if key is None:
        found = by_image(component.base_image or component.image, constants)
        return found if found and constants.products[found].role in STATEFUL else None
    if key in constants.products:
        return key
    for part in _parts(key):
        product = constants.products.get(part)
        if product is not None and product.role is component.role:
            return part
    found = by_image(component.image, constants)
    if found and constants.products[found].role is component.role:
        return found
    if component.role not in STATEFUL and detect(component).runtime not in _TELL_NOTHING:
        return None  # its runtime says more than its role
    return f"fallback-{component.role.value.replace('_', '-')}"


def _parts(key: str) -> list[str]:
    """Shorter names in a key, longest first: ``a-b-c`` gives ``a-b``, ``b-c``, ``a``, ``c``."""
    words = key.split("-")
    found = []
    for length in range(len(words) - 1, 0, -1):
        found += ["-".join(words[:length]), "-".join(words[-length:])]
    return found


def by_image(image: str | None, constants: Constants) -> str | None:
    """Key of the product that an image's name says it is."""
    if not image:
        return None
    words = image_words(image)
    name = max(words, key=len)
    for key, product in constants.products.items():
        if name == key or name in product.images:
            return key
    return None


def size_product(key: str, component: Component, situation: Situation, sheet: Worksheet) -> Sizing:
    """Replicas, CPU and memory of one product."""
    product = sheet.constants.products[key]
    limits = _bounds(key, component, situation, sheet)
    cpu = _cpu(key, product, limits, situation, sheet)
    memory = _memory(key, situation, sheet)
    return Sizing(cpu, memory, limits)


def _bounds(key: str, component: Component, situation: Situation, sheet: Worksheet) -> Bounds:
    product = sheet.constants.products[key]
    development, production, most = product.replicas
    runs = component.kind in (WorkloadKind.DAEMON_SET, WorkloadKind.JOB, WorkloadKind.CRON_JOB)
    if runs or product.kind is WorkloadKind.DAEMON_SET:
        one = round(sheet.use("replicas.run").target)
        sheet.step("replicas", f"{one} pod per node or run, not a count to choose.")
        return Bounds(one, one)
    # Charts ship a store that keeps copies with its copies: one pod alone would keep none.
    whole = (
        product.kind is WorkloadKind.DEPLOYMENT
        or production >= sheet.constants["replicas.copies"].value
    )
    serious = situation.tier is Tier.PRODUCTION or (
        whole and situation.environment is Environment.PROD
    )
    floor = production if serious and situation.tier is not Tier.SAMPLE else development
    if most > 1:
        floor = sheet.pods(key, floor, (development, max(production, floor)))
    real = situation.tier is not Tier.SAMPLE
    if real and product.role in SERVING and needs_no_downtime(situation, sheet):
        floor = max(floor, round(sheet.use("replicas.serving_critical").target))
    if component.kind is WorkloadKind.DEPLOYMENT and component.has_volume:
        floor = most = 1
    text = f"{floor} pod(s): {product.note}."
    if most == 1:
        text += " A single writer is not multiplied."
    elif product.odd:
        text += " Members vote, so the count is odd."
    sheet.step("replicas", text, (*situation.about_use, *component.evidence[:2]))
    low, high = min(development, floor), min(max(production, floor), most)
    return Bounds(min(floor, most), most, product.odd, low, high)


def _cpu(
    key: str, product: Product, limits: Bounds, situation: Situation, sheet: Worksheet
) -> CpuSizing:
    usual = request = sheet.use_product(key, "cpu_request", "millicores")
    text = f"{key} usually asks for {millicores(request.target)}."
    floor = limits.fit(1)
    replicas = interval(limits.low, floor, limits.high)
    rate = 0.0
    load = situation.load
    if load is not None and product.cpu_per_operation is not None:
        cost = sheet.use_product(key, "cpu_per_operation", "ms")
        needed = load.rate * cost / sheet.use("cpu.utilisation")
        grows = product.kind is WorkloadKind.DEPLOYMENT
        pods = for_load(needed.target, sheet.use("cpu.pod_preferred.jvm").target) if grows else 1
        chosen = limits.fit(pods)
        share = needed.times(1 / chosen) if grows else needed
        replicas = CountInterval(low=min(floor, chosen), target=chosen, high=chosen)
        rate = load.rate.target / chosen
        text += (
            f" {number(load.rate.target)} {load.unit} per second x {number(cost.target)} ms at"
            f" {number(sheet.constants['cpu.utilisation'].value * 100)} % utilisation need"
            f" {millicores(needed.target)}, {millicores(share.target)} per pod; the larger counts."
        )
        request = request.maximum(Estimate(request.low, share.target, share.high))
        request = request.at_most(max(sheet.use("cpu.pod_largest").high, usual.target))
    sheet.step("cpu", text, situation.about_load)
    moved = usual.target / product.cpu_request
    limit = sheet.use_product(key, "cpu_limit", "millicores", times=moved)
    ratio = limit.target / usual.target
    limit = limit.maximum(Estimate(limit.low, request.target * ratio, request.high))
    sheet.step("cpu", f"CPU limit {number(ratio)} x the request: {millicores(limit.target)}.")
    return CpuSizing(request, limit, replicas, rate)


def _memory(key: str, situation: Situation, sheet: Worksheet) -> MemorySizing:
    product = sheet.constants.products[key]
    usual = request = sheet.use_product(key, "memory_request", "MiB")
    text = f"{key} usually asks for {mib(request.target)}."
    grown, parts = _grown(key, product, situation, sheet)
    if parts:
        headroom = sheet.use("memory.headroom")
        text += f" {' + '.join(parts)} and {mib(request.target)} of its own, x"
        request = (grown + request) * headroom
        text += f" {number(headroom.target)} headroom: {mib(request.target)}."
    sheet.step("memory", text, (*situation.about_data, *situation.about_load))
    moved = usual.target / product.memory_request
    limit = sheet.use_product(key, "memory_limit", "MiB", times=moved)
    ratio = limit.target / usual.target
    if situation.critical:
        return _guaranteed(request, bool(parts), situation, sheet)
    limit = limit.maximum(request.times(ratio))
    sheet.step("memory", f"Memory limit {number(ratio)} x the request: {mib(limit.target)}.")
    return MemorySizing(request, limit)


def _guaranteed(
    request: Estimate, stated: bool, situation: Situation, sheet: Worksheet
) -> MemorySizing:
    """Limit equal to the request; with a margin unless data or connections were stated."""
    factor = sheet.use("memory.limit_factor.guaranteed")
    text = f"An outage is expensive, so the limit is {number(factor.target)} x the request"
    both = request
    if not stated:
        margin = sheet.use("memory.guaranteed_margin")
        both = request.times(margin.target)
        text += f", both with a margin of {number(margin.target)}"
    text += f": {mib(both.target)}."
    sheet.step("memory", text, situation.about_use)
    return MemorySizing(both, both * factor)


def _grown(
    key: str, product: Product, situation: Situation, sheet: Worksheet
) -> tuple[Estimate, list[str]]:
    """Memory that data, connections and throughput add, with the words for it."""
    demand, total, parts = situation.demand, Estimate.exactly(0), []
    if demand.data_bytes and product.data_in_memory is not None:
        share = sheet.use_product(key, "data_in_memory", "bytes per byte of data")
        added = share.times(demand.data_bytes / MIB)
        total = total + added
        parts.append(f"{number(share.target)} of {mib(demand.data_bytes / MIB)} of data")
    if demand.connections and product.memory_per_connection is not None:
        each = sheet.use_product(key, "memory_per_connection", "MiB")
        total = total + each.times(demand.connections)
        parts.append(f"{demand.connections} connections x {mib(each.target)}")
    elif situation.load and product.memory_per_connection and product.role in DATABASES:
        busy = situation.load.rate * sheet.use("load.query_time").times(1 / MS_PER_SECOND)
        each = sheet.use_product(key, "memory_per_connection", "MiB")
        total = total + busy * each
        parts.append(f"{number(busy.target)} busy connections x {mib(each.target)}")
    if demand.ingest_bytes_per_second and product.throughput_seconds is not None:
        seconds = sheet.use_product(key, "throughput_seconds", "s")
        rate = demand.ingest_bytes_per_second / MIB
        total = total + seconds.times(rate)
        parts.append(f"{number(seconds.target)} s of {mib(rate)} per second")
    return total, parts


def heap_env(key: str, memory_limit_mib: float, sheet: Worksheet) -> dict[str, str]:
    """The variable that fixes a JVM product's heap inside its limit; empty for others."""
    heap = sheet.constants.products[key].heap
    if heap is None:
        return {}
    largest = sheet.use("runtime.jvm.largest_heap").target
    amount = int(min(memory_limit_mib * heap.limit_fraction, largest))
    sheet.step(
        "runtime",
        f"{heap.env}: heap of {amount} MiB, {number(heap.limit_fraction)} of the limit of"
        f" {mib(memory_limit_mib)} and at most {mib(largest)}; the rest is for the page cache and"
        " the runtime.",
    )
    return {heap.env: heap.options.format(mib=amount)}
