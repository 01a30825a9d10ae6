"""A language model chooses the next repair: thought, action, observation, turn by turn.

The model chooses among the repairs of the pending findings, looks with read-only tools first if it
wants to, or leaves a warning to a person; that only as long as no tool of another server has spoken
to it, for what that said may be why. It writes no plan and no observation. The first time that it
errs (no usable answer, a call made twice, a tool that fails, an observation of its own making) the
worst finding goes first from there on, as without a model.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rva.react import START, Choice, Look, SoFar, WorstFirst
from rva.repairs import REMEDIES
from rva.repairs.base import Phase
from rva.subject import Subject
from rva.thinking.leaving import wrong_to_leave
from rva.thinking.numbers import Stated, plan_numbers, unfounded
from rva.thinking.prompt import act_request, relevant
from rva.thinking.shape import Turn, Verb, turn_shape
from rva.thinking.tools import MAX_QUESTION, Tool, Tools
from schemas.evidence import Evidence
from schemas.model import LanguageModel, Unanswered
from schemas.prose import shown
from schemas.recommendation import Finding, ReActStep

logger = logging.getLogger(__name__)

MAX_LOOKS = 4
"""Calls of tools in one cycle; then only repairs are offered."""
MAX_QUESTIONS = 16
"""Turns of one component: a draft with more to decide is repaired in the usual order."""
HAND_OVER = "take_the_usual_order"
"""The action of the trace from which on the worst finding goes first."""
FROM_HERE = "The worst finding goes first from here on."
WITHHELD = "(its words name a number that nothing states)"


class ThinkingReasoner:
    """Implements `rva.react.Reasoner` for one component.

    Args:
        model: Is asked once per turn, and corrected at most twice.
        tools: What it may look at.
        known: Evidence by id.
    """

    def __init__(
        self, model: LanguageModel, tools: Tools, known: Mapping[str, Evidence] | None = None
    ) -> None:
        self._model = model
        self._tools = tools
        self._known = known or {}
        self._usual = WorstFirst()
        self._over = False
        self._questions = 0
        self._looks: Counter[int] = Counter()
        self._called: set[tuple[int, str, str]] = set()
        self._heard_others = False

    def choose(self, subject: Subject, pending: Sequence[Finding], so_far: SoFar = START) -> Choice:
        """See `rva.react.Reasoner`.

        Raises:
            ModelError: The model was asked for by name and cannot be reached.
        """
        looks: list[Look] = []
        open_ = _ripe(pending)
        # One blocking finding is no choice: it is repaired.
        while not self._over and not (len(open_) == 1 and open_[0].blocks):
            moment = _Moment(subject, open_, so_far, tuple(looks))
            made = self._turn(moment)
            if isinstance(made, Choice):
                return made
            looks.append(made)
        return replace(self._usual.choose(subject, pending), looks=tuple(looks))

    def _turn(self, moment: _Moment) -> Choice | Look:
        """Ask for one turn: the choice it makes, or what was looked at."""
        if self._questions >= MAX_QUESTIONS:
            return self._handed_over(f"{MAX_QUESTIONS} questions were asked, which is the limit.")
        self._questions += 1
        actions = self._actions(moment)
        offered = relevant(moment.subject, self._known, self._tools.found.values())
        request = act_request(moment.subject, moment.pending, offered, moment.trace, actions)
        answer = self._model.ask(
            request,
            turn_shape(list(actions), [item.id for item in moment.pending]),
            lambda given: self._wrong(given, moment, offered),
        )
        name = self._model.name
        if isinstance(answer, Unanswered):
            return self._handed_over(f"{name} gave no usable answer: {shown(answer.reason, 300)}")
        turn = answer.value
        thought = f"{name}: {_thought(turn, moment.subject, request.user)}"
        if turn.claims:
            return self._handed_over(f"{name} made up an observation of its own.")
        if turn.action == Verb.FINISH:
            self._over = True
            return Look(thought, Verb.FINISH.value, "The rest is repaired in the usual order.")
        finding = _chosen(turn, moment.pending)
        if finding is None:
            return self._look(turn, thought, moment)
        return Choice(finding, thought, moment.looks, leave=turn.action == Verb.LEAVE)

    def _actions(self, moment: _Moment) -> dict[str, str]:
        """What may be done now, each with what it needs."""
        actions: dict[str, str] = {}
        for item in moment.pending:
            repair = REMEDIES[item.id].repair.value
            actions[repair] = (
                f"{actions[repair]}, {item.id}"
                if repair in actions
                else (f"a repair; finding: {item.id}")
            )
        if not self._heard_others and any(not item.blocks for item in moment.pending):
            actions[Verb.LEAVE.value] = "leave a warning to a person; finding, evidence"
        if self._looks[moment.so_far.cycle] < MAX_LOOKS:
            actions |= self._tools.offered(moment.subject)
        return actions | {Verb.FINISH.value: "the usual order for the rest; needs nothing"}

    def _wrong(self, turn: Turn, moment: _Moment, offered: Mapping[str, Evidence]) -> str | None:
        """What is wrong with a turn, in words for the model."""
        pending = moment.pending
        if turn.action == Verb.FINISH:
            return None
        if turn.action == Verb.LEAVE:
            return wrong_to_leave(turn, moment.subject, pending, offered)
        repairs = _repairs(pending)
        if turn.action not in repairs:
            return self._tools.wrong(turn.action, turn.argument, repairs)
        if _chosen(turn, pending) is None:
            return f"{turn.action} does not answer {turn.finding}: see its repair in pending."
        return None

    def _look(self, turn: Turn, thought: str, moment: _Moment) -> Look:
        """Call a tool; a call made before and a call that fails end the model's turns."""
        argument = shown(turn.argument, MAX_QUESTION)
        action = f"{turn.action}({argument})"
        call = (_generation(turn.action, moment.subject), turn.action, argument)
        if call in self._called:
            return self._cut(thought, action, "The same call was made before.")
        self._called.add(call)
        self._looks[moment.so_far.cycle] += 1
        self._heard_others |= turn.action not in list(Tool)
        try:
            seen = self._tools.call(turn.action, turn.argument, moment.subject, moment.pending)
        except Exception as error:
            logger.warning("tool failed", exc_info=error)
            return self._cut(thought, action, f"The call failed ({type(error).__name__}).")
        return Look(thought, action, seen)

    def _cut(self, thought: str, action: str, why: str) -> Look:
        self._over = True
        return Look(thought, action, f"{why} {FROM_HERE}".strip())

    def _handed_over(self, why: str) -> Look:
        return self._cut(why, HAND_OVER, "")


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the model is asked about."""

    subject: Subject
    pending: Sequence[Finding]
    so_far: SoFar
    looks: tuple[Look, ...]

    @property
    def trace(self) -> list[ReActStep]:
        """What happened, the looks that are not in the journal yet included."""
        cycle, name = self.so_far.cycle, self.subject.component.name
        return [
            *self.so_far.trace,
            *(
                ReActStep(
                    cycle=cycle,
                    component=name,
                    thought=look.thought,
                    action=look.action,
                    observation=look.observation,
                )
                for look in self.looks
            ),
        ]


def _ripe(pending: Sequence[Finding]) -> Sequence[Finding]:
    """Those to choose from: what follows from the final numbers waits until these stand."""
    earlier = [item for item in pending if REMEDIES[item.id].phase is not Phase.BESIDE]
    return earlier or pending


def _repairs(pending: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(REMEDIES[item.id].repair.value for item in pending))


def _chosen(turn: Turn, pending: Sequence[Finding]) -> Finding | None:
    """The finding that a turn repairs or leaves; None for any other turn, or a wrong pair."""
    fitting = [
        item
        for item in pending
        if turn.action in (REMEDIES[item.id].repair.value, Verb.LEAVE)
        and turn.finding in (item.id, "")
    ]
    return fitting[0] if fitting else None


def _generation(tool: str, subject: Subject) -> int:
    """The same call on another plan is another call; each repair adds a step of reasoning."""
    return len(subject.plan.reasoning) if tool in (Tool.RUN_CHECKS, Tool.COST_ESTIMATE) else 0


def _thought(turn: Turn, subject: Subject, data: str) -> str:
    """The model's words, unless they name a number that neither the plan nor the data holds."""
    numbers = plan_numbers(subject.plan, subject.component.current)
    numbers.text(data)
    text = shown(turn.thought)
    return text if unfounded(text, (), Stated(numbers, {})) is None else WITHHELD
