"""Whose the stated data and connections are: the app's words rarely name the component.

DCA lays the app's demand over every component. "300 GB of orders" is in the database, not in the
cache beside it, and "10,000 WebSocket connections" end at the API, not at the database.
"""

from __future__ import annotations

import re
from typing import Any

from schemas.context import AppContext, Component, Demand, Role

_HOLDERS = (
    frozenset({Role.SQL_DATABASE, Role.NOSQL_DATABASE}),
    frozenset({Role.VECTOR_DATABASE}),
    frozenset({Role.SEARCH_ENGINE}),
    frozenset({Role.MESSAGE_BROKER}),
    frozenset({Role.CACHE}),
)
"""Roles that keep an app's data, the likeliest first; those of one set share it."""
_ENTRANCES = frozenset({Role.BACKEND_API, Role.GATEWAY_PROXY, Role.GRPC_SERVICE})
_OF_A_STORE = re.compile(
    r"\b(databases?|db|sql|postgres\w*|mysql|mongo\w*|redis|pool)\b", re.IGNORECASE
)


def own_demand(component: Component, context: AppContext) -> Demand:
    """The component's demand without the data and connections of other components."""
    demand = component.demand
    stated = context.reading.by_component.get(component.name, Demand())
    changes: dict[str, Any] = {}
    if demand.data_bytes is not None and stated.data_bytes is None:
        share = _share_of_data(component, context)
        changes["data_bytes"] = demand.data_bytes // share if share else None
    shared = demand.connections is not None and stated.connections is None
    if shared and not _meets_connections(component, context):
        changes["connections"] = None
    return demand.model_copy(update=changes) if changes else demand


def _share_of_data(component: Component, context: AppContext) -> int:
    """Among how many components the data is split; 0 when this one holds none of it."""
    roles = [peer.role for peer in context.components]
    for holders in _HOLDERS:
        count = sum(role in holders for role in roles)
        if count:
            return count if component.role in holders else 0
    return 1


def _meets_connections(component: Component, context: AppContext) -> bool:
    quotes = [item.quote for item in context.reading.statements if item.key == "connections"]
    at_store = any(_OF_A_STORE.search(quote) for quote in quotes)
    stores = frozenset[Role]().union(*_HOLDERS)
    if at_store:
        return component.role in stores
    if any(peer.role in _ENTRANCES for peer in context.components):
        return component.role in _ENTRANCES
    return True
