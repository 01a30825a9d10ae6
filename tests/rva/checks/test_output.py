from __future__ import annotations

import pytest

from schemas.plan import ReasoningStep
from schemas.prose import unsafe_parts
from schemas.quantities import MIB


def reasoned(build, *texts, about="memory", evidence=()):
    steps = tuple(
        ReasoningStep(number=index, about=about, text=text, evidence=evidence)
        for index, text in enumerate(texts, start=1)
    )
    return build.plan(reasoning=steps)


def test_l02_a_number_outside_of_its_interval_blocks(build, ask):
    sizes = build.resources(memory=256)
    ranges = build.intervals(2, build.resources(memory=64))

    finding = ask.fails("L02", build.subject(planned=build.plan(sizes=sizes, intervals=ranges)))

    assert finding.path == "resources.requests.memory"
    assert finding.value == str(256 * MIB)
    assert finding.limit == f"{32 * MIB} to {128 * MIB}"
    ask.passes("L02", build.subject())


def test_l03_a_citation_of_nothing_is_told(build, ask):
    planned = reasoned(build, "Because.", evidence=("constant:go",))

    assert ask.fails("L03", build.subject(planned=planned)).value == "constant:go"
    ask.passes("L03", build.subject(planned=planned, evidence=("constant:go",)))


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("Request 256 MiB and limit 0.5 GiB.",), "passes"),
        (("Request 256Mi.", "Limit 512Mi."), "passes"),
        (("Working set 240 MiB.", "Limit 2 x 240 = 480 MiB."), "passes"),
        (("In words only.",), "passes"),
        (("Request 1 GiB.",), "fails"),
        (("Request 256 MiB.",), "fails"),
    ],
    ids=["units", "two_steps", "rounded", "words", "another_number", "half_said"],
)
def test_l03_the_text_says_the_numbers_of_the_plan(build, ask, texts, verdict):
    getattr(ask, verdict)("L03", build.subject(planned=reasoned(build, *texts)))


UNSAFE = {
    "a link": ["see https://evil.example", "www.evil.example", "[x](y)", "javascript://x"],
    "markup": ["<img src=x>", "</details>", "<!-- hidden -->", "&lt;b&gt;"],
    "a mention": ["thanks @octocat", "@team"],
    "a secret": [
        "ghp_0123456789abcdefghij",
        "AKIA0123456789ABCDEF",
        "password=hunter22",
        "API_KEY: 0123456789",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
}
CASES = [(what, text) for what, texts in UNSAFE.items() for text in texts]


@pytest.mark.parametrize(("what", "text"), CASES, ids=[text for _, text in CASES])
def test_l04_what_must_not_be_shown_blocks(build, ask, what, text):
    assert what in unsafe_parts(text)
    ask.fails("L04", build.subject(planned=reasoned(build, f"Fine. {text}")))


@pytest.mark.parametrize(
    "text",
    [
        "2 x 90 MiB = 180 MiB, at least 128Mi: 192Mi.",
        "CPU < 100m and memory > 64Mi (limit/request 2.5).",
        "Image registry.example.com/team/api:1.2@sha256:00 runs C# at 75 %.",
        "The token bucket and the secret store use 10 MiB.",
        "-XX:MaxRAMPercentage=75.0 -Xmx512m",
    ],
)
def test_l04_usual_texts_are_safe(text):
    assert unsafe_parts(text) == []


def test_l04_a_text_that_nobody_reads_to_its_end_is_withheld(build, ask):
    planned = reasoned(build, "a" * 4000 + " ghp_0123456789abcdefghij")

    ask.fails("L04", build.subject(planned=planned))
