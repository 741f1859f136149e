"""Fits emulated agents: to published figures (``calibrate``), or to a pilot (``fit_episodes``).

Both results can be saved, and played as the population ``fit:PATH``. The figures, and our
measure for each, are in ``mechlab.calibrate.published``.
"""

from mechlab.calibrate._figure_fit import calibrate
from mechlab.calibrate._pilot_fit import Check, PilotFit, fit_episodes
from mechlab.calibrate._result import FigureFit, Residual
from mechlab.calibrate.episodes import pilot, read_episodes, tallied

__all__ = [
    "Check",
    "FigureFit",
    "PilotFit",
    "Residual",
    "calibrate",
    "fit_episodes",
    "pilot",
    "read_episodes",
    "tallied",
]
