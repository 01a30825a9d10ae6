"""The options of ``ai-provision github``; light, since every command builds the whole line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_github(commands: Commands) -> list[argparse.ArgumentParser]:
    """Add the command ``github`` with its actions.

    Returns:
        The parser of each action, for what all commands have in common.
    """
    github = commands.add_parser(
        "github",
        help="answer /ai-provision comments on pull requests",
        description="The jobs of a workflow that answers /ai-provision comments on pull requests. "
        "docs/chatops.md tells what each may do and why.",
    )
    actions = github.add_subparsers(dest="action", metavar="ACTION", required=True)
    return [
        _add_gate(actions),
        _add_analyse(actions),
        _add_publish(actions),
        _add_action(actions),
    ]


def _add_gate(actions: Commands) -> argparse.ArgumentParser:
    gate = actions.add_parser(
        "gate",
        help="decide whether a comment becomes a job",
        description="Read the event of a comment and decide whether it becomes a job: only for "
        "people who may push, on open pull requests, for one fixed commit. Outputs: ok, job, "
        "verb, sha, pull_request, reason.",
    )
    gate.add_argument(
        "--event", metavar="FILE", help="the event's payload (default: GITHUB_EVENT_PATH)"
    )
    gate.add_argument("--out", metavar="FILE", help="also write the job there, as JSON")
    gate.add_argument(
        "--allow-forks",
        action="store_true",
        help="size pull requests from forks too; they are never written to",
    )
    return gate


def _add_analyse(actions: Commands) -> argparse.ArgumentParser:
    analyse = actions.add_parser(
        "analyse",
        help="size what a job asks for",
        description="Size the checkout of the job's commit, or the other repository that the "
        "command names. Needs no token of GitHub. Writes all files of the result, or failure.txt "
        "with the reason.",
    )
    analyse.add_argument("--job", metavar="FILE", required=True, help="the job that the gate wrote")
    analyse.add_argument(
        "--checkout",
        metavar="DIR",
        required=True,
        help="the pull request's repository, checked out at exactly the job's commit",
    )
    analyse.add_argument("--out", metavar="DIR", required=True, help="where the files go")
    return analyse


def _add_action(actions: Commands) -> argparse.ArgumentParser:
    return actions.add_parser(
        "action",
        help="the single step of a workflow, as action.yml runs it",
        description="Size the checkout of a workflow and tell the runner: job summary, "
        "annotations, outputs, and the exit code that fail-on asks for. The inputs are read from "
        "the variables INPUT_*; docs/action.md lists them.",
    )


def _add_publish(actions: Commands) -> argparse.ArgumentParser:
    publish = actions.add_parser(
        "publish",
        help="publish what the analysis found",
        description="Write the comment, the check run and, for apply, the pull request. Reads the "
        "result of the analysis and nothing else of it. Outputs: comment, conclusion, stale, "
        "applied.",
    )
    publish.add_argument("--job", metavar="FILE", required=True, help="the job that the gate wrote")
    publish.add_argument(
        "--result",
        metavar="DIR",
        required=True,
        help="directory with recommendation.json; without it, the comment tells that there is none",
    )
    return publish
