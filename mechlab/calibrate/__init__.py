"""Fits emulated agents: to published figures (``calibrate``), or to the episodes of a pilot."""

from mechlab.calibrate.episodes import pilot, read_episodes, tallied
from mechlab.calibrate.pilot_fit import Check, PilotFit, fit_episodes
from mechlab.calibrate.result import Cell, Fit
from mechlab.calibrate.run import calibrate

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
