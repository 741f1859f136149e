"""Incentive compatibility: whether it pays to give honestly, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mechlab.agents.deviations import Setting
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.agents.strategies import part_of, strategy_rows
from mechlab.checks._plays import Play, members, row
from mechlab.checks._rounds import EPISODES, SampledPlays, sampled_names, without_rounding
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import episode_seeds

NAME = "incentive_compatibility"


@dataclass(frozen=True)
class Margin:
    """What an honest agent earns more than by the best that it could do alone instead.

    Attributes:
        value: a unit of giving, or a round; see ``margins``. play: shows it again.
    """

    value: float
    play: Play


def margins(mechanism: Mechanism, game: Game, names: list[str]) -> Iterator[Margin]:
    """Yield the margin of honesty among others that all behave as a name says, for each name.

    Incomes are realised, payments included. In a repeated game they are those of a round, for each
    unit of the act that is not done (a token, a move); elsewhere those of an episode, a round of
    it. Where agents can ask, honest are all strategies that answer, whatever they do besides.
    """
    for name in names:
        for agent in range(1 if game.alike and mechanism.anonymous else game.agents):
            group = _group(game, name, agent)
            for round, losses in _losses(mechanism, game, group, agent):
                other = min(losses, key=losses.__getitem__)
                where = {"check": NAME, "agent": agent, "round": round, "deviation": other}
                play = Play.of(game, mechanism, group, **where)
                yield Margin(without_rounding(losses[other], game), play)


def _group(game: Game, name: str, agent: int) -> str:
    """Return a group in which one agent is honest and all others are of a name."""
    parts = (name, agent), ("honest", 1), (name, game.agents - agent - 1)
    return " + ".join(n if count == 1 else f"{n}*{count}" for n, count in parts if count)


def _is_honest(game: Game, name: str) -> bool:
    """Whether a strategy gives what honesty gives: where agents can ask, all of it and no lies."""
    if not any(np.any(act.answered) for act in game.acts.values()):
        honest = game.behaviour([row(game, "honest")])[0]
        return bool((strategy_rows(game)[name] == honest).all())
    acts = [game.acts[act] for act in name.split("&") if act in game.acts]
    return any(np.any(a.given) for a in acts) and not any(np.any(a.falsified) for a in acts)


def _loss(game: Game, less: float, name: str) -> float:
    if not game.repeated:
        return less / game.rounds
    _, share = part_of(name)
    return less / max(1.0, game.steps * (1.0 - (share if "share" in name else 0.0)))


def _losses(
    mechanism: Mechanism, game: Game, group: str, agent: int
) -> Iterator[tuple[int | None, dict[str, float]]]:
    """Yield what an agent of a group earns less by each strategy than by honesty.

    In some rounds of a repeated game, with their numbers; else in the whole episode.
    """
    condition, options = game.conditions[0], strategy_rows(game)
    behaviour = behaviours(game, Population(members(game, group)), mechanism, condition)
    setting = Setting(game, mechanism, condition, episode_seeds(0, 0, EPISODES))
    honest = [name for name in options if _is_honest(game, name)]

    def losses(incomes: Array) -> dict[str, float]:
        earned = dict(zip(options, incomes.tolist(), strict=True))
        best = max(earned[name] for name in honest)
        return {n: _loss(game, best - earned[n], n) for n in options if n not in honest}

    if not game.repeated:
        every = (setting.income(behaviour, agent, r, slice(None)) for r in options.values())
        yield None, losses(np.array([income.mean() for income in every]))
        return
    looked_at = {0, 1, game.rounds // 2, game.rounds - 1}  # the others differ in luck at most
    for moment, _ in setting.rounds(behaviour):
        if moment.round in looked_at:
            rows = np.stack(list(options.values()))
            yield moment.round, losses(moment.incomes(behaviour[moment.round], agent, rows))


def _again(mechanism: Mechanism, game: Game, play: Play) -> float:
    """Return the margin of honesty over the deviation of a play."""
    by_round = dict(_losses(mechanism, game, play.group, play.agent))
    return by_round[play.round][play.deviation]


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether honest giving earns more than any alternative, whatever the others do."""
    among = min(margins(mechanism, game, ["honest"]), key=lambda margin: margin.value)
    others = [name for name in sampled_names(game) if name != "honest"]
    worst = min([among, *margins(mechanism, game, others)], key=lambda margin: margin.value)
    least, best, money = worst.value, among.value, game.vocabulary.money
    values = {
        "margin": least,
        "margin_in_units": least / game.unit,
        "margin_among_honest": best,
        "margin_among_honest_in_units": best / game.unit,
    }
    per = f"per {game.vocabulary.unit}" if game.repeated else "a round"
    if least > 0:
        words = (
            f"Honest giving is dominant among all sampled others: it earns at least {money(least)} "
            f"{per} more than the next best, {worst.play.deviation}."
        )
        return Verdict(NAME, True, words, values, worst.play)
    if best > 0:
        words = (
            f"Honest giving is a best response among honest agents, by {money(best)} {per}, but "
            f"not dominant: among others it earns {_compared(least, money(-least), worst.play)}."
        )
        return Verdict(NAME, False, words, values, worst.play)
    words = (
        "Honest giving is not even a best response among honest agents: it earns "
        f"{_compared(best, money(-best), among.play)}, {per}."
    )
    return Verdict(NAME, False, words, values, among.play)


def _compared(margin: float, amount: str, play: Play) -> str:
    return f"{f'{amount} less' if margin else 'no more'} than {play.deviation} does"


_PROMISE = "honest giving pays more than anything else (it is dominant)"
CHECKS.add(NAME, Check(NAME, _PROMISE, _verdict, again=_again))
