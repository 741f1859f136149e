"""Measures of an episode, one function each: episodes in, an array (B,) out.

What is undefined is nan, never 0. Money is in the game's unit of money. Definitions: arXiv
2604.07821, section 3 and appendix; spend, subsidy and net revenue are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from mechlab.flows import Array
from mechlab.registry import Registry


class _Episodes(Protocol):
    """What measures read of ``mechlab.simulation.Episodes``; see there for the shapes."""

    @property
    def revenue(self) -> Array: ...
    @property
    def payments(self) -> Array: ...
    @property
    def spend(self) -> Array: ...
    @property
    def tallies(self) -> Mapping[str, Array]: ...
    def reference(self, name: str) -> Array: ...


Measure = Callable[[_Episodes], Array]

MEASURES = Registry[Measure]("measure")

_NEEDS: dict[str, frozenset[str]] = {}


def measure(*needs: str) -> Callable[[Measure], Measure]:
    """Register a function as the measure of its name; ``needs`` are the tallies that it reads."""

    def register(function: Measure) -> Measure:
        name = function.__name__.removeprefix("_")
        _NEEDS[name] = frozenset(needs)
        return MEASURES.add(name, function)

    return register


def measures_of(tallies: frozenset[str]) -> list[str]:
    """Return the names of the measures that need no other tallies, in the order of registration."""
    return [name for name in MEASURES if name in _NEEDS and _NEEDS[name] <= tallies]


@measure("tasks")
def _tasks(episodes: _Episodes) -> Array:
    """Tasks completed, over all agents."""
    return np.asarray(episodes.tallies["tasks"].sum(axis=1))


@measure()
def _group_revenue(episodes: _Episodes) -> Array:
    """What all agents earned from the game itself, payments left out."""
    return np.asarray(episodes.revenue.sum(axis=1))


@measure()
def _perfect(episodes: _Episodes) -> Array:
    """Group revenue of perfect play: ask, answer at once, submit; same settings and seeds."""
    return episodes.reference("perfect")


@measure()
def _sequential(episodes: _Episodes) -> Array:
    """Group revenue of perfect play where each answers on its own turn only."""
    return episodes.reference("sequential")


@measure()
def _optimum(episodes: _Episodes) -> Array:
    """The largest group revenue that the rules permit, unasked giving included."""
    return episodes.reference("optimum")


@measure()
def _efficiency(episodes: _Episodes) -> Array:
    """Group revenue over that of perfect play."""
    return ratio(_group_revenue(episodes), _perfect(episodes))


@measure()
def _optimality(episodes: _Episodes) -> Array:
    """Group revenue over the optimum's."""
    return ratio(_group_revenue(episodes), _optimum(episodes))


@measure("messages", "tasks")
def _messages_per_task(episodes: _Episodes) -> Array:
    """Private and broadcast messages over tasks completed."""
    return ratio(episodes.tallies["messages"], _tasks(episodes))


@measure("tasks")
def _gini(episodes: _Episodes) -> Array:
    """Gini coefficient of tasks per agent: 2 sum(i x_(i)) / (n sum(x)) - (n + 1) / n."""
    ordered = np.sort(episodes.tallies["tasks"], axis=1)
    n = ordered.shape[1]
    weighted = (ordered * np.arange(1, n + 1)).sum(axis=1)
    return np.asarray(2.0 * ratio(weighted, n * ordered.sum(axis=1)) - (n + 1) / n)


@measure("sent", "requested")
def _response_rate(episodes: _Episodes) -> Array:
    """Pieces sent truthfully over pieces requested; unasked sending can lift it over 1."""
    return ratio(episodes.tallies["sent"], episodes.tallies["requested"])


@measure("feasible", "tasks")
def _pipeline_efficiency(episodes: _Episodes) -> Array:
    """Tasks submitted over tasks that became feasible."""
    return ratio(_tasks(episodes), episodes.tallies["feasible"])


@measure("survived")
def _survival(episodes: _Episodes) -> Array:
    """Rounds before the common stock collapsed."""
    return np.asarray(episodes.tallies["survived"])


@measure("invalid_turns")
def _invalid_turns(episodes: _Episodes) -> Array:
    """Turns of live agents without a valid answer; nothing was done on them."""
    return np.asarray(episodes.tallies["invalid_turns"])


@measure("defections", "thoughts")
def _hard_defection(episodes: _Episodes) -> Array:
    """Share of live agents' thoughts with language of withholding, leverage or bargaining."""
    return ratio(episodes.tallies["defections"], episodes.tallies["thoughts"])


@measure("market_terms", "thought_words")
def _market_terms(episodes: _Episodes) -> Array:
    """Market terms per 1,000 words of live agents' thoughts."""
    return 1000.0 * ratio(episodes.tallies["market_terms"], episodes.tallies["thought_words"])


@measure()
def _spend(episodes: _Episodes) -> Array:
    """All positive payments, over agents and rounds."""
    return np.asarray(episodes.spend)


@measure()
def _subsidy(episodes: _Episodes) -> Array:
    """Net payments from outside: payments less fines."""
    return np.asarray(episodes.payments.sum(axis=1))


@measure()
def _net_revenue(episodes: _Episodes) -> Array:
    """Group revenue less what comes from outside; money that is burnt is no gain."""
    return _group_revenue(episodes) - outlay(_spend(episodes), _subsidy(episodes))


def outlay(spend: Array, subsidy: Array) -> Array:
    """What comes from outside in an episode, net of fines."""
    return np.asarray(np.maximum(0.0, subsidy))


def burden(spend: Array, subsidy: Array) -> Array:
    """What agents pay in an episode: fines, and transfers to others."""
    return np.asarray(spend - subsidy)


def deadweight(spend: Array, subsidy: Array) -> Array:
    """What agents pay in an episode and nobody receives: burnt money."""
    return np.asarray(np.maximum(0.0, -subsidy))


def cost(spend: Array, subsidy: Array) -> Array:
    """Outlay, burden and deadweight together, so that fines are charged for too.

    >>> bonus, fine = (10.0, 10.0), (0.0, -10.0)  # spend and subsidy
    >>> [float(cost(*map(np.asarray, money))) for money in (bonus, fine)]
    [10.0, 20.0]
    """
    return np.asarray(burden(spend, subsidy) + np.abs(subsidy))


# What an incentive costs, from spend and subsidy; as these have them already, tables do without.
COSTS = {function.__name__: function for function in (outlay, burden, deadweight, cost)}


def _measured(function: Callable[[Array, Array], Array]) -> Measure:
    def measured(episodes: _Episodes) -> Array:
        return function(_spend(episodes), _subsidy(episodes))

    measured.__doc__ = function.__doc__
    return measured


for _name, _function in COSTS.items():
    MEASURES.add(_name, _measured(_function))


def ratio(above: Array, below: Array) -> Array:
    """Return ``above / below``, nan where ``below`` is 0.

    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    undefined = np.full(np.shape(below), np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below != 0))
