"""GitHub's own description of its API, and whether requests and answers are as it says.

The description is `api.github.com.json` of the npm package `@octokit/openapi`; the variable
GITHUB_OPENAPI names the file. It is not part of this repository.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_HERE = "urn:github"
_JSON = "application/json"


def _or_null(name: str) -> Any:
    """A keyword of JSON Schema that lets null pass where OpenAPI 3.0 says ``nullable``."""
    check = jsonschema.Draft202012Validator.VALIDATORS[name]

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if instance is None and schema.get("nullable"):
            return
        yield from check(validator, value, instance, schema)

    return checked


_Validator = extend(
    jsonschema.Draft202012Validator,
    {name: _or_null(name) for name in ("type", "enum", "allOf", "anyOf", "$ref")}
    # The description's alternatives overlap: its kinds of errors have no field that they must have.
    | {"oneOf": _or_null("anyOf")},
)


class Description:
    """The description of the API.

    Args:
        path: The JSON file.
    """

    def __init__(self, path: Path) -> None:
        self._whole = json.loads(path.read_bytes())
        resource = DRAFT202012.create_resource(self._whole)
        self._registry: Registry[Any] = Registry().with_resource(_HERE, resource)
        patterns = [(template, _pattern(template)) for template in self._whole["paths"]]
        # What is spelt out counts before what varies: `issues/comments/1` is no issue.
        self._paths = sorted(patterns, key=lambda pair: pair[0].count("{"))

    def template(self, method: str, path: str) -> str | None:
        """The path as the description writes it; None for what it does not know."""
        template: str
        for template, pattern in self._paths:
            if pattern.fullmatch(path) and method.lower() in self._whole["paths"][template]:
                return template
        return None

    def problems(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """What is wrong with an answer."""
        place = self._operation(method, path)
        if place is None:
            return [f"no such operation: {method} {path}"]
        responses = self._at(place)["responses"]
        if str(status) not in responses:
            # Many operations do not list what any of them may answer.
            return [] if status >= 400 else [f"{method} {path} does not answer {status}"]
        found = f"{place}/responses/{status}"
        if "$ref" in responses[str(status)]:
            found = responses[str(status)]["$ref"]
        content = self._at(found).get("content")
        if not content:
            return [] if answer is None else [f"{status} has no body"]
        return self._errors(f"{found}/content/{_escaped(_JSON)}/schema", answer)

    def request_problems(self, method: str, path: str, body: Any) -> list[str]:
        """What is wrong with a request's body."""
        place = self._operation(method, path)
        if place is None:
            return [f"no such operation: {method} {path}"]
        asked = self._at(place).get("requestBody")
        if asked is None:
            return [] if body is None else ["it takes no body"]
        schema = asked["content"][_JSON]["schema"]
        unknown = set(body or {}) - set(schema.get("properties", body or {}))
        problems = [f"unknown field: {name}" for name in sorted(unknown)]
        found = f"{place}/requestBody/content/{_escaped(_JSON)}/schema"
        return problems + self._errors(found, body)

    def _operation(self, method: str, path: str) -> str | None:
        template = self.template(method, path)
        return None if template is None else f"#/paths/{_escaped(template)}/{method.lower()}"

    def _at(self, pointer: str) -> Any:
        found = self._whole
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def _errors(self, pointer: str, instance: Any) -> list[str]:
        schema = {"$ref": f"{_HERE}{_quoted(pointer)}"}
        found = _Validator(schema, registry=self._registry).iter_errors(instance)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]


@cache
def _load(path: str) -> Description:
    return Description(Path(path))


def description() -> Description:
    """The description; the test is skipped where there is none."""
    path = os.environ.get("GITHUB_OPENAPI", "")
    if not path:
        pytest.skip("GITHUB_OPENAPI does not name api.github.com.json of npm's @octokit/openapi")
    return _load(path)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[a-z_]+\})", template)
    whole = {"{path}": ".+", "{ref}": ".+"}
    return re.compile(
        "".join(
            whole.get(part, "[^/]+") if part.startswith("{") else re.escape(part) for part in parts
        )
    )


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _quoted(pointer: str) -> str:
    return pointer.replace("{", "%7B").replace("}", "%7D")
