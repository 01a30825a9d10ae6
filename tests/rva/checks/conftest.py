from __future__ import annotations

import pytest

from rva.checks import BY_ID
from rva.checks.base import Skipped


class Asked:
    """Runs one check by id and says what came of it."""

    def __call__(self, check_id, subject):
        """The finding, None, or the reason of a skipped check."""
        verdict = BY_ID[check_id].run(subject)
        return verdict.reason if isinstance(verdict, Skipped) else verdict

    def fails(self, check_id, subject):
        """The finding of a check that must fail."""
        finding = self(check_id, subject)
        assert finding is not None, f"{check_id} does not apply"
        assert not isinstance(finding, str), f"{check_id} was skipped: {finding}"
        assert not finding.passed, f"{check_id} passes"
        assert finding.id == check_id
        assert finding.source
        return finding

    def passes(self, check_id, subject):
        """Assert that a check applies and holds."""
        finding = self(check_id, subject)
        assert finding is not None, f"{check_id} does not apply"
        assert not isinstance(finding, str), f"{check_id} was skipped: {finding}"
        assert finding.passed, finding.message


@pytest.fixture
def ask():
    """``ask(id, subject)``, ``ask.fails(id, subject)``, ``ask.passes(id, subject)``."""
    return Asked()
