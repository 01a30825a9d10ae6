"""One free question about one component, answered by the facts that are about it."""

from __future__ import annotations

from dca.docs.coverage import match_of
from dca.docs.evidence import fact_evidence
from dca.docs.queries import free
from dca.docs.subject import subject_of
from schemas.context import Component
from schemas.evidence import Evidence
from schemas.ports import KnowledgeSource


def ask(component: Component, question: str, source: KnowledgeSource) -> tuple[Evidence, ...]:
    """What the corpus says to a question in somebody's own words.

    Args:
        component: What the question is about; facts about something else are dropped.
        question: The words; they rank, the component selects.
        source: Answers it.

    Returns:
        Facts as evidence, most relevant first.

    Raises:
        ProvisionError: The knowledge base cannot be read.
    """
    subject = subject_of(component)
    (answer,) = source.search([free(subject, question)])
    matched = ((item.fact, match_of(item.fact, subject)) for item in answer.found)
    return tuple(fact_evidence(fact, match) for fact, match in matched if match is not None)
