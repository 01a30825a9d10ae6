from ci.handoff.explain import explain
from ci.handoff.readme import readme_text

TEXT = "2 replicas serve it. [T04] Its *limit* is <512Mi>."
REFINEMENT = {
    "ended": "nothing_blocks",
    "cycles": 1,
    "trace": [
        {
            "cycle": 1,
            "component": "api",
            "thought": "fake/one: What does it cost?",
            "action": "cost_estimate()",
            "observation": "61.25 per month.",
        }
    ],
}


def shown(build, **fields):
    recommendation = build.recommendation(build.component("api", **fields))
    return explain(recommendation), readme_text(recommendation, (), {"api": "api"}, ())


def test_a_rationale_is_told_first_with_whose_words_it_is(build):
    text, _ = shown(build, rationale=TEXT, refinement=REFINEMENT)
    assert text.index("In short (a language model's words") < text.index(TEXT) < text.index("CPU")
    assert "thought: fake/one: What does it cost?" in text
    assert "action: cost_estimate()" in text


def test_the_readme_shows_rationale_and_trace_as_plain_words(build):
    _, readme = shown(build, rationale=TEXT, refinement=REFINEMENT)
    assert r"- `api`: 2 replicas serve it. \[T04\] Its \*limit\* is \<512Mi\>." in readme
    assert r"1. fake/one: What does it cost? → `cost_estimate()` → 61.25 per month." in readme


def test_without_a_model_neither_says_anything(build):
    text, readme = shown(build, refinement=REFINEMENT)
    assert "In short" not in text + readme
    assert "language model" not in text + readme
