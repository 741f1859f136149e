"""Farming: what can be earned by giving that nobody uses: by one agent, a pair, and everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mechlab.agents.deviations import period
from mechlab.agents.response import behaviours
from mechlab.agents.strategies import strategies
from mechlab.checks._plays import Play, can_broker, can_collude, members
from mechlab.checks._rounds import (
    EPISODES,
    Measure,
    Round,
    SampledPlays,
    Worst,
    without_rounding,
)
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Array, Flows
from mechlab.games.base import Game
from mechlab.measures import ratio
from mechlab.mechanism import Mechanism
from mechlab.simulation import Episodes, simulate
from mechlab.statistics import counted

_WHO = {1: "one agent", 2: "a colluding pair"}
_WASTE = ("given", "answered", "asked")  # a unit that is asked for, given, and never used


@dataclass(frozen=True)
class _Attack:
    """What some agents do among honest ones, and its outcome, in means over episodes.

    Attributes:
        group: who does what. taken: what the mechanism pays the attackers.
        spend: what it pays in all. revenue: what the group earns from the game.
    """

    group: str
    taken: float
    spend: float
    revenue: float


def _paid_alone(round: Round) -> Array:
    """What one more unit that nobody uses pays agent 0, who gives it unasked, (B, 1)."""
    return _paid_extra(round, 1, ("given",), 1)


def _paid_together(round: Round) -> Array:
    """What one more unit that nobody uses pays agents 0 and 1 together, (B, 1).

    Given by the one to the other, who asked for it, or to somebody else, who did not.
    """
    between = _paid_extra(round, 1, _WASTE, 2)
    if round.flows.agents == 2:
        return between
    return np.maximum(between, _paid_extra(round, 2, ("given",), 2))


def _paid_extra(round: Round, receiver: int, fields: Sequence[str], colluders: int) -> Array:
    """What the first agents are paid for one more unit from agent 0 to a receiver, (B, 1)."""
    flows = round.flows
    arrays = {name: array.copy() for name, array in flows.arrays()}
    for name in fields:
        pair = (receiver, 0) if name == "asked" else (0, receiver)
        arrays[name][:, *pair] += 1.0
    wasted = Flows(**arrays, past=flows.past, round=flows.round, unit=flows.unit)
    extra = round.mechanism.payments(wasted) - round.paid
    return np.asarray(extra[:, :colluders].sum(axis=1, keepdims=True))


def _wasteful(game: Game) -> bool:
    """Whether something can be given in a game that nobody uses."""
    return any(np.any(act.given > np.asarray(act.used)) for act in game.acts.values())


def _farming(name: str, mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether the first agents are paid for what nobody uses, and what it can cost.

    The promise is judged on the rule itself: one unit more that is given, or between two also asked
    for, and never used, must pay its givers nothing, in every sampled state. The cost is that of
    the best of the strategies known for them against honest agents, beside honesty.
    """
    colluders, worst = CHECKS.get(name).agents, plays.worst(name)
    attacks = _attacks(mechanism, game, colluders)
    fair, best = attacks[0], max(attacks, key=lambda attack: attack.taken)
    price = max(0.0, worst.value) if worst else 0.0
    values = {
        "price_of_waste": price,
        "taken": best.taken,
        "taken_honestly": fair.taken,
        "spend": best.spend,
        "spend_honestly": fair.spend,
        "worst_spend": max(attack.spend for attack in attacks),
        "revenue": best.revenue,
        "revenue_honestly": fair.revenue,
    }
    words = f"{_waste(game, price, colluders, worst)} {_cost(game, attacks, colluders)}"
    counterexample = worst.play if worst and price > 0 else None
    attack = Play.of(game, mechanism, best.group, check=name, episodes=EPISODES)
    taken = attack if best.taken > fair.taken else None
    return Verdict(name, price == 0, words, values, counterexample, taken)


def _waste(game: Game, price: float, colluders: int, worst: Worst | None) -> str:
    unit, money, who = game.vocabulary.unit, game.vocabulary.money, _WHO[colluders]
    if price > 0:
        return f"It can be farmed by {who}: it pays {money(price)} for a {unit} that nobody uses."
    if worst:
        return f"It cannot be farmed by {who}: a {unit} that nobody uses is not paid for."
    given = f"{game.vocabulary.units} {game.vocabulary.given}"
    return f"All {given} are used, so none pays for its own sake."


def _cost(game: Game, attacks: list[_Attack], colluders: int) -> str:
    money, who = game.vocabulary.money, _WHO[colluders]
    fair, best = attacks[0], max(attacks, key=lambda attack: attack.taken)
    most = max(attack.spend for attack in attacks)
    spend = f"an episode costs at most {money(most)}, against {money(fair.spend)} among the honest"
    if best.taken <= fair.taken:
        same = f"No strategy tried pays {who} more than honesty ({money(fair.taken)} an episode)"
        return f"{same}; {spend}." if most > fair.spend else f"{same}, or costs more in all."
    made = best.revenue - fair.revenue
    change = f"{money(abs(made))} {'more' if made > 0 else 'less'}" if made else "as much"
    return (
        f"Best among honest agents ({best.group}): {who} is paid {money(best.taken)} an episode "
        f"against {money(fair.taken)} for honesty, and the group earns {change}; {spend}."
    )


def _attacks(mechanism: Mechanism, game: Game, colluders: int) -> list[_Attack]:
    """Honesty; then the strategies that one or two agents can follow among honest ones.

    A pair tries the same strategy, then the best one with each other, then to ask each other for
    everything.
    """
    n, rest = game.agents, game.agents - colluders

    def attack(*names: str) -> _Attack:
        group = " + ".join([*names, f"honest*{rest}"] if rest else names)
        return _outcome_of(mechanism, game, group, colluders)

    fair = _outcome_of(mechanism, game, f"honest*{n}", colluders)
    known = list(strategies(game))
    if colluders == 1:
        return [fair, *(attack(name) for name in [*known, *["broker"] * can_broker(game)])]
    same = {name: attack(f"{name}*2") for name in known}
    best = max(same, key=lambda name: same[name].taken)
    others = [*known, *["broker"] * can_broker(game)]
    mixed = [attack(best, name) for name in others if name != best]
    asked = [attack("colluder*2")] if can_collude(game) else []
    return [fair, *same.values(), *mixed, *asked]


def _outcome_of(mechanism: Mechanism, game: Game, group: str, watched: int) -> _Attack:
    episodes = simulate(game, members(game, group), mechanism, episodes=EPISODES)
    return _Attack(
        group,
        taken=without_rounding(episodes.payments[:, :watched].sum(axis=1).mean(), game),
        spend=without_rounding(episodes["spend"].mean(), game),
        revenue=without_rounding(episodes["group_revenue"].mean(), game),
    )


def _selfish_group(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """What everybody's best response costs and what it produces, beside honest play."""
    farmed = simulate(game, "selfish", mechanism, episodes=EPISODES)
    fair = simulate(game, members(game, "honest"), mechanism, episodes=EPISODES)
    values = {**_outcome(farmed), **{f"{k}_honestly": v for k, v in _outcome(fair).items()}}
    behaviour = behaviours(game, farmed.population, mechanism, farmed.condition)
    rounds = period(behaviour)
    values["period"] = float(rounds)
    circles = f" Play goes round in circles of {rounds} rounds." if rounds else ""
    words = (
        f"Where all are selfish, {_story(game, values, '')}.{circles} "
        f"Where all are honest, {_story(game, values, '_honestly')}."
    )
    play = Play.of(game, mechanism, "selfish", episodes=EPISODES)
    return Verdict("selfish_group", None, words, values, play)


def _story(game: Game, values: dict[str, float], of: str) -> str:
    nouns = game.vocabulary
    amounts = (without_rounding(values[name + of], game) for name in ("spend", "revenue"))
    spend, revenue = map(nouns.money, amounts)
    number = round(values["given" + of])
    units = counted(number, nouns.unit, nouns.units)
    given = f"{units} {'is' if number == 1 else 'are'} {nouns.given} an episode"
    efficiency = f"{values['efficiency' + of]:.2f} of perfect play"
    return f"{given}, at a cost of {spend}, and the group earns {revenue} ({efficiency})"


def _outcome(episodes: Episodes) -> dict[str, float]:
    """Means over episodes: money earned and spent, units given, and spend per unit of each."""
    revenue, spend = episodes["group_revenue"], episodes["spend"]
    given = np.asarray(episodes.given.sum(axis=(1, 2)))
    return {
        "revenue": float(revenue.mean()),
        "efficiency": float(episodes["efficiency"].mean()),
        "spend": float(spend.mean()),
        "subsidy": float(episodes["subsidy"].mean()),
        "given": float(given.mean()),
        "spend_per_revenue": float(ratio(spend, revenue).mean()),
        "spend_per_unit_given": float(ratio(spend, given).mean()),
    }


for _name, _promise, _of, _agents in (
    ("farming_1", "one agent is not paid for what nobody uses", _paid_alone, 1),
    ("farming_2", "nor is a colluding pair", _paid_together, 2),
):
    _measure = Measure(_of, applies=_wasteful)
    CHECKS.add(_name, Check(_name, _promise, partial(_farming, _name), _measure, _agents))
CHECKS.add(
    "selfish_group",
    Check("selfish_group", "what it costs and produces where all are selfish", _selfish_group),
)
