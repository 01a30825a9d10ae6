"""What the weights of guesses are fitted on."""

import numpy as np

from bench.retrieval_guess import relevant, rows
from bench.retrieval_set import LabelledQuery
from knowledge.index.descriptions import described
from knowledge.index.guess import GuessFeatures
from tests.knowledge.index.sample import FACTS


def test_a_row_has_what_speaks_for_an_entry_and_what_speaks_against_it():
    seen = GuessFeatures(np.asarray([0.5, 0.25], dtype="<f4"), elsewhere=0.3, words=0.75)
    assert rows([seen]).tolist() == [[[0.5, -0.3, 0.75], [0.25, -0.3, 0.75]]]


def test_an_entry_is_relevant_when_one_of_its_facts_answers():
    query = LabelledQuery.model_validate(
        {
            "id": "java-99",
            "class": "d",
            "topic": "java",
            "text": "business services",
            "relevant": [{"ids": ["spring-start", "frob-idle"]}],
        }
    )
    about = described(fact.component for fact in FACTS)
    (flags,) = relevant([query], FACTS)
    spring = about.of_facts[[fact.id for fact in FACTS].index("spring-start")]
    assert np.flatnonzero(flags).tolist() == [spring]
