"""Pilot, emulate, search, confirm: few live episodes, a fit, a search for nothing, a check."""

from mechlab.pilot.emulate import Offline
from mechlab.pilot.result import PilotResult
from mechlab.pilot.run import pilot

__all__ = ["Offline", "PilotResult", "pilot"]
