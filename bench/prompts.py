"""What each agent sends to a language model: questions, and their tokens.

    python -m bench.prompts [--checkout DIR --trigger FILE]

A fake Ollama on loopback answers as an agent wishes to be answered, and agrees with everything, so
this is what a run costs at least. Tokens are estimated from characters (3.5 each); a server counts
its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from adapters.clock import SystemClock
from adapters.llm.budget import estimate_tokens
from adapters.llm.models import open_models
from adapters.settings import Settings
from dca.trigger import parse_trigger
from pipeline.run import Recorder
from pipeline.wiring import build_pipeline, local_checkout
from pipeline.workflow import Question
from schemas.recommendation import Recommendation
from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain

EXAMPLE = Path(__file__).parent.parent / "examples" / "shop"


def main(arguments: list[str] | None = None) -> int:
    """Size, and print one line for each question that an agent asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--checkout", type=Path, default=EXAMPLE)
    parser.add_argument("--trigger", type=Path, default=EXAMPLE / "trigger.yaml")
    given = parser.parse_args(arguments)
    with FakeOllama(ScriptedBrain(agreeing)) as fake:
        answer = _sized(given.checkout, given.trigger, fake.url)
        bodies = [chat.body for chat in fake.chats]
    sys.stdout.write(f"{len(answer.components)} components, {len(bodies)} questions\n\n")
    sys.stdout.writelines(_lines(bodies))
    return 0


def _sized(checkout: Path, trigger: Path, url: str) -> Recommendation:
    settings = Settings(llm="ollama/tiny", llm_url=url, llm_run_calls=500, knowledge="off")
    clock = SystemClock()
    models = open_models(settings, clock)
    recorder = Recorder(clock, version="bench", reasoner=models.choice)
    question = Question(trigger=parse_trigger(trigger.read_text("utf-8")))
    with local_checkout(checkout) as opened:
        return build_pipeline(settings, models=models).run(question, opened, recorder)


class _Tokens(NamedTuple):
    prompt: int
    data: int
    schema: int


def _lines(bodies: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """A table: by form of the answer, the tokens of prompt, data and schema."""
    by_form: dict[str, list[_Tokens]] = defaultdict(list)
    for body in bodies:
        prompt, data = (estimate_tokens(item["content"]) for item in body["messages"][:2])
        schema = estimate_tokens(json.dumps(body["format"]))
        by_form[body["format"]["title"]].append(_Tokens(prompt, data, schema))
    yield f"{'answer':18}{'asked':>7}{'prompt':>9}{'data':>9}{'at most':>9}{'schema':>9}\n"
    for form, rows in by_form.items():
        prompt, schema = max(row.prompt for row in rows), max(row.schema for row in rows)
        data = [row.data for row in rows]
        yield (
            f"{form:18}{len(rows):7d}{prompt:9d}{statistics.mean(data):9.0f}{max(data):9d}"
            f"{schema:9d}\n"
        )


if __name__ == "__main__":
    sys.exit(main())
