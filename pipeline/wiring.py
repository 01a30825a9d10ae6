"""Hands the real world to the agents; nothing else builds an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from adapters.clock import SystemClock
from adapters.git import GitRepositories, LocalDirectories
from adapters.helm import HelmRenderer
from adapters.kubernetes import KubernetesSchemas
from adapters.llm.models import Models
from adapters.policies import load_policies
from adapters.prices import load_prices
from adapters.settings import Settings, load_settings
from dca.agent import DcaAgent
from dca.docs.ask import ask
from pipa.agent import PipaAgent
from pipa.manifests import generate_manifests
from pipa.usage.settings import UsageSettings
from pipeline.knowledge import LazyKnowledge
from pipeline.memory import open_memory
from pipeline.metrics import MetricsChoice, with_metrics
from pipeline.workflow import Pipeline
from rva.agent import RvaAgent
from rva.policies import DEFAULT_POLICY
from rva.thinking.tools import NO_PORTS, Ports
from schemas.context import Component
from schemas.evidence import Evidence
from schemas.model import Asker
from schemas.ports import Checkout, DecisionMemory, KnowledgeSource

Agents = tuple[DcaAgent, PipaAgent, RvaAgent]


def agents(
    settings: Settings | None = None,
    exclude_owners: frozenset[str] = frozenset(),
    memory: DecisionMemory | None = None,
    models: Models | None = None,
) -> Agents:
    """The three agents with their real adapters.

    Args:
        settings: Those of the environment when None.
        exclude_owners: Facts from repositories of these owners (lower case) are not found, so that
            an evaluation never meets an app's own numbers.
        memory: Past decisions; none are looked at when None.
        models: The language models of the run; none take part when None.

    Raises:
        SettingsError: A policy, price, constants or MCP server file is wrong.
    """
    settings = settings or load_settings()
    knowledge = knowledge_source(settings, exclude_owners)
    chooser = models.of(Asker.RVA) if models else None
    dca = DcaAgent(
        charts=HelmRenderer(settings.helm),
        knowledge=knowledge,
        memory=memory,
        model=models.of(Asker.DCA) if models else None,
    )
    rva = RvaAgent(
        generate_manifests=generate_manifests,
        validator=KubernetesSchemas(),
        policies=load_policies(DEFAULT_POLICY, _path(settings.policy_file)),
        prices=load_prices(_path(settings.price_file)),
        model=chooser,
        ports=NO_PORTS if chooser is None else _ports(settings, knowledge),
    )
    pipa = PipaAgent(usage=_usage(settings), model=models.of(Asker.PIPA) if models else None)
    return dca, pipa, rva


def _ports(settings: Settings, knowledge: KnowledgeSource | None) -> Ports:
    """What the tools of a model reach: the knowledge base, and the servers that are listed."""
    # Imported here: a run without a model pays nothing for it.
    from adapters.mcp_client import open_external_tools

    def search(component: Component, question: str) -> Sequence[Evidence]:
        return () if knowledge is None else ask(component, question, knowledge)

    return Ports(
        knowledge=None if knowledge is None else search, external=open_external_tools(settings)
    )


def _usage(settings: Settings) -> UsageSettings:
    """What is asked of the numbers that come from history."""
    return UsageSettings(
        risk=settings.metrics_risk,
        min_change_fraction=settings.metrics_min_change_percent / 100,
        max_decrease_fraction=settings.metrics_max_decrease_percent / 100,
    )


def knowledge_source(
    settings: Settings, exclude_owners: frozenset[str] = frozenset()
) -> KnowledgeSource | None:
    """The knowledge base, opened by the first question; None when it is switched off."""
    if settings.knowledge == "off":
        return None
    return LazyKnowledge(lambda: _open_knowledge(settings, exclude_owners))


def _open_knowledge(settings: Settings, exclude_owners: frozenset[str]) -> KnowledgeSource:
    # Imported here: a run without knowledge pays nothing for it.
    from pipeline.knowledge_index import open_retriever

    return open_retriever(settings, exclude_owners)


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def local_checkout(directory: Path, ref: str | None = None) -> AbstractContextManager[Checkout]:
    """A directory of this machine; only a person at the command line may name one."""
    return LocalDirectories().open(str(directory), ref)


def remote_checkout(
    git_repo: str, ref: str | None, settings: Settings
) -> AbstractContextManager[Checkout]:
    """A repository by URL, cloned under the rules of the git adapter."""
    return GitRepositories(settings).open(git_repo, ref)


def build_pipeline(
    settings: Settings, metrics: MetricsChoice | None = None, models: Models | None = None
) -> Pipeline:
    """The agents in sequence.

    Args:
        settings: All of them.
        metrics: What the user said about metrics; the settings alone decide when None.
        models: The language models of the run; none take part when None.

    Raises:
        SettingsError: A policy, price or constants file is wrong.
        InputFileError: The file with metrics that the user named cannot be read.
    """
    clock = SystemClock()
    memory = None if settings.knowledge == "off" else open_memory(settings, clock)
    dca, pipa, rva = agents(settings, memory=memory, models=models)
    file = metrics.file if metrics else None
    return Pipeline(
        agents=(with_metrics(dca, settings, clock, metrics), pipa, rva),
        models=models,
        settings={
            "knowledge": settings.knowledge,
            "llm": settings.llm,
            "metrics": str(file) if file else (settings.prometheus_url or "none"),
            "policies": settings.policy_file or "default",
            "prices": settings.price_file or "default",
        },
    )
