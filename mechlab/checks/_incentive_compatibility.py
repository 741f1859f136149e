"""Incentive compatibility: whether it pays to give honestly, whatever the others do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
    """What an honest agent earns more than by something that it could do alone instead.

    Attributes:
        value: a unit of giving, or a round; see ``margins``. a_round: what the other strategy
            gains a round. play: shows the value again.
    """

    value: float
    a_round: float
    play: Play


def margins(mechanism: Mechanism, game: Game, names: list[str]) -> Iterator[Margin]:
    """Yield the margins of honesty among others that all behave as a name says, for each name.

    Incomes are realised, payments included. In a repeated game they are those of a round, for each
    unit of the act that is not done (a token, a move); elsewhere those of an episode, a round of
    it. Where agents can ask, honest are all strategies that give and do not lie.
    """
    for name in names:
        for agent in range(1 if game.alike and mechanism.anonymous else game.agents):
            group = _group(game, name, agent)
            for round, losses in _losses(mechanism, game, group, agent):
                for other, loss in losses.items():
                    where = {"check": NAME, "agent": agent, "round": round, "deviation": other}
                    play = Play.of(game, mechanism, group, **where)
                    value, gain = loss / _units(game, other), -loss
                    yield Margin(without_rounding(value, game), without_rounding(gain, game), play)


def best_deviation(mechanism: Mechanism, game: Game) -> Margin:
    """Return what gains an agent most a round where all others are honest."""
    return max(margins(mechanism, game, ["honest"]), key=lambda margin: margin.a_round)


def _group(game: Game, name: str, agent: int) -> str:
    """Return a group in which one agent is honest and all others are of a name."""
    parts = (name, agent), ("honest", 1), (name, game.agents - agent - 1)
    return " + ".join(n if count == 1 else f"{n}*{count}" for n, count in parts if count)


def _options(game: Game, agent: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the rows that give what honesty gives, and all other pure strategies, by name.

    Where agents can ask, honesty gives all that is asked for and no lies.
    """
    honest = game.behaviour([row(game, "honest", agent)])[0]
    asked = any(np.any(act.answered) for act in game.acts.values())
    same, others = {"honest": honest}, dict[str, Array]()
    for name, option in strategy_rows(game).items():
        acts = [game.acts[act] for act in name.split("&") if act in game.acts]
        gives = any(np.any(a.given) for a in acts) and not any(np.any(a.falsified) for a in acts)
        alike = gives if asked else bool((option == honest).all())
        (same if alike else others)[name] = option
    return same, others


def _units(game: Game, name: str) -> float:
    """Return the units of the act that a strategy leaves undone in a round of a repeated game."""
    acts, share = part_of(name)
    done = share if acts != name else 0.0
    return max(1.0, game.steps * (1.0 - done)) if game.repeated else 1.0


def _losses(
    mechanism: Mechanism, game: Game, group: str, agent: int, rounds: Collection[int] = ()
) -> Iterator[tuple[int | None, dict[str, float]]]:
    """Yield what an agent of a group earns less a round by each strategy than by honesty.

    In some rounds of a repeated game, with their numbers; else over the whole episode.
    """
    condition, (honest, others) = game.conditions[0], _options(game, agent)
    behaviour = behaviours(game, Population(members(game, group)), mechanism, condition)
    setting = Setting(game, mechanism, condition, episode_seeds(0, 0, EPISODES))
    rows = np.stack([*honest.values(), *others.values()])

    def losses(incomes: Array) -> dict[str, float]:
        less = incomes[: len(honest)].max() - incomes[len(honest) :]
        return dict(zip(others, less.tolist(), strict=True))

    if not game.repeated:
        every = [setting.income(behaviour, agent, option, slice(None)).mean() for option in rows]
        yield None, losses(np.array(every) / game.rounds)
        return
    # The first two, one in the middle and the last: the others differ in luck at most.
    looked_at = rounds or {0, 1, game.rounds // 2, game.rounds - 1}
    for moment, _ in setting.rounds(behaviour):
        if moment.round in looked_at:
            yield moment.round, losses(moment.incomes(behaviour[moment.round], agent, rows))


def _again(mechanism: Mechanism, game: Game, play: Play) -> float:
    """Return the margin of honesty over the deviation of a play."""
    rounds = () if play.round is None else (play.round,)
    ((_, losses),) = _losses(mechanism, game, play.group, play.agent, rounds)
    return losses[play.deviation] / _units(game, play.deviation)


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
