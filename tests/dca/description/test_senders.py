"""The load of many senders is their number times what each sends."""

import pytest

from dca.description import read_description
from dca.description.numbers import numbers
from dca.description.senders import sender_rates
from dca.description.text import Prose


def rates(text):
    prose = Prose(text)
    return [(item.per_second, item.requests) for item in sender_rates(prose, numbers(prose))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25,000 devices sending one MQTT message every 10 seconds", [(2500, False)]),
        ("10k sensors report every minute", [(166.666667, False)]),
        ("500 clients poll every 5 s", [(100, True)]),
        ("Clients (about 3000) poll every 30 seconds", [(100, True)]),
        ("10k sensors. Each sends a reading every minute.", [(166.666667, False)]),
        ("200 users, each making 30 requests per hour", [(1.666667, True)]),
        ("8k sensors publishing 2 values per second each", [(16000, False)]),
        ("600 terminals ping twice a minute", [(20, False)]),
        ("1.000 Geräte; 1.000 devices upload once per hour", [(0.277778, False)]),
    ],
)
def test_the_load_of_each_is_multiplied(text, expected):
    assert rates(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "500 sensors send 200 messages per second",
        "25k devices send 5M messages per day",
        "3 servers restart every night",
        "10k users",
        "users poll every 5 s",
        "300 users like it. It is backed up every hour.",
    ],
)
def test_what_may_be_meant_together_is_not_multiplied(text):
    assert rates(text) == []


def test_the_parts_of_the_product_are_no_rates_of_their_own():
    statements = read_description("40 devices each sending 5 messages per second").statements
    assert [(item.key, item.value) for item in statements] == [("messages_per_second", 200)]
