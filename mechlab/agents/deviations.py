"""Deviations: what an agent earns if it alone plays otherwise, all others and all luck the same.

Incomes are realised: a round, or a whole episode, is played again with another choice of one agent,
and what the mechanism pays it counts. So caps, quotas, prizes and shares are worth what they pay,
which the slope of ``payments`` at one point cannot tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mechlab.agents.strategies import ROUNDING
from mechlab.flows import FIELDS, Amounts, Array, Flows
from mechlab.games.base import Game, Seeds
from mechlab.mechanism import Mechanism

_SURE = 3.0  # standard errors: a gain within them may be luck
_STARTS = 20  # rounds in which a deviation may begin: all of them in most games
_FEW = 8  # strategies that are tried from every round on; of more, only throughout
_PLAYED = frozenset({"given", "produced"})  # from which games fill other fields
_TABLE = 1 << 16  # outcomes of a payoff table in several episodes: 2 MB for a field


@runtime_checkable
class Tabled(Protocol):
    """A two-player game with a payoff table, as ``matrix`` is."""

    @property
    def payoffs(self) -> Array:
        """What each player earns, (2, M, M)."""

    @property
    def moves(self) -> tuple[tuple[str, ...], ...]:
        """The names of each player's choices."""

    def outcomes(self) -> Amounts:
        """What happens in one round of each pair of choices, row by row."""

    def chances(self, behaviour: Array) -> Array:
        """The chance of each choice under rows of propensities, (K, A) to (K, M)."""


def paid_table(
    mechanism: Mechanism, game: Tabled, past: Amounts | None = None, round: int = 0
) -> Array:
    """Return the payoffs of one round with the payments of its outcome, (2, M, M).

    Args:
        mechanism: pays.
        game: has the table.
        past: of some episodes, over which the table is a mean; nothing by default.
        round: number of the round.
    """
    once = game.outcomes()
    count, fields = len(once.produced), mechanism.needs
    episodes = max(1, min(len(past.produced), _TABLE // count)) if past else 1
    now, before = (Amounts.zeros(episodes * count, 2, fields) for _ in range(2))
    for name in fields:
        array = getattr(once, name)
        getattr(now, name)[...] = np.tile(array, (episodes, *[1] * (array.ndim - 1)))
        if past:
            getattr(before, name)[...] = np.repeat(getattr(past, name)[:episodes], count, axis=0)
    unit = getattr(game, "unit", 1.0)
    paid = mechanism.payments(Flows.over(now, before, round, unit))
    mean = once.produced + paid.reshape(episodes, count, 2).mean(axis=0)
    return np.asarray(mean.T.reshape(game.payoffs.shape))


@dataclass(frozen=True, eq=False)
class Moment:
    """The moment before a round: it can be played again and again.

    Attributes:
        state: of the game; it is copied, never changed. past: sums of the rounds before.
        round: number of the round.
    """

    game: Game
    mechanism: Mechanism
    state: Any
    past: Amounts
    round: int

    def incomes(self, rows: Array, agent: int, options: Array) -> Array:
        """Return what an agent earns in the round by each option, the mean over episodes, (K,).

        Args:
            rows: behaviour of all agents, (N, A); that of the agent is not looked at.
            agent: number of the agent.
            options: its behaviours, (K, A).
        """
        if self._tabled is None:
            return np.array([self._income(rows, agent, option) for option in options])
        game, table = self._tabled
        own = table[agent] if agent == 0 else table[agent].T
        return np.asarray(game.chances(options) @ (own @ game.chances(rows[[1 - agent]])[0]))

    @cached_property
    def _tabled(self) -> tuple[Tabled, Array] | None:
        if not isinstance(self.game, Tabled):
            return None
        return self.game, paid_table(self.mechanism, self.game, self.past, self.round)

    def _income(self, rows: Array, agent: int, option: Array) -> float:
        fields = self.mechanism.needs | _PLAYED
        now = Amounts.zeros(len(self.past.produced), self.game.agents, fields)
        changed = rows.copy()
        changed[agent] = option
        self.game.play(deepcopy(self.state), self.round, changed, now)
        flows = Flows.over(now, self.past, self.round, self.game.unit)
        earned = now.produced[:, agent] + self.mechanism.payments(flows)[:, agent]
        return float(earned.mean())


@dataclass(frozen=True, eq=False)
class Setting:
    """Episodes to be played again and again with other behaviour: all luck is the same each time.

    Attributes:
        seeds: (B,) of the episodes.
    """

    game: Game
    mechanism: Mechanism
    condition: str
    seeds: Seeds

    def rounds(
        self, behaviour: Array, fields: Collection[str] = FIELDS
    ) -> Iterator[tuple[Moment, Flows]]:
        """Play behaviour (T, N, A); yield the flows of each round as it is paid.

        With them comes the moment before the round, which is valid until the next one is taken.
        """
        game = self.game
        state = game.start(self.seeds, self.condition)
        shape = len(self.seeds), game.agents
        past = Amounts.zeros(*shape, fields)
        for round in range(game.rounds):
            before = deepcopy(state) if game.repeated else None
            now = Amounts.zeros(*shape, fields)
            game.play(state, round, behaviour[round], now)
            moment = Moment(game, self.mechanism, before, past, round)
            yield moment, Flows.over(now, past, round, game.unit)
            past.add(now, fields)

    def incomes(self, behaviour: Array) -> Array:
        """Return what each agent earns in each episode, payments included, (B, N)."""
        fields = self.mechanism.needs | _PLAYED
        played = self.rounds(behaviour, fields)
        return np.asarray(sum(now.produced + self.mechanism.payments(now) for _, now in played))

    def income(self, behaviour: Array, agent: int, row: Array, rounds: slice) -> Array:
        """Return what an agent earns an episode by another row (A,) in some rounds, (B,)."""
        changed = np.array(behaviour)
        changed[rounds, agent] = row
        return np.asarray(self.incomes(changed)[:, agent])

    def best_deviation(
        self, behaviour: Array, agent: int, options: Mapping[str, Array]
    ) -> Deviation:
        """Return the best that an agent could do alone in place of its part of (T, N, A).

        Options are played throughout and, where there are few, in any one round or from it on.
        """
        game, stays = self.game, self.incomes(behaviour)[:, agent]
        starts = np.unique(np.linspace(0, game.rounds - 1, _STARTS).round().astype(int)).tolist()
        late = starts if not game.repeated and len(options) <= _FEW else []
        spans = {(0, game.rounds), *((t, t + 1) for t in late), *((t, game.rounds) for t in late)}
        best = Deviation(agent, "", (0, 0), -np.inf, 0.0)
        for name, row in options.items():
            for start, stop in sorted(spans):
                if (behaviour[start:stop, agent] == row).all():
                    continue  # to go on as before is no deviation
                other = self.income(behaviour, agent, row, slice(start, stop))
                gains = (other - stays) / game.rounds
                if gains.mean() > best.gain:
                    count = len(gains)
                    error = float(gains.std(ddof=1)) / count**0.5 if count > 1 else 0.0
                    best = Deviation(agent, name, (start, stop), float(gains.mean()), error)
        return best


@dataclass(frozen=True)
class Deviation:
    """What an agent could do alone in place of what it does.

    Attributes:
        agent: its number. strategy: the other strategy, by the names of ``strategies``.
        rounds: it is played from the first to before the second.
        gain: by it, the mean over episodes and rounds, in the game's money; below 0 where it loses.
        error: its standard error.
    """

    agent: int
    strategy: str
    rounds: tuple[int, int]
    gain: float
    error: float

    def profits(self, unit: float) -> bool:
        """Whether it brings more than rounding and luck explain."""
        return self.gain > max(ROUNDING * unit, _SURE * self.error)


def period(behaviour: Array) -> int:
    """Return after how many rounds play repeats itself, 0 where it comes to rest.

    The last round is left out: many games end otherwise than they go on.

    >>> chicken = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])[:, None, None]
    >>> period(chicken), period(chicken[:1])
    (2, 0)
    """
    rows = np.round(behaviour[:-1], 3)
    last = len(rows) // 2
    for rounds in range(1, last + 1):
        if (rows[-last:] == rows[-last - rounds : len(rows) - rounds]).all():
            return 0 if rounds == 1 else rounds
    return 0
