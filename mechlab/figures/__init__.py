"""Each figure of a report on its own, as a Plotly figure, for notebooks and other pages."""

from mechlab.figures.dose import certificate, dose_response
from mechlab.figures.equality import incomes, lorenz, lorenz_shares, mean_gini
from mechlab.figures.play import giving, revenue, standing
from mechlab.figures.style import template
from mechlab.figures.trials import course, frontier

__all__ = [
    "certificate",
    "course",
    "dose_response",
    "frontier",
    "giving",
    "incomes",
    "lorenz",
    "lorenz_shares",
    "mean_gini",
    "revenue",
    "standing",
    "template",
]
