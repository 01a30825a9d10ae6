"""The ``github`` command: hands over to the job that was named."""

from __future__ import annotations

import argparse


def github(arguments: argparse.Namespace) -> int:
    """Run one job; returns its exit code."""
    match arguments.action:
        case "analyse":
            from ci.chatops.analyse import analyse

            return analyse(arguments)
        case "action":
            from ci.action.command import action

            return action(arguments)
        case "publish":
            from ci.chatops.run_publish import publish_command

            return publish_command(arguments)
        case _:
            from ci.chatops.run_gate import gate

            return gate(arguments)
