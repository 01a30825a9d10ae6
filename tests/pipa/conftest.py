"""Components and contexts, made by hand, for the tests of the capacity model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipa.capacity import size_component
from pipa.constants import Constants, load_constants
from pipa.worksheet import Worksheet
from schemas.context import (
    AppContext,
    Component,
    Demand,
    DescriptionReading,
    FoundIn,
    RepositoryFacts,
    Role,
)
from schemas.plan import ComponentPlan
from schemas.trigger import Environment, Trigger

MakeComponent = Callable[..., Component]
MakeContext = Callable[..., AppContext]
Size = Callable[..., ComponentPlan]


@pytest.fixture(scope="session")
def constants() -> Constants:
    return load_constants()


@pytest.fixture
def sheet(constants: Constants) -> Worksheet:
    return Worksheet(constants)


@pytest.fixture(scope="session")
def component() -> MakeComponent:
    def make(**fields: Any) -> Component:
        given = {
            "name": "api",
            "source_path": "api",
            "found_in": (FoundIn.DOCKERFILE,),
            "role": Role.BACKEND_API,
            "base_image": "some/base",
            **fields,
        }
        return Component(**given)

    return make


@pytest.fixture(scope="session")
def context() -> MakeContext:
    def make(
        *components: Component,
        environment: Environment = Environment.PROD,
        files: int = 10,
        **fields: Any,
    ) -> AppContext:
        fields.setdefault("reading", DescriptionReading(demand=Demand()))
        trigger = Trigger(git_repo=".", app_description="an app", environment=environment)
        repository = RepositoryFacts(url=".", files=files)
        return AppContext(trigger=trigger, repository=repository, components=components, **fields)

    return make


@pytest.fixture(scope="session")
def size(component: MakeComponent, context: MakeContext, constants: Constants) -> Size:
    """Sizes one component made of the given fields; ``demand`` takes a dict."""

    def run(
        environment: Environment = Environment.PROD,
        peers: tuple[Component, ...] = (),
        **fields: Any,
    ) -> ComponentPlan:
        demand = Demand(**fields.pop("demand", {}))
        subject = component(demand=demand, **fields)
        where = context(subject, *peers, environment=environment)
        return size_component(subject, where, constants)[0]

    return run


def texts(plan: ComponentPlan, about: str) -> str:
    """All steps of a plan about one subject, joined."""
    return " ".join(step.text for step in plan.reasoning if step.about == about)
