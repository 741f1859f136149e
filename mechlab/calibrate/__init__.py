"""Fits emulated agents: to published figures (``calibrate``), or to the episodes of a pilot."""

from mechlab.calibrate._figure_fit import calibrate
from mechlab.calibrate._pilot_fit import Check, PilotFit, fit_episodes
from mechlab.calibrate._result import Cell, Fit
from mechlab.calibrate.episodes import pilot, read_episodes, tallied

__all__ = [
    "Cell",
    "Check",
    "Fit",
    "PilotFit",
    "calibrate",
    "fit_episodes",
    "pilot",
    "read_episodes",
    "tallied",
]
