"""A text that names no technology is still about something."""

import pytest

from dca.description import read_description


def subject(text):
    said = {item.key: item.value for item in read_description(text).statements}
    return said.get("app_name"), said.get("app_role")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A stateless image resizing worker. 5 jobs/s.", ("image-resizing-worker", "worker")),
        ("We run a nightly batch that crunches files.", ("batch", "batch")),
        ("Search service on top of Elasticsearch", ("search-service", "backend_api")),
        ("Internal dashboard for 35 people", ("frontend", "web_frontend")),
        ("This is our price crawler", ("price-crawler", "worker")),
        ("Small tool. It is a reporting API.", ("reporting-api", "backend_api")),
    ],
)
def test_the_subject_is_the_head_of_the_first_noun_phrase(text, expected):
    name, role = subject(text)
    assert (name.removeprefix("internal-"), role) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Data for the web frontend",
        "Not an API",
        "Redis for our worker",
        "Go API",
        "Many services",
        "Peak is 5 rps",
    ],
)
def test_what_is_no_head_is_no_subject(text):
    assert subject(text) == (None, None)
