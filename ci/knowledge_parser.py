"""The arguments of ``ai-provision knowledge``; imports nothing that ``--help`` would wait for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_knowledge(commands: Commands) -> list[argparse.ArgumentParser]:
    """Add the command with its actions.

    Returns:
        The parser of each action, for what all commands have in common.
    """
    knowledge = commands.add_parser(
        "knowledge",
        help="build, search and show the knowledge base",
        description="The sizing facts that recommendations rest on, with their sources.",
    )
    actions = knowledge.add_subparsers(dest="action", metavar="ACTION", required=True)
    adders = (_add_build, _add_search, _add_list, _add_show, _add_add, _add_remove, _add_stats)
    return [*(add(actions) for add in adders), *_add_telemetry(actions)]


def _add_build(actions: Commands) -> argparse.ArgumentParser:
    build = actions.add_parser(
        "build",
        help="bring the index up to date",
        description="Index the facts by meaning and by words. Only what has changed is computed; "
        "nothing is done when nothing has.",
    )
    build.add_argument("--rebuild", action="store_true", help="compute everything anew")
    return build


def _add_search(actions: Commands) -> argparse.ArgumentParser:
    search = actions.add_parser(
        "search",
        help="find facts",
        description="Find the facts that answer a question; nothing rather than something "
        "irrelevant.",
    )
    search.add_argument("text", metavar="TEXT", help="the question, in your own words")
    about = search.add_argument_group("only facts about (may be repeated)")
    about.add_argument("--product", action="append", metavar="NAME", help="as postgresql")
    about.add_argument("--language", action="append", metavar="NAME", help="as go")
    about.add_argument("--framework", action="append", metavar="NAME", help="as django")
    about.add_argument("--role", action="append", metavar="ROLE", help="as backend_api")
    about.add_argument("--kind", action="append", metavar="KIND", help="as vendor_guidance")
    search.add_argument(
        "--limit", type=int, default=5, metavar="N", help="at most (default: 5, up to 100)"
    )
    _add_format(search)
    return search


def _add_list(actions: Commands) -> argparse.ArgumentParser:
    list_ = actions.add_parser("list", help="list facts", description="List facts by their id.")
    list_.add_argument("--topic", metavar="TOPIC", help="only this topic, as sql")
    list_.add_argument("--kind", metavar="KIND", help="only this kind, as vendor_guidance")
    list_.add_argument("--component", metavar="NAME", help="only about this, as postgresql")
    _add_format(list_)
    return list_


def _add_show(actions: Commands) -> argparse.ArgumentParser:
    show = actions.add_parser(
        "show", help="show one fact", description="Show one fact with its figures and its source."
    )
    show.add_argument("id", metavar="ID", help="as search and list give it")
    _add_format(show)
    return show


def _add_add(actions: Commands) -> argparse.ArgumentParser:
    add = actions.add_parser(
        "add",
        help="add a document of your own",
        description="Add a Markdown, HTML, PDF or text file, or a web page: its passages are found "
        "like facts. A figure is taken only from an unambiguous resources block, and moves a "
        "number only inside the model's interval.",
    )
    add.add_argument("source", metavar="PATH|URL", help="a file, or https://…")
    add.add_argument(
        "--product",
        action="append",
        metavar="NAME",
        help="what it is about, as postgresql (may be repeated)",
    )
    add.add_argument("--title", metavar="TEXT", help="instead of the document's own title")
    return add


def _add_remove(actions: Commands) -> argparse.ArgumentParser:
    remove = actions.add_parser(
        "remove",
        help="forget an added document",
        description="Forget a document that was added, with all its passages.",
    )
    remove.add_argument("id", metavar="ID", help="of the document, or of one of its passages")
    return remove


def _add_stats(actions: Commands) -> argparse.ArgumentParser:
    stats = actions.add_parser(
        "stats",
        help="count facts, describe the index",
        description="How many facts there are of each sort, which embedder answers, and where the "
        "index is.",
    )
    _add_format(stats)
    return stats


def _add_telemetry(actions: Commands) -> list[argparse.ArgumentParser]:
    telemetry = actions.add_parser(
        "telemetry",
        help="list, show and forget the usage of running workloads",
        description="What running workloads used, remembered by runs that read their metrics. A "
        "new service is sized from what services like it use.",
    )
    own = telemetry.add_subparsers(dest="telemetry_action", metavar="ACTION", required=True)
    list_ = own.add_parser("list", help="list workloads", description="One line per container.")
    list_.add_argument("--language", metavar="NAME", help="only this language, as go")
    list_.add_argument("--framework", metavar="NAME", help="only this framework, as django")
    list_.add_argument("--role", metavar="ROLE", help="only this role, as backend_api")
    list_.add_argument("--product", metavar="NAME", help="only this product, as postgresql")
    list_.add_argument("--repository", metavar="URL", help="only services of this repository")
    _add_format(list_)
    show = own.add_parser(
        "show", help="show one workload", description="All that is remembered of one workload."
    )
    show.add_argument("workload", metavar="NAMESPACE/KIND/NAME", help="as list gives it")
    _add_format(show)
    purge = own.add_parser(
        "purge",
        help="forget usage for good",
        description="Forget usage for good; all conditions that are given must hold.",
    )
    purge.add_argument("--workload", metavar="NAMESPACE/KIND/NAME", help="of this workload")
    purge.add_argument("--repository", metavar="URL", help="of the services of this repository")
    purge.add_argument("--before", metavar="DATE", help="not seen since then, as 2026-01-31")
    purge.add_argument("--all", action="store_true", help="all of it")
    return [list_, show, purge]


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json"), default="table")
