"""The recommendations of `tests.ci.report.fabricate`, made once."""

import pytest

from tests.ci.report import fabricate


@pytest.fixture(scope="session")
def everything():
    """Each case once."""
    return fabricate.everything()


@pytest.fixture(scope="session")
def hostile():
    """A stranger's text wherever text can stand."""
    return fabricate.hostile()
