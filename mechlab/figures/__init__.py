"""Figures of results as Plotly figures, for reports, notebooks and other pages.

Each function takes a result, an analysis or episodes, and returns a ``plotly`` figure in the light
look; ``template(dark=True)`` is the look for a dark page.
"""

from mechlab.figures._analysis import bars, decomposition, pilot_doses, residuals, sweep
from mechlab.figures._comparison import (
    differences,
    price_and_effect,
    ranked_sizes,
    transfer,
    who_needs_what,
)
from mechlab.figures._play import giving, incomes, lorenz, mean_gini, revenue, standing
from mechlab.figures._search import (
    certificate,
    course,
    dose_response,
    pareto_front,
    rows_of,
    undominated_trials,
)
from mechlab.figures._style import plain, reference_words, size_title, template, unit_of

__all__ = ["bars", "decomposition", "pilot_doses", "residuals", "sweep"]
__all__ += ["differences", "price_and_effect", "ranked_sizes", "transfer", "who_needs_what"]
__all__ += ["giving", "incomes", "lorenz", "mean_gini", "revenue", "standing"]
__all__ += ["certificate", "course", "dose_response", "pareto_front", "rows_of"]
__all__ += ["plain", "reference_words", "size_title", "template", "undominated_trials", "unit_of"]
