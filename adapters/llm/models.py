"""The models of one run: which agent asks which, within one budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.llm.anthropic import AnthropicProvider
from adapters.llm.budget import Budget
from adapters.llm.journal import Journal, NoJournal
from adapters.llm.names import ModelName, Provider, parse_agents, parse_model
from adapters.llm.ollama import DEFAULT_URL, OllamaProvider
from adapters.llm.openai import OpenAiProvider
from adapters.llm.probe import Silent, ask_ollama
from adapters.llm.progress import Ear, Told
from adapters.llm.provider import ChatProvider
from adapters.llm.structured import Rules, StructuredModel
from adapters.settings import Settings
from schemas.errors import SettingsError
from schemas.model import Asker, LanguageModel, ModelUse
from schemas.ports import Clock
from schemas.run import ReasonerChoice


@dataclass(frozen=True, slots=True)
class Models:
    """What the agents are given."""

    choice: ReasonerChoice
    by_asker: dict[Asker, StructuredModel]
    budget: Budget
    ear: Ear = field(default_factory=Ear)

    def listen(self, told: Told) -> None:
        """Have somebody told, while a model answers, who waits for it and how much has come."""
        self.ear.told = told

    def begin(self) -> None:
        """Another run begins: it has the whole budget again, what was asked goes on counting."""
        self.budget.restart()

    def of(self, asker: Asker) -> LanguageModel | None:
        """The model of one agent; None: it works without."""
        return self.by_asker.get(asker)

    def uses(self) -> tuple[ModelUse, ...]:
        """What each agent asked, those that asked nothing left out."""
        uses = (model.use for model in self.by_asker.values())
        return tuple(use for use in uses if use.calls or use.unanswered)


def open_models(settings: Settings, clock: Clock, journal: Journal | None = None) -> Models:
    """Decide which models take part.

    ``auto`` asks Ollama whether it is there and has the model; anything else is not asked until an
    agent needs it.

    Raises:
        SettingsError: A name that is no model, or a key or address that its provider needs.
    """
    journal = journal or NoJournal()
    budget = Budget(
        clock, settings.llm_run_calls, settings.llm_run_tokens, settings.llm_run_seconds
    )
    ear = Ear()
    general, choice = _general(settings)
    by_asker: dict[Asker, StructuredModel] = {}
    special = parse_agents(settings.llm_agents)
    for asker in Asker:
        named = special.get(asker)
        model = general if named is None else parse_model(named)
        if model is None:
            continue
        required = named is not None or settings.llm != "auto"
        rules = Rules(settings.llm_context_tokens, settings.llm_call_seconds, required)
        provider = _provider(model, settings, ear.of(asker, str(model)))
        by_asker[asker] = StructuredModel(
            asker, str(model), provider, rules, budget, journal, clock
        )
    return Models(choice, by_asker, budget, ear)


def _general(settings: Settings) -> tuple[ModelName | None, ReasonerChoice]:
    """The model of the agents that have none of their own."""
    requested = settings.llm
    if requested != "auto":
        model = parse_model(requested)
        used = "none" if model is None else str(model)
        return model, ReasonerChoice(requested=requested, used=used, why="asked for")
    model = ModelName(Provider.OLLAMA, settings.llm_auto_model)
    url = settings.llm_url or DEFAULT_URL
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    answer = ask_ollama(url, key)
    if isinstance(answer, Silent):
        why = f"{answer.reason}; the deterministic models decide"
        return None, ReasonerChoice(requested="auto", used="none", why=why)
    if not answer.has(model.model):
        why = f"the Ollama at {url} has no model {model.model}; the deterministic models decide"
        return None, ReasonerChoice(requested="auto", used="none", why=why)
    return model, ReasonerChoice(requested="auto", used=str(model), why=f"Ollama at {url} has it")


def _provider(model: ModelName, settings: Settings, heard: Callable[[int], None]) -> ChatProvider:
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    url, context_tokens = settings.llm_url, settings.llm_context_tokens
    if model.provider is Provider.OLLAMA:
        return OllamaProvider(
            model=model.model,
            url=url or DEFAULT_URL,
            context_tokens=context_tokens,
            keep_alive=settings.llm_keep_alive,
            api_key=key,
            heard=heard,
        )
    if model.provider is Provider.OPENAI_LIKE:
        if url is None:
            raise _needed(model, "LLM_URL", "the address of the server, with its /v1")
        return OpenAiProvider(model.model, key or "none", url, context_tokens, heard=heard)
    if key is None:
        raise _needed(model, "LLM_API_KEY", "the key of the account")
    if model.provider is Provider.ANTHROPIC:
        return AnthropicProvider(model.model, key, url, heard=heard)
    return OpenAiProvider(model.model, key, url, context_tokens, heard=heard)


def _needed(model: ModelName, setting: str, what: str) -> SettingsError:
    return SettingsError(
        f"{model} needs {what}", code="settings.llm", hint=f"Set AI_PROVISION_{setting}."
    )
