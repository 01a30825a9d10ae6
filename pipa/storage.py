"""Size of the persistent volume, where a component needs one."""

from __future__ import annotations

from pipa.demand import STATEFUL, Situation
from pipa.tier import Tier
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import Component, WorkloadKind
from schemas.quantities import GIB, Bytes

_RUNS = (WorkloadKind.JOB, WorkloadKind.CRON_JOB, WorkloadKind.DAEMON_SET)


def size_storage(
    component: Component,
    key: str | None,
    situation: Situation,
    *,
    shared: bool,
    sheet: Worksheet,
) -> Bytes | None:
    """Bytes of the volume; None when the component keeps nothing.

    Args:
        component: What is sized.
        key: Its product, if it is one.
        situation: What is asked of it.
        shared: It has, or may get, several pods.
        sheet: Takes the step.
    """
    if component.volume_bytes:
        text = f"The repository asks for a volume of {number(component.volume_bytes / GIB)} GiB."
        sheet.step("storage", text, component.evidence)
        return component.volume_bytes
    product = sheet.constants.products[key] if key else None
    keeps = component.has_volume or (
        component.role in STATEFUL and (product is None or product.storage is not None)
    )
    keeps = keeps or (product is not None and product.storage is not None)
    if keeps and shared and component.kind is WorkloadKind.DEPLOYMENT:
        text = (
            "Several pods of a Deployment cannot share a volume; files belong in an object store."
        )
        sheet.step("storage", text)
        return None
    refused = situation.demand.persistence is False and not component.has_volume
    if not keeps or refused or component.kind in _RUNS:
        return None
    return _amount(component, key, situation, sheet)


def _amount(component: Component, key: str | None, situation: Situation, sheet: Worksheet) -> Bytes:
    data = situation.demand.data_bytes
    if data and component.role in STATEFUL:
        growth = sheet.use("storage.growth").target
        gib = max(1, -(-int(data * growth) // GIB))
        text = f"{number(data / GIB)} GiB of data x {number(growth)} for growth are {gib} GiB."
    elif situation.tier is Tier.SAMPLE:
        gib = round(sheet.use("storage.sample").target)
        text = f"No data size is stated; {gib} GiB for a sample."
    elif key and sheet.constants.products[key].storage is not None:
        gib = round(sheet.use_product(key, "storage", "GiB").target)
        text = f"No data size is stated; {gib} GiB to begin with."
    else:
        gib = round(sheet.use("storage.default").target)
        text = f"No data size is stated; {gib} GiB to begin with."
    sheet.step("storage", text, situation.about_data)
    return Bytes(gib * GIB)
