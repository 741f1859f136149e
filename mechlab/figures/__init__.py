"""Figures of results as Plotly figures, for reports, notebooks and other pages.

Each function takes a result, an analysis or episodes, and returns a ``plotly`` figure in the light
look; ``template(dark=True)`` is the look for a dark page.
"""

from mechlab.figures._analysis import (
    Spot,
    bars,
    decomposition,
    pilot_doses,
    residuals,
    sweep,
)
from mechlab.figures._comparison import (
    candidates,
    differences,
    pairwise_order,
    price_and_effect,
    price_words,
    ranked_sizes,
    transfer,
    undominated_entries,
    who_needs_what,
)
from mechlab.figures._play import (
    agent_names,
    giving,
    incomes,
    lorenz,
    lorenz_shares,
    mean_gini,
    revenue,
    standing,
)
from mechlab.figures._search import (
    certificate,
    course,
    dose_response,
    pareto_front,
    rows_of,
    undominated_trials,
)
from mechlab.figures._style import plain, reference_words, size_title, template, unit_of

__all__ = [
    "Spot",
    "agent_names",
    "bars",
    "candidates",
    "certificate",
    "course",
    "decomposition",
    "differences",
    "dose_response",
    "giving",
    "incomes",
    "lorenz",
    "lorenz_shares",
    "mean_gini",
    "pairwise_order",
    "pareto_front",
    "pilot_doses",
    "plain",
    "price_and_effect",
    "price_words",
    "ranked_sizes",
    "reference_words",
    "residuals",
    "revenue",
    "rows_of",
    "size_title",
    "standing",
    "sweep",
    "template",
    "transfer",
    "undominated_entries",
    "undominated_trials",
    "unit_of",
    "who_needs_what",
]
