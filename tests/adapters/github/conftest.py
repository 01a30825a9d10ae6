"""A fake GitHub with one writer, one pull request and one comment, and ways to open it."""

import pytest

from tests.adapters.github.opened import Opened
from tests.github_server import FakeGitHub


@pytest.fixture
def github():
    with FakeGitHub(files={"deploy/api.yaml": "replicas: 2\n"}) as fake:
        fake.add_user("ann", "write")
        fake.add_pull("Add the API", author="ann", files={"deploy/web.yaml": "replicas: 1\n"})
        fake.add_comment(1, "ann", "/ai-provision")
        yield fake


@pytest.fixture
def opened(github):
    return Opened(github)
