"""What all tests have in common."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _directories_of_their_own(tmp_path_factory):
    """No test reads or writes the decisions, documents and indexes of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AI_PROVISION_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.setenv("AI_PROVISION_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests(_directories_of_their_own, tmp_path_factory, monkeypatch):
    """Each test begins without past decisions and added documents."""
    monkeypatch.setenv("AI_PROVISION_DATA_DIR", str(tmp_path_factory.mktemp("data")))
