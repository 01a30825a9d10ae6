"""The arguments about metrics; imports nothing that ``--help`` would wait for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_metrics_flags(size: argparse.ArgumentParser) -> None:
    """Where a sizing finds the usage of what runs already."""
    group = size.add_argument_group("usage of running services")
    _add_source(group)
    group.add_argument(
        "--workload",
        metavar="[COMPONENT=]NAMESPACE/KIND/NAME",
        action="append",
        help="the running workload of a component, where it is not found or another is meant; "
        "/CONTAINER may follow (may be repeated)",
    )


def add_metrics(commands: Commands) -> list[argparse.ArgumentParser]:
    """Add the command ``metrics`` with its actions.

    Returns:
        The parser of each action, for what all commands have in common.
    """
    metrics = commands.add_parser(
        "metrics",
        help="list and export the usage of running workloads",
        description="The usage history that a Prometheus server, or a file, has of running "
        "workloads. docs/metrics.md tells how to connect.",
    )
    actions = metrics.add_subparsers(dest="action", metavar="ACTION", required=True)
    list_ = actions.add_parser(
        "list",
        help="list workloads with history",
        description="One line per workload: how long and in how many pods it was seen.",
    )
    list_.add_argument("--format", choices=("table", "json"), default="table")
    export = actions.add_parser(
        "export",
        help="write history to a file",
        description="Write the history of workloads to a file that `size --metrics` reads, so that "
        "the sizing needs no server.",
    )
    export.add_argument(
        "--workload",
        metavar="NAMESPACE/KIND/NAME",
        action="append",
        default=[],
        help="this workload (may be repeated)",
    )
    export.add_argument(
        "--out", metavar="FILE", required=True, help="the file; packed when it ends with .gz"
    )
    for action in (list_, export):
        action.add_argument("--namespace", metavar="NAME", help="all workloads of this namespace")
        _add_source(action)
    return [list_, export]


def _add_source(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--metrics",
        metavar="FILE",
        help="usage history from a file: our export, or answers of Prometheus (docs/metrics.md)",
    )
    parser.add_argument(
        "--prometheus-url",
        metavar="URL",
        help="usage history from this server (default: AI_PROVISION_PROMETHEUS_URL)",
    )
