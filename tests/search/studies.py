"""Small studies for tests of the search."""

from typing import Any

from mechlab.study import Study

BONUS = {
    "name": "bonus",
    "question": "What is the smallest sharing bonus?",
    "population": "gpt-5-mini",
    "mechanisms": ["sharing_bonus(rate=[0, 3000])"],
    "minimise": "rate",
    "target": {"efficiency": 0.75, "relative_to": "sequential"},
    "budget": {"episodes": 5000},
    "seed": 3,
}


def a_study(**changes: Any) -> Study:
    """A study that is answered in a second or two, with some fields changed."""
    return Study.model_validate({**BONUS, **changes})
