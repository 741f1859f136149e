"""Each figure of a report on its own, as a Plotly figure, for notebooks and other pages."""

from mechlab.figures.equality import lorenz, lorenz_shares, mean_gini, payments
from mechlab.figures.play import giving, revenue
from mechlab.figures.search import certificate, course, dose_response, frontier
from mechlab.figures.style import template

__all__ = [
    "certificate",
    "course",
    "dose_response",
    "frontier",
    "giving",
    "lorenz",
    "lorenz_shares",
    "mean_gini",
    "payments",
    "revenue",
    "template",
]
