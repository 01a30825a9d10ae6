"""The command line: parses the arguments, hands over, turns errors into exit codes.

Nothing heavy is imported here: ``--help`` and ``--version`` answer at once, and each command
imports what it needs.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ci.apply_parser import add_apply
from ci.chatops.parser import add_github
from ci.knowledge_parser import add_knowledge
from ci.mcp.parser import add_mcp
from ci.metrics_parser import add_metrics, add_metrics_flags

EXIT_CODES = (
    (0, "done"),
    (
        1,
        "a blocking finding, or a component without numbers, is left; with --check also: a"
        " manifest differs from the recommendation or is missing",
    ),
    (2, "usage, or a trigger, setting or file that cannot be used"),
    (3, "an outside system failed (git, helm, the disk), or an internal error"),
    (130, "interrupted"),
)
"""What the exit codes mean, for the help text and the README."""

_EPILOG = "exit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="ai-provision",
        description="Size Kubernetes workloads: replicas, requests and limits, with the evidence.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_size(commands)
    _add_explain(commands)
    _add_report(commands)
    _add_common(add_apply(commands))
    _add_doctor(commands)
    _add_eval(commands)
    _add_feedback(commands)
    _add_memory(commands)
    _add_common(add_mcp(commands))
    for action in (*add_metrics(commands), *add_knowledge(commands), *add_github(commands)):
        _add_common(action)
    return parser


if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def _add_size(commands: _Commands) -> None:
    size = commands.add_parser(
        "size",
        help="size a repository",
        description="Size every deployable component of a repository.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = size.add_argument_group("what to size")
    what.add_argument("--git-repo", metavar="URL|DIR", help="https URL, or a local directory")
    what.add_argument("--app-description", metavar="TEXT", help="the app, in your own words")
    what.add_argument(
        "--trigger",
        metavar="FILE",
        help="the two fields in a file, - for stdin; also the JSON payload. "
        "Instead of --git-repo and --app-description",
    )
    what.add_argument(
        "--checkout",
        metavar="DIR",
        help="read this directory as the repository that the trigger names, clone nothing",
    )
    what.add_argument("--ref", help="branch, tag or commit (default: the default branch)")
    what.add_argument(
        "--env",
        choices=("dev", "staging", "prod"),
        help="where it will run (default: what the trigger says, else prod)",
    )
    how = size.add_argument_group("how")
    how.add_argument(
        "--trust-current",
        action="store_true",
        help="take the resources in the repository's manifests as evidence",
    )
    how.add_argument("--policy", metavar="FILE", help="the organisation's limits and rules (YAML)")
    how.add_argument("--prices", metavar="FILE", help="price list (YAML)")
    how.add_argument("--llm", metavar="none|auto|PROVIDER/MODEL", help="language model to use")
    how.add_argument("--record", metavar="FILE", help="write every exchange with a model here")
    how.add_argument("--replay", metavar="FILE", help="answer from such a record, ask no model")
    how.add_argument(
        "--knowledge",
        choices=("on", "off"),
        help="search the knowledge base and past decisions (default: on)",
    )
    add_metrics_flags(size)
    result = size.add_argument_group("result")
    result.add_argument(
        "--format",
        choices=("table", "yaml", "json", "patch", "manifest"),
        default="table",
        help="what to print (default: table)",
    )
    result.add_argument("--out", metavar="DIR", help="also write all hand-off files there")
    result.add_argument("--report", metavar="FILE", help="also draw it as one HTML page")
    result.add_argument(
        "--check",
        action="store_true",
        help="exit 1 when the repository's manifests differ from the recommendation",
    )
    _add_common(size)


def _add_explain(commands: _Commands) -> None:
    explain = commands.add_parser(
        "explain",
        help="show the reasoning behind a recommendation",
        description="Show the reasoning, number by number, with its evidence.",
    )
    explain.add_argument("recommendation", metavar="FILE", help="out/recommendation.json")
    explain.add_argument("--component", metavar="NAME", help="only this component")
    _add_common(explain)


def _add_report(commands: _Commands) -> None:
    report = commands.add_parser(
        "report",
        help="draw a recommendation as one page",
        description="Write one self-contained HTML page: what is used against what is requested "
        "today and what is recommended, with what drove each number.",
    )
    report.add_argument("recommendation", metavar="FILE", help="out/recommendation.json")
    report.add_argument("--out", metavar="FILE", required=True, help="the page, as report.html")
    report.add_argument("--pictures", metavar="DIR", help="also write SVG and PNG files there")
    _add_common(report)


def _add_doctor(commands: _Commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="show what is installed and what each missing thing costs",
        description="Show what is installed and reachable, and what each missing thing costs.",
    )
    doctor.add_argument("--format", choices=("table", "json"), default="table")
    _add_common(doctor)


def _add_eval(commands: _Commands) -> None:
    evaluate = commands.add_parser(
        "eval",
        help="measure the recommendations against what communities run",
        description="Size repositories whose real numbers are known, and score the result beside "
        "simple baselines. docs/evaluation.md defines every figure. Exits with 1 when not one row "
        "got a prediction.",
    )
    evaluate.add_argument("--truth", metavar="FILE", required=True, help="the rows, as JSON lines")
    evaluate.add_argument(
        "--checkouts",
        metavar="DIR",
        nargs="+",
        required=True,
        help="directories of checkouts named owner+name; they must not state the answer",
    )
    evaluate.add_argument("--predictions", metavar="FILE", help="write each row's prediction there")
    evaluate.add_argument(
        "--exclude-app",
        metavar="OWNER/NAME",
        action="append",
        help="do not size it, and use no fact of its owner (may be repeated)",
    )
    evaluate.add_argument(
        "--leave-one-app-out",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="a row meets nothing that comes from its own owner (default: on)",
    )
    evaluate.add_argument(
        "--third-party",
        action="store_true",
        help="size the rows without source too, from image and description alone",
    )
    evaluate.add_argument("--charts", metavar="FILE", help="size what charts ship too (JSON lines)")
    evaluate.add_argument(
        "--manifests",
        metavar="DIR",
        nargs="+",
        help="whole checkouts, to compare with the community's own text; nothing is sized there",
    )
    evaluate.add_argument("--knowledge", choices=("on", "off"), help="default: on")
    evaluate.add_argument("--llm", metavar="none|auto|PROVIDER/MODEL", help="language model to use")
    evaluate.add_argument("--json", action="store_true", help="print all figures as JSON")
    _add_common(evaluate)


def _add_feedback(commands: _Commands) -> None:
    feedback = commands.add_parser(
        "feedback",
        help="say how a recommendation turned out",
        description="Say how the recommendation of a run turned out. Later runs about the same or "
        "similar components take it as evidence.",
    )
    feedback.add_argument("run", metavar="RUN", help="the run's id, see its result")
    feedback.add_argument("--component", metavar="NAME", help="only this component")
    feedback.add_argument(
        "--outcome",
        choices=("good", "too_small", "oom_killed", "throttled", "too_large"),
        help="how it turned out; judged from the measurement when left out",
    )
    feedback.add_argument("--cpu-p95", metavar="CPU", help="p95 of one pod's CPU use, as 180m")
    feedback.add_argument("--memory-peak", metavar="SIZE", help="one pod's peak memory, as 300Mi")
    feedback.add_argument("--note", metavar="TEXT", default="", help="anything worth keeping")
    _add_common(feedback)


def _add_memory(commands: _Commands) -> None:
    memory = commands.add_parser(
        "memory",
        help="list, export or forget past decisions",
        description="List, export or forget what is remembered of past runs.",
    )
    memory.add_argument("action", choices=("list", "export", "purge"))
    memory.add_argument("--run", metavar="RUN", help="only this run")
    memory.add_argument("--component", metavar="NAME", help="only this component")
    memory.add_argument("--repository", metavar="URL", help="only this repository")
    memory.add_argument("--before", metavar="DATE", help="only what was decided before, in UTC")
    memory.add_argument("--all", action="store_true", help="purge: forget everything")
    memory.add_argument("--file", metavar="FILE", default="-", help="export: JSON lines go there")
    memory.add_argument("--format", choices=("table", "json"), default="table")
    _add_common(memory)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="log more, show tracebacks")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.version:
        from ci.version import version

        sys.stdout.write(f"ai-provision {version()}\n")
        return 0
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.DEBUG if arguments.debug else logging.WARNING,
        format="%(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    return _run(lambda: _command(arguments), debug=arguments.debug)


def _command(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "size" | "explain" | "report" | "apply":
            return _recommendation_command(arguments)
        case "metrics":
            from ci.metrics import metrics

            return metrics(arguments)
        case "mcp":
            from ci.mcp.command import mcp

            return mcp(arguments)
        case "github":
            from ci.chatops.entry import github

            return github(arguments)
        case "knowledge":
            from ci.knowledge import knowledge

            return knowledge(arguments)
        case "eval":
            from ci.evaluate import evaluate_command

            return evaluate_command(arguments)
        case "feedback" | "memory":
            from ci.memory import feedback, memory

            return (feedback if arguments.command == "feedback" else memory)(arguments)
        case _:
            from ci.doctor import doctor

            return doctor(arguments.format)


def _recommendation_command(arguments: argparse.Namespace) -> int:
    """What makes a recommendation, and what is done with one."""
    match arguments.command:
        case "explain":
            from ci.explain import explain_file

            return explain_file(arguments.recommendation, arguments.component)
        case "report":
            from ci.report.command import report

            return report(arguments)
        case "apply":
            from ci.apply import apply

            return apply(arguments)
        case _:
            from ci.size import size

            return size(arguments)


def _run(command: Callable[[], int], *, debug: bool) -> int:
    """Every way a command can end, as an exit code and at most two lines on stderr."""
    from schemas.errors import ProvisionError

    try:
        code = command()
        sys.stdout.flush()
    except ProvisionError as error:
        if debug:
            logging.getLogger(__name__).exception("command failed")
        sys.stderr.write(error.render() + "\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("error[interrupted]: stopped before the end; nothing was written\n")
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`); Python would complain again while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            logging.getLogger(__name__).exception("command failed")
        sys.stderr.write(
            f"error[internal]: {type(error).__name__}: {error}\n"
            "hint: This is a fault of ai-provision; run again with --debug and report it.\n"
        )
        return 3
    return code
