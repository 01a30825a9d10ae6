"""A fake model that answers every agent as it wishes to be answered, and changes nothing."""

import json

from tests.engine.brains import Asked

BLOCKS = "block"


def agreeing(asked: Asked) -> str:
    """Reads nothing more, repeats every target, leaves repairs as they are, and sums up."""
    title = asked.format["title"]
    given = asked.messages[1]["content"].partition("</data>")[0].removeprefix("<data>")
    data = json.loads(given)
    if title == "SecondReading":
        return '{"statements": []}'
    if title == "Turn":
        turn = {"thought": "The usual order will do.", "action": "finish"}
        return json.dumps({**turn, "finding": "", "argument": "", "evidence": []})
    if title == "Summary":
        blocking = [x["finding"] for x in data["findings_left"] if x["severity"] == BLOCKS]
        return json.dumps({"sentences": [{"text": "The plan stands.", "cites": blocking[:6]}]})
    if title == "Searches":
        return '{"searches": []}'
    found = {name: row[1] for name, row in data["estimate_low_target_high"].items()}
    found.setdefault("cpu_limit_millicores", 0)
    reasoning = [{"text": "The estimate holds.", "evidence": []}]
    return json.dumps({"reasoning": reasoning, "support": [], **found})
