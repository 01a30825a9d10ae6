"""Past decisions, and a memory that holds them."""

from datetime import UTC, datetime

from schemas.knowledge import DecidedSize, Decision

REPOSITORY = "https://example.com/shop"


def decision(**changes):
    fields = {
        "run": "4f0c",
        "decided_at": datetime(2026, 3, 4, tzinfo=UTC),
        "repository": REPOSITORY,
        "component": "api",
        "summary": "backend api, Go, Gin, peak_rps 2000",
        "size": DecidedSize(replicas=3, cpu_request="250m", memory_request="256Mi",
                            memory_limit="512Mi"),
        "why": "because",
    }  # fmt: skip
    return Decision(**{**fields, **changes})


class FakeMemory:
    """Implements `schemas.ports.DecisionMemory` over a list."""

    def __init__(self, decisions, error=None):
        self.decisions, self.error, self.asked = decisions, error, []

    def remember(self, decisions):
        self.decisions = [*self.decisions, *decisions]

    def similar(self, component, repository, limit=3):
        self.asked.append((component.name, repository))
        if self.error:
            raise self.error
        return self.decisions[:limit]
