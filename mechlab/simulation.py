"""Simulation: plays episodes and returns them as one table, with a row for each episode."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

from mechlab.agents.population import Member, Population
from mechlab.agents.response import behaviours
from mechlab.agents.scenario import Scenario
from mechlab.errors import OutOfBudget, UserError
from mechlab.flows import Amounts, Array, Flows, over_agents
from mechlab.games.base import Game, Seeds, Table, make_game
from mechlab.measures import MEASURES, measures_of, ratio
from mechlab.mechanism import MECHANISMS, Mechanism, check_fit, parse
from mechlab.statistics import Summary, summarise

MOST_PAIRS = 256 * 100**2  # of agents, in all episodes at once: 20 MB for each array of flows
BATCH = 256  # episodes played at once: fewer spend more time on calls, more leave the cache


@dataclass(frozen=True, eq=False)
class Episodes(Scenario):
    """The outcome of B episodes of one scenario, with N agents and T rounds.

    Attributes:
        revenue: (B, T) group revenue of each round, from the game itself.
        produced: (B, N) what each agent earned from the game itself.
        payments: (B, N) what the mechanism paid each agent, net of fines.
        spend: (B,) all positive payments of agents and rounds.
        given: (B, N, N) useful, honest units that i gave j.
        tallies: counts for the game's own measures, each (B,) or (B, N).

    >>> episodes = simulate(population="silent", episodes=3, seed=1)
    >>> episodes.frame.shape
    (3, 14)
    """

    revenue: Array
    produced: Array
    payments: Array
    spend: Array
    given: Array
    tallies: Mapping[str, Array]

    def __getitem__(self, measure: str) -> Array:
        """Return a measure of each episode, (B,); raises ``UserError`` for an unknown name."""
        return MEASURES.get(measure)(self)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All measures: a row for each episode, by its number under the seed."""
        columns = {name: self[name] for name in measures_of(frozenset(self.tallies))}
        index = pd.RangeIndex(self.first, self.first + len(self), name="episode")
        return pd.DataFrame(columns, index=index)

    @cached_property
    def summary(self) -> dict[str, Summary]:
        """Mean, standard deviation, 95% interval and number of episodes of each measure."""
        return {str(name): summarise(column.to_numpy()) for name, column in self.frame.items()}

    def reference(self, name: str) -> Array:
        """Return the group revenue of a reference point at the same settings and seeds, (B,)."""
        return _reference_revenue(self.game, name, self.seeds)

    def attainment(self, name: str) -> Array:
        """Return group revenue over that of a reference point, (B,).

        Where that point earns nothing it is undefined, which raises ``UserError``.
        """
        shares = ratio(self["group_revenue"], self.reference(name))
        if not np.isfinite(shares).all():
            raise UserError(
                f"efficiency is undefined: a reference point of {self.game.name!r} earns nothing "
                "in an episode; make the episodes longer"
            )
        return shares


def simulate(  # noqa: PLR0913 - what an episode is made of
    game: str | Game = "sharing",
    population: str | Member | Sequence[str | Member] = "o3",
    mechanism: str | Mechanism | None = None,
    *,
    episodes: int = 200,
    seed: int = 0,
    condition: str = "baseline",
    settings: Mapping[str, Any] | None = None,
    first: int = 0,
) -> Episodes:
    """Play episodes ``first`` to ``first + episodes - 1`` of a seed.

    The same seed gives the same episodes, however many are played at once. An episode has the same
    random numbers under every mechanism and dose (common random numbers).

    Args:
        game: name of a game, or a game with its settings.
        population: see ``Population.of``.
        mechanism: a mechanism or its specification; none by default.
        episodes: number of episodes B.
        seed: seed of the study.
        condition: one of the game's conditions.
        settings: settings of a game given by name.
        first: number of the first episode.

    Raises:
        UserError: for an unknown name, a value out of range, or a mechanism that needs flows that
            the game lacks.

    >>> simulate(population="perfect", episodes=20).summary["tasks"].mean > 195
    True
    """
    return play(scenario(game, population, mechanism, episodes, seed, condition, settings, first))


def scenario(  # noqa: PLR0913 - what an episode is made of
    game: str | Game = "sharing",
    population: str | Member | Sequence[str | Member] = "o3",
    mechanism: str | Mechanism | None = None,
    episodes: int = 200,
    seed: int = 0,
    condition: str = "baseline",
    settings: Mapping[str, Any] | None = None,
    first: int = 0,
) -> Scenario:
    """Return what ``simulate`` plays with the same arguments, checked; nothing is played yet."""
    game = make_game(game, settings)
    group = Population.of(population, game.agents)
    mechanism = parse(mechanism or "none") if not isinstance(mechanism, Mechanism) else mechanism
    check_fit(mechanism, game.fields, game.name, game.vocabulary)
    game.check_condition(condition)
    seeds = episode_seeds(seed, first, episodes)
    return Scenario(game, group, mechanism, condition, seed, first, seeds)


def play(scenario: Scenario) -> Episodes:
    """Play all episodes of a scenario."""
    game, group, seeds = scenario.game, scenario.population, scenario.seeds
    behaviour = behaviours(game, group, scenario.mechanism, scenario.condition)
    if "live" in group.kinds:
        return _play_live(scenario, behaviour)
    players = group.players
    size = 1 if players else _at_once(game)  # players take their turns in one episode at a time
    parts = [_play(scenario, behaviour, chunk, players) for chunk in _chunks(seeds, size)]
    return _episodes(scenario, parts)


def episode_seeds(seed: int, first: int, count: int) -> Seeds:
    """Return the seeds of episodes ``first`` to ``first + count - 1`` under a study's seed.

    >>> bool((episode_seeds(7, 0, 5)[2:] == episode_seeds(7, 2, 3)).all())
    True
    """
    block = 4  # Philox makes four numbers for each value of its counter
    counter = np.random.Philox(key=seed)
    counter.advance(first // block)
    skipped = first % block
    return counter.random_raw(skipped + count)[skipped:]


Record = dict[str, Array]  # the outcome of some episodes: arrays by name, episodes first
_RECORD = ("revenue", "produced", "payments", "spend", "given")


def _at_once(game: Game) -> int:
    """Return how many episodes are played at once; flows hold a number for each pair of agents."""
    return max(1, min(BATCH, MOST_PAIRS // game.agents**2))


def _chunks(seeds: Seeds, size: int) -> Iterator[Seeds]:
    return (seeds[start : start + size] for start in range(0, max(1, len(seeds)), size))


def _episodes(scenario: Scenario, parts: Sequence[Record]) -> Episodes:
    """Return the outcome of a scenario's first episodes, given as records in order."""
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    record: dict[str, Any] = {name: arrays.pop(name) for name in _RECORD}
    fields = {**vars(scenario), "seeds": scenario.seeds[: len(record["spend"])]}
    return Episodes(**fields, **record, tallies=arrays)


def _play_live(scenario: Scenario, behaviour: Array) -> Episodes:
    """Play each episode as a task of its own, in the open session; see ``mechlab.llm``."""
    from mechlab.llm.driver import play
    from mechlab.llm.session import current_session

    turns = partial(_turns, scenario, behaviour, players=scenario.population.players)
    records: dict[int, Record] = {}
    with current_session() as session:
        try:
            play(session, scenario, turns, records)
        except OutOfBudget as cap:
            first = [records[k] for k in takewhile(records.__contains__, range(len(scenario)))]
            cap.episodes = _episodes(scenario, first) if first else None
            raise
        finally:  # whatever stopped the others, those that were finished are written down
            if finished := sorted(records):
                those = replace(scenario, seeds=scenario.seeds[finished])
                episodes = _episodes(those, [records[k] for k in finished])
                session.note(scenario, finished, _noted(episodes))
    return episodes


def _noted(episodes: Episodes) -> pd.DataFrame:
    """Return what is written down of episodes: measures, and the counts that a fit needs."""
    measures = episodes.frame
    counts = {n: a for n, a in episodes.tallies.items() if a.ndim == 1 and n not in measures}
    return measures.assign(**counts)


def _play(
    scenario: Scenario, behaviour: Array, seeds: Seeds, players: Mapping[int, Any] | None = None
) -> Record:
    """Play a batch under behaviour (T, N, A), asking each player on its turn."""
    players = players or {}
    turns = _turns(scenario, behaviour, seeds, players)
    answer: Any = None
    while True:
        try:
            agent, view = turns.send(answer)
        except StopIteration as end:
            record: Record = end.value
            return record
        answer = players[agent].act(view)


def _turns(
    scenario: Scenario, behaviour: Array, seeds: Seeds, players: Collection[int]
) -> Generator[tuple[int, Any], Any, Record]:
    """Play a batch; yield the turns of players, see ``rounds``; return record and tallies."""
    game, mechanism = scenario.game, scenario.mechanism
    state = game.start(seeds, scenario.condition)
    table = game.make_table(state, mechanism, players) if players else None
    record = yield from rounds(game, state, behaviour, mechanism, len(seeds), table)
    return {**record, **game.tallies(state)}


def rounds(  # noqa: PLR0913 - what an episode is made of
    game: Game,
    state: Any,
    behaviour: Array,
    mechanism: Mechanism,
    episodes: int = 1,
    table: Table | None = None,
) -> Generator[tuple[int, Any], Any, dict[str, Array]]:
    """Play all rounds of episodes that were started.

    Yields each player's turn, as its number and its view, and takes its answer; without a table
    there are none. Returns the record of the episodes, by the names of ``Episodes``.
    """
    agents = game.agents
    fields = mechanism.needs | {"given", "produced"}
    now, past = (Amounts.zeros(episodes, agents, fields) for _ in range(2))
    revenue = np.zeros((episodes, game.rounds))
    payments, spend = np.zeros((episodes, agents)), np.zeros(episodes)
    for round in range(game.rounds):
        now.clear(fields)
        if table:
            yield from table.play(round, behaviour[round], now)
        else:
            game.play(state, round, behaviour[round], now)
        paid = mechanism.payments(Flows.over(now, past, round, game.unit))
        if table:
            table.settle(now.produced[0] + paid[0])
        payments += paid
        spend += over_agents(np.maximum(paid, 0.0))
        revenue[:, round] = over_agents(now.produced)
        past.add(now, fields)
    arrays = revenue, past.produced, payments, spend, past.given
    record = dict(zip(_RECORD, arrays, strict=True))
    if table:
        record["invalid_actions"] = np.array([float(table.invalid_actions)])
    return record


_REFERENCES: dict[tuple[Game, str], dict[int, float]] = {}


def _reference_revenue(game: Game, name: str, seeds: Seeds) -> Array:
    """Return the group revenue of a reference point; remembered, because doses share seeds."""
    revenues = _REFERENCES.setdefault((game, name), {})
    missing = np.array([s for s in dict.fromkeys(seeds.tolist()) if s not in revenues], np.uint64)
    row = game.behaviour(game.reference_rows(name))
    behaviour = np.broadcast_to(row, (game.rounds, *row.shape))
    alone = Scenario(
        game, Population(()), MECHANISMS.get("none")(), game.conditions[0], 0, 0, missing
    )
    for chunk in _chunks(missing, _at_once(game)) if len(missing) else ():
        record = _play(alone, behaviour, chunk)
        revenues.update(zip(chunk.tolist(), record["revenue"].sum(axis=1).tolist(), strict=True))
    return np.array([revenues[s] for s in seeds.tolist()])
