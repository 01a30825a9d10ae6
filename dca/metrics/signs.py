"""What speaks for or against a running workload beside its name: place, images, kind, environment.

Each sign adds to or takes from the confidence of the name. The weights are set by judgement, so
that a name which many apps have (``api``, ``redis``) needs a second sign, and a workload of another
environment loses against that of the environment in question.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dca.catalogue import image_path, product_for_image
from dca.metrics.names import is_common
from dca.metrics.rules import Surroundings
from dca.repository.naming import same_service
from dca.repository.paths import PRODUCTION_WORDS, STAGE_WORDS, words
from schemas.context import Component, WorkloadKind
from schemas.trigger import Environment

if TYPE_CHECKING:
    from schemas.telemetry import WorkloadListing

PRODUCT_IMAGE = 0.5
"""Confidence of a workload that runs the product, whatever it is called."""
_SAME_PLACE, _OTHER_PLACE, _TELLING_PLACE = 0.1, -0.1, 0.1
_NOT_THE_TARGET = -0.2
"""The trigger names the namespace, and this is another."""
NEIGHBOURS = 0.2
"""Other components of the app run in the namespace."""
_MOST_PLACE = 0.2
_SAME_IMAGE, _PRODUCT, _FOREIGN_IMAGE = 0.15, 0.1, -0.3
_OUR_STAGE, _OTHER_STAGE = 0.05, -0.15

_ENDING = frozenset({WorkloadKind.JOB.value, WorkloadKind.CRON_JOB.value})
_SERVING = frozenset(kind.value for kind in WorkloadKind) - _ENDING
_LIKE_DEPLOYMENTS = frozenset({"Deployment", "Rollout", "ReplicaSet", "DeploymentConfig"})
_OTHER_KIND, _NEAR_KIND = -0.15, -0.05

_STAGES = {
    Environment.PROD: PRODUCTION_WORDS,
    Environment.STAGING: frozenset({"staging", "stage", "preprod", "uat", "qa", "test"}),
    Environment.DEV: STAGE_WORDS
    - PRODUCTION_WORDS
    - frozenset({"staging", "stage", "preprod", "uat"}),
}


def kind_sign(component: Component, kind: str) -> float | None:
    """Whether a kind fits; None when it cannot be: what ends is no service."""
    own = component.workload.kind if component.workload else component.kind.value
    if own == kind:
        return 0.0
    if (own in _ENDING) != (kind in _ENDING) and kind in _ENDING | _SERVING:
        return None
    if {own, kind} <= _LIKE_DEPLOYMENTS:
        return _NEAR_KIND
    # Without a manifest the kind is an assumption.
    return _OTHER_KIND if component.workload else _NEAR_KIND


def place_sign(
    component: Component, namespace: str, around: Surroundings, neighbours: frozenset[str]
) -> float:
    """Whether the namespace speaks for it; at most `_MOST_PLACE`.

    Args:
        component: With the namespace that its manifest names.
        namespace: Of the running workload.
        around: The app's name and the namespace that the trigger names.
        neighbours: Namespaces in which other components of the app surely run.
    """
    total = 0.0
    stated = component.workload.namespace if component.workload else None
    if around.namespace is not None and around.namespace != namespace:
        return _NOT_THE_TARGET
    if around.namespace == namespace:
        total += _SAME_PLACE
    if stated is not None:
        total += _SAME_PLACE if stated == namespace else _OTHER_PLACE
    if around.app and not is_common(around.app) and _alike(namespace, around.app):
        total += _TELLING_PLACE
    if namespace in neighbours:
        total += NEIGHBOURS
    return min(total, _MOST_PLACE)


def image_sign(component: Component, images: Iterable[str]) -> float:
    """Whether the images speak for it; 0 when they are not known."""
    known = [image for image in images if image_path(image)]
    if not known:
        return 0.0
    products = {product.key for image in known if (product := product_for_image(image))}
    if component.third_party is not None:
        return _PRODUCT if component.third_party in products else _FOREIGN_IMAGE
    own = [path for image in known if not product_for_image(image) and (path := image_path(image))]
    if not own:
        return _FOREIGN_IMAGE
    mine = image_path(component.image) if component.image else ()
    if len(mine) > 1 and any(path[-2:] == mine[-2:] for path in own):
        return _SAME_IMAGE
    # An image that is only called like the workload says the same as its name.
    return 0.0


def same_image(component: Component, images: Iterable[str]) -> bool:
    """Whether one of the images is the component's own, by name and owner."""
    return component.third_party is None and image_sign(component, images) >= _SAME_IMAGE


def runs_product(component: Component, images: Iterable[str]) -> bool:
    """Whether one of the images is the product that the component is."""
    if component.third_party is None:
        return False
    found = (product_for_image(image) for image in images)
    return any(product.key == component.third_party for product in found if product)


def stage_sign(listing: WorkloadListing, environment: Environment) -> float:
    """Whether namespace or name tell of the environment in question, or of another."""
    told = STAGE_WORDS.intersection((*words(listing.key.namespace), *words(listing.key.name)))
    if not told:
        return 0.0
    return _OUR_STAGE if told & _STAGES[environment] else _OTHER_STAGE


def _alike(namespace: str, app: str) -> bool:
    kept = [word for word in words(namespace) if word not in STAGE_WORDS]
    return same_service("-".join(kept) or namespace, app) > 0
