"""Agents: who plays, as propensities that may respond to what a mechanism pays, or as a player.

Importing this package registers the built-in agents. Its modules:

- ``base``: ``Agent``, the registry ``AGENTS``, and the scripted roles.
- ``choice``: agents that weigh what acts bring: ``selfish``, ``logit``, ``conditional``.
- ``emulated``: stand-ins for language models, fitted to figures or to a pilot.
- ``population``: ``Population.of("o3*5 + perfect*5", agents=10)``.
- ``response``: ``behaviours``, how a population plays under a mechanism, round by round.
- ``scenario``: ``Scenario``, episodes before they are played.
"""

from mechlab.agents import choice, emulated

__all__ = ["choice", "emulated"]
