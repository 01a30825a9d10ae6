"""A browser's half and a server's half are two components."""

import pytest

from dca.description import read_description


def named(text):
    return sorted(
        (str(item.role), item.language or "", item.framework or "")
        for item in read_description(text).named
        if item.third_party is None
    )


VUE, DJANGO = ("web_frontend", "", "Vue.js"), ("backend_api", "Python", "Django")


@pytest.mark.parametrize("joint", [" + ", " & ", " and ", ", ", "/"])
@pytest.mark.parametrize(
    "frame", ["{}", "Inventory ({})", "An internal dashboard ({})", "Uses {}."]
)
def test_two_frameworks_are_two_components_however_they_are_joined(joint, frame):
    assert named(frame.format(f"Vue{joint}Django")) == [DJANGO, VUE]
    assert named(frame.format(f"Django{joint}Vue")) == [DJANGO, VUE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TypeScript React frontend", [("web_frontend", "TypeScript", "React")]),
        ("Next.js/Node.js web app", [("web_frontend", "JavaScript", "Next.js")]),
        ("React UI built with Node.js", [("web_frontend", "JavaScript", "React")]),
        ("Blazor app in C#", [("web_frontend", "C#", "Blazor")]),
        (
            "Written in Rust with a small React UI",
            [("backend_api", "Rust", ""), ("web_frontend", "", "React")],
        ),
        (
            "React/Node app",
            [("backend_api", "JavaScript", ""), ("web_frontend", "", "React")],
        ),
    ],
)
def test_languages_go_to_the_half_that_they_are_of(text, expected):
    assert named(text) == expected
