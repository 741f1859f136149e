"""Each figure of a report on its own, as a Plotly figure, for notebooks and other pages."""

from mechlab.figures.comparison import (
    candidates,
    differences,
    price_and_effect,
    ranked_sizes,
    who_needs_what,
)
from mechlab.figures.decomposition import bars, decomposition
from mechlab.figures.play import (
    giving,
    incomes,
    lorenz,
    lorenz_shares,
    mean_gini,
    revenue,
    standing,
)
from mechlab.figures.search import certificate, course, dose_response, frontier
from mechlab.figures.style import plain, template
from mechlab.figures.transfer import transfer

__all__ = [
    "bars",
    "candidates",
    "certificate",
    "course",
    "decomposition",
    "differences",
    "dose_response",
    "frontier",
    "giving",
    "incomes",
    "lorenz",
    "lorenz_shares",
    "mean_gini",
    "plain",
    "price_and_effect",
    "ranked_sizes",
    "revenue",
    "standing",
    "template",
    "transfer",
    "who_needs_what",
]
