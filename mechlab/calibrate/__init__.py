"""Fits the emulated agents to published figures: ``calibrate``, and its result ``Fit``."""

from mechlab.calibrate.result import Cell, Fit
from mechlab.calibrate.run import calibrate

__all__ = ["Cell", "Fit", "calibrate"]
