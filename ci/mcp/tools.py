"""The tools, all read-only. Their docstrings are what a model reads to choose among them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import anyio
from mcp.server.mcpserver import Context
from pydantic import Field

from adapters.git_url import parse_url
from adapters.settings import Settings
from ci.handoff.plain import line
from ci.mcp.answers import (
    CheckEntry,
    Diagnoses,
    Explanation,
    FactAnswer,
    Found,
    ManifestCheck,
    Sizing,
)
from ci.mcp.jobs import Jobs
from ci.mcp.lookups import check_entry, diagnoses, fact, search
from ci.mcp.summary import MAX_EXPLANATION
from ci.mcp.worker import Done, Job
from schemas.errors import UsageError
from schemas.trigger import MAX_DESCRIPTION_CHARACTERS, Environment

T = TypeVar("T")
MAX_MANIFEST_CHARACTERS = 1_000_000
"""Several hundred documents."""
KEPT_RUNS = 32
"""Runs whose reasoning `explain_component` still knows."""
STAGES = 5
"""Stages of a run that progress is told of, the answer itself the last."""

Description = Annotated[
    str,
    Field(
        max_length=MAX_DESCRIPTION_CHARACTERS,
        description="The app in plain words: what it does, its load (peak requests per second, "
        "users), availability, stack, data.",
    ),
]
Where = Annotated[Environment, Field(description="Where it will run.")]
Run = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", description="`run` of a size_app answer.")]
Id = Annotated[str, Field(min_length=1, max_length=120)]


class Tools:
    """The tools of one server.

    Args:
        settings: The operator's.
        jobs: Runs the long calls.
        allowed: The only directories of this machine that may be sized; none as a rule.
    """

    def __init__(self, settings: Settings, jobs: Jobs, allowed: tuple[Path, ...] = ()) -> None:
        self._settings = settings
        self._jobs = jobs
        self._allowed = tuple(path.resolve() for path in allowed)
        self._explained: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._one_search = anyio.Lock()

    async def size_app(
        self,
        git_repo: Annotated[
            str, Field(min_length=1, max_length=2048, description="https URL of the repository.")
        ],
        app_description: Description,
        context: Context[None, None],
        environment: Where = Environment.PROD,
    ) -> Sizing:
        """Size every deployable component of a git repository before its first deployment.

        Answers with replicas, CPU and memory requests and limits, autoscaling, intervals, reasons,
        failed checks, monthly cost, and patches for the manifests that the repository has. Reads
        the repository (https only), runs nothing of it, changes nothing anywhere. Takes a few
        seconds, longer for a large repository.
        """
        directory = self._directory(git_repo)

        def job(temporary: str) -> Job:
            return Job(
                kind="size",
                git_repo=git_repo,
                directory=directory,
                description=app_description,
                environment=environment,
                most_bytes=self._settings.mcp_max_answer_bytes,
                temporary=temporary,
            )

        return Sizing.model_validate((await self._run(job, context)).answer)

    async def check_manifest(
        self,
        manifest_yaml: Annotated[
            str,
            Field(
                min_length=1,
                max_length=MAX_MANIFEST_CHARACTERS,
                description="Kubernetes documents (Deployment, StatefulSet, HPA, …) as YAML.",
            ),
        ],
        context: Context[None, None],
        app_description: Description = "",
        environment: Where = Environment.PROD,
    ) -> ManifestCheck:
        """Check the replicas, requests, limits and availability of Kubernetes documents.

        `as_they_stand` has the checks that fail on them as given, `components` what they should
        say, `patches` how to get there. Nothing is applied and no cluster is asked. A description
        of the app's load makes the recommended numbers better.
        """

        def job(temporary: str) -> Job:
            return Job(
                kind="check",
                manifest=manifest_yaml,
                description=app_description,
                environment=environment,
                most_bytes=self._settings.mcp_max_answer_bytes,
                temporary=temporary,
            )

        return ManifestCheck.model_validate((await self._run(job, context)).answer)

    async def explain_component(
        self, run: Run, component: Annotated[str, Field(min_length=1, max_length=1000)]
    ) -> Explanation:
        """Tell the reasoning behind one component of an earlier answer.

        Every number of a size_app or check_manifest answer, step by step, with the file, document
        or constant that it rests on.
        """
        known = self._explained.get(run)
        if known is None:
            raise UsageError(
                f"run {run} is not known any more",
                code="mcp.unknown_run",
                hint="Call size_app again; this server remembers its last runs only.",
            )
        text = known.get(line(component, 1000))
        if text is None:
            names = ", ".join(line(name, 60) for name in list(known)[:20])
            raise UsageError(
                f"run {run} has no component {line(component, 100)}",
                code="mcp.unknown_component",
                hint=f"Its components: {names}.",
            )
        most = min(MAX_EXPLANATION, self._settings.mcp_max_answer_bytes // 4)
        return Explanation(run=run, component=component, text=text[:most], cut=len(text) > most)

    async def explain_check(self, check_id: Id) -> CheckEntry:
        """Tell what a check is: what must hold, how bad it is when not, where the rule is from.

        Ids look like T04 or A13; an organisation's own rules are org.name.
        """
        return await _in_thread(lambda: check_entry(self._settings, check_id))

    async def search_knowledge(
        self,
        question: Annotated[str, Field(min_length=1, max_length=2000)],
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> Found:
        """Search the knowledge base of sizing facts, each with figures and source.

        It holds vendors' guidance, chart defaults and benchmarks; ask for example "memory per
        PostgreSQL connection".
        """
        async with self._one_search:
            return await _in_thread(lambda: search(self._settings, question, limit))

    async def show_fact(self, id: Id) -> FactAnswer:
        """Show one fact of the knowledge base by its id, with all figures and its source."""
        return await _in_thread(lambda: fact(self._settings, id))

    async def doctor(self) -> Diagnoses:
        """Show what this installation can do, and what each missing thing costs.

        Tools, knowledge base, language model, metrics source, policies and prices.
        """
        return await _in_thread(lambda: diagnoses(self._settings))

    async def _run(self, job: Callable[[str], Job], context: Context[None, None]) -> Done:
        begun = 0

        async def told(stage: str) -> None:
            nonlocal begun
            begun += 1
            await context.report_progress(progress_of(begun), STAGES, line(stage, 200))

        done = await self._jobs.run(job, told)
        await context.report_progress(STAGES, STAGES, "done")
        self._explained[str(done.answer["run"])] = done.explanations
        while len(self._explained) > KEPT_RUNS:
            self._explained.popitem(last=False)
        return done

    def _directory(self, git_repo: str) -> str | None:
        """The directory that `git_repo` names, if it may be read; None when it is an address.

        Raises:
            UsageError: A directory that the operator has not allowed.
            RepositoryError: An address that is refused, whatever is there.
        """
        if "://" in git_repo:
            parse_url(git_repo)
            return None
        path = Path(git_repo)
        if self._allowed and path.is_absolute() and "\0" not in git_repo:
            real = path.resolve()
            if any(real.is_relative_to(root) for root in self._allowed) and real.is_dir():
                return str(real)
        raise UsageError(
            "git_repo is no https URL",
            code="mcp.git_repo",
            hint="Directories of the server's machine are read only below those that its operator"
            " named with --allow-directory, by their absolute path."
            if self._allowed
            else "Write https://HOST/OWNER/NAME; this server reads no local directories.",
        )


def progress_of(begun: int) -> float:
    """How far a run is that has begun so many stages; always more, and never done.

    1, 2, 3, 4, and for stages that are told beyond those 4.5, 4.75, …
    """
    beyond = begun - (STAGES - 1)
    return begun if beyond <= 0 else STAGES - 0.5**beyond


async def _in_thread(work: Callable[[], T]) -> T:
    """Short work that blocks; a cancelled call does not wait for it."""
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
