"""Answers, errors and pages as the API words them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

DOCS = "https://docs.github.com/rest"


@dataclass
class Answer:
    """Status, JSON and headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


def error(status: int, message: str, **headers: str) -> Refused:
    """An error with a message of its own."""
    body = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Refused(Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()}))


def not_found() -> Refused:
    return error(404, "Not Found")


def invalid(resource: str, field_name: str, message: str = "", code: str = "custom") -> Refused:
    """A 422 about one field."""
    detail = {"resource": resource, "field": field_name, "code": code}
    if message:
        detail["message"] = message
    body = {"message": "Validation Failed", "errors": [detail]}
    return Refused(Answer(422, body | {"documentation_url": DOCS, "status": "422"}))


def page_of(items: Sequence[Any], query: dict[str, str], url: str) -> Answer:
    """One page of a list, with the Link header.

    Args:
        items: The whole list.
        query: ``per_page`` (1 to 100, 30) and ``page`` (from 1).
        url: Of the list, without a query.
    """
    size = min(100, max(1, int(query.get("per_page", "30"))))
    page = max(1, int(query.get("page", "1")))
    last = max(1, -(-len(items) // size))
    wanted: dict[str, int] = {}
    if page > 1:
        wanted |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    links = [
        f'<{url}?{urlencode(query | {"page": str(number)})}>; rel="{name}"'
        for name, number in wanted.items()
    ]
    shown = list(items[(page - 1) * size : page * size])
    return Answer(200, shown, {"Link": ", ".join(links)} if links else {})
