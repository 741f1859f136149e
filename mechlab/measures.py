"""What is measured of an episode, one function a measure, each an array (B,).

Undefined is nan, never 0. Money is in the game's unit of money. Definitions: arXiv 2604.07821,
section 3 and appendix; spend, subsidy and net revenue are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mechlab.flows import Array
from mechlab.registry import Registry

if TYPE_CHECKING:
    from mechlab.simulation import Episodes

Measure = Callable[["Episodes"], Array]

MEASURES = Registry[Measure]("measure")

_NEEDS: dict[str, frozenset[str]] = {}


def measure(*needs: str) -> Callable[[Measure], Measure]:
    """Register a measure under its function's name; ``needs`` are the tallies that it reads."""

    def register(function: Measure) -> Measure:
        _NEEDS[function.__name__] = frozenset(needs)
        return MEASURES.add(function.__name__, function)

    return register


def measures_of(tallies: frozenset[str]) -> list[str]:
    """Return the names of the measures that can be taken from these tallies, in their order."""
    return [name for name in MEASURES if _NEEDS[name] <= tallies]


@measure("tasks")
def tasks(episodes: Episodes) -> Array:
    """Tasks completed, over all agents."""
    return np.asarray(episodes.tallies["tasks"].sum(axis=1))


@measure()
def group_revenue(episodes: Episodes) -> Array:
    """What all agents earned from the game itself, payments left out."""
    return np.asarray(episodes.revenue.sum(axis=1))


@measure()
def perfect(episodes: Episodes) -> Array:
    """Group revenue of perfect play: ask, answer at once, submit; same settings and seeds."""
    return episodes.reference("perfect")


@measure()
def sequential(episodes: Episodes) -> Array:
    """Group revenue of perfect play where each answers on its own turn only."""
    return episodes.reference("sequential")


@measure()
def optimum(episodes: Episodes) -> Array:
    """The largest group revenue that the rules permit, unasked giving included."""
    return episodes.reference("optimum")


@measure()
def efficiency(episodes: Episodes) -> Array:
    """Group revenue over that of perfect play."""
    return ratio(group_revenue(episodes), perfect(episodes))


@measure()
def optimality(episodes: Episodes) -> Array:
    """Group revenue over the optimum's."""
    return ratio(group_revenue(episodes), optimum(episodes))


@measure("messages", "tasks")
def messages_per_task(episodes: Episodes) -> Array:
    """Private and broadcast messages over tasks completed."""
    return ratio(episodes.tallies["messages"], tasks(episodes))


@measure("tasks")
def gini(episodes: Episodes) -> Array:
    """Gini coefficient of tasks per agent: 2 sum(i x_(i)) / (n sum(x)) - (n + 1) / n."""
    ordered = np.sort(episodes.tallies["tasks"], axis=1)
    n = ordered.shape[1]
    weighted = (ordered * np.arange(1, n + 1)).sum(axis=1)
    return np.asarray(2.0 * ratio(weighted, n * ordered.sum(axis=1)) - (n + 1) / n)


@measure("sent", "requested")
def response_rate(episodes: Episodes) -> Array:
    """Pieces sent truthfully over pieces requested; unasked sending can lift it over 1."""
    return ratio(episodes.tallies["sent"], episodes.tallies["requested"])


@measure("feasible", "tasks")
def pipeline_efficiency(episodes: Episodes) -> Array:
    """Tasks submitted over tasks that became feasible."""
    return ratio(tasks(episodes), episodes.tallies["feasible"])


@measure("survived")
def survival(episodes: Episodes) -> Array:
    """Rounds before the common stock collapsed."""
    return np.asarray(episodes.tallies["survived"])


@measure("invalid_turns")
def invalid_turns(episodes: Episodes) -> Array:
    """Turns of live agents that brought no valid answer and acted as empty ones."""
    return np.asarray(episodes.tallies["invalid_turns"])


@measure("defections", "thoughts")
def hard_defection(episodes: Episodes) -> Array:
    """Share of live agents' thoughts with language of withholding, leverage or bargaining."""
    return ratio(episodes.tallies["defections"], episodes.tallies["thoughts"])


@measure("market_terms", "thought_words")
def market_terms(episodes: Episodes) -> Array:
    """Market terms per 1,000 words of live agents' thoughts."""
    return 1000.0 * ratio(episodes.tallies["market_terms"], episodes.tallies["thought_words"])


@measure()
def spend(episodes: Episodes) -> Array:
    """All positive payments, over agents and rounds."""
    return np.asarray(episodes.spend)


@measure()
def subsidy(episodes: Episodes) -> Array:
    """Net payments from outside: payments less fines."""
    return np.asarray(episodes.payments.sum(axis=1))


@measure()
def net_revenue(episodes: Episodes) -> Array:
    """Group revenue less the subsidy."""
    return group_revenue(episodes) - subsidy(episodes)


def ratio(above: Array, below: Array) -> Array:
    """Return ``above / below``, nan where ``below`` is 0."""
    undefined = np.full(np.shape(below), np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below != 0))
