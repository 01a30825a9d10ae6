"""The payloads of these tests are held against what GitHub publishes about its events."""

import copy
import json
import tarfile

import jsonschema
import pytest

from ci.chatops.event import read_event
from ci.chatops.gate import Rules, decide
from ci.chatops.outcome import Admitted, Refusal
from tests.ci.chatops.payloads import SIZE, payload
from tests.ci.chatops.world import FakeRepository
from tests.npm import packed


@pytest.fixture(scope="module")
def npm_file(tmp_path_factory):
    """Reads a JSON file of an npm package; skips where there is no npm or no registry."""
    archives = {}

    def read(package, path):
        if package not in archives:
            archives[package] = packed(package, tmp_path_factory.mktemp("npm"))
        with tarfile.open(archives[package]) as tar:
            return json.load(tar.extractfile(f"package/{path}"))

    return read


def test_the_payloads_are_as_githubs_own_schema_has_them(npm_file):
    schema = npm_file("@octokit/webhooks-schemas@7.6.1", "schema.json")
    for action in ("created", "edited"):
        kind = {**schema, "$ref": f"#/definitions/issue_comment${action}"}
        kind.pop("oneOf")
        validator = jsonschema.Draft7Validator(kind)
        for event in (payload(action=action), payload(action=action, pull_request=False)):
            problems = [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(event)]
            assert problems == []


def test_githubs_own_examples_are_read_and_exactly_those_on_pull_requests_act(npm_file):
    kinds = npm_file("@octokit/webhooks-examples@7.6.1", "api.github.com/index.json")
    examples = next(kind["examples"] for kind in kinds if kind["name"] == "issue_comment")
    assert len(examples) > 5
    acted = []
    for number, example in enumerate(examples):
        for on_pull_request in (False, True):
            event = copy.deepcopy(example)
            event["comment"]["body"] = SIZE
            if on_pull_request:
                event["issue"]["pull_request"] = {"url": "https://api.github.com/x"}
            full_name = event["repository"]["full_name"]
            world = FakeRepository(base_repository=full_name, head_repository=full_name)
            world.facts[event["issue"]["number"]] = world.facts[7]
            world.roles = {event["comment"]["user"]["login"]: "admin"}
            outcome = decide(read_event(event), Rules(full_name), world, world)
            if isinstance(outcome, Admitted):
                acted.append((number, event["action"], on_pull_request))
            else:
                assert isinstance(outcome, Refusal)
                assert world.writes == []
    expected = [n for n, example in enumerate(examples) if example["action"] == "created"]
    assert acted == [(n, "created", True) for n in expected]


def test_the_examples_comment_is_no_command(npm_file):
    kinds = npm_file("@octokit/webhooks-examples@7.6.1", "api.github.com/index.json")
    examples = next(kind["examples"] for kind in kinds if kind["name"] == "issue_comment")
    for example in examples:
        world = FakeRepository()
        name = example["repository"]["full_name"]
        assert isinstance(decide(read_event(example), Rules(name), world, world), Refusal)
        assert world.writes == []
        assert world.asked == []
