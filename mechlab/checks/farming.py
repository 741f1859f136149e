"""What can be earned by giving for its own sake: by one agent, by a pair, and by everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mechlab.checks.collusion import can_collude
from mechlab.checks.measures import Worst, clean
from mechlab.checks.play import members, play
from mechlab.checks.states import EPISODES, strategies
from mechlab.checks.verdict import Verdict
from mechlab.games.base import Game
from mechlab.measures import ratio
from mechlab.mechanism import Mechanism
from mechlab.simulation import Episodes, simulate

WHO = {1: "one agent", 2: "a colluding pair"}


@dataclass(frozen=True)
class Attack:
    """What some agents do among honest ones, and what comes of it, in means over episodes.

    Attributes:
        group: who does what. taken: what the mechanism pays the attackers.
        spend: what it pays in all. revenue: what the group earns from the game.
    """

    group: str
    taken: float
    spend: float
    revenue: float


def wasteful(game: Game) -> bool:
    """Whether something can be given in a game that nobody uses."""
    return any(np.any(act.given > np.asarray(act.used)) for act in game.acts.values())


def farming(mechanism: Mechanism, game: Game, colluders: int, seen: Worst | None) -> Verdict:
    """Whether one agent, or two, are paid for what nobody uses, and what it can cost.

    The promise is judged on the rule itself: one unit more that is given, or between two also asked
    for, and never used, must pay its givers nothing, in every sampled state. What it can cost is
    the best of the strategies known for them against honest agents, beside honesty.
    """
    attacks = _attacks(mechanism, game, colluders)
    fair, best = attacks[0], max(attacks, key=lambda attack: attack.taken)
    price = max(0.0, seen.value) if seen else 0.0
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
    words = f"{_waste(game, price, colluders, seen)} {_cost(game, attacks, colluders)}"
    name, shown = f"farming_{colluders}", seen.play if seen and price > 0 else None
    again = {"check": name, "episodes": EPISODES}
    attack = play(game, mechanism, best.group, **again) if best.taken > fair.taken else None
    return Verdict(name, price == 0, words, values, shown, attack)


def _waste(game: Game, price: float, colluders: int, seen: Worst | None) -> str:
    unit, money, who = game.vocabulary.unit, game.vocabulary.money, WHO[colluders]
    if price > 0:
        return f"It can be farmed by {who}: it pays {money(price)} for a {unit} that nobody uses."
    if seen:
        return f"It cannot be farmed by {who}: a {unit} that nobody uses is not paid for."
    given = f"{game.vocabulary.units} {game.vocabulary.given}"
    return f"All {given} are used, so none pays for its own sake."


def _cost(game: Game, attacks: list[Attack], colluders: int) -> str:
    money, who = game.vocabulary.money, WHO[colluders]
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


def _attacks(mechanism: Mechanism, game: Game, colluders: int) -> list[Attack]:
    """Honesty; then the strategies that one or two agents can follow among honest ones.

    A pair tries the same strategy, then the best one with each other, then to ask each other for
    everything.
    """
    n, rest = game.agents, game.agents - colluders

    def attack(*names: str) -> Attack:
        group = " + ".join([*names, f"honest*{rest}"] if rest else names)
        return _attack(mechanism, game, group, colluders)

    fair = _attack(mechanism, game, f"honest*{n}", colluders)
    known = strategies(game)
    if colluders == 1:
        return [fair, *(attack(name) for name in known)]
    same = {name: attack(f"{name}*2") for name in known}
    best = max(same, key=lambda name: same[name].taken)
    mixed = [attack(best, name) for name in known if name != best]
    asked = [attack("colluder*2")] if can_collude(game) else []
    return [fair, *same.values(), *mixed, *asked]


def _attack(mechanism: Mechanism, game: Game, group: str, watched: int) -> Attack:
    episodes = simulate(game, members(game, group), mechanism, episodes=EPISODES)
    return Attack(
        group,
        taken=clean(episodes.payments[:, :watched].sum(axis=1).mean(), game),
        spend=clean(episodes["spend"].mean(), game),
        revenue=clean(episodes["group_revenue"].mean(), game),
    )


def flood(mechanism: Mechanism, game: Game) -> Verdict:
    """What everybody's best response costs and what it produces, beside honest play."""
    farmed = simulate(game, "selfish", mechanism, episodes=EPISODES)
    fair = simulate(game, members(game, "honest"), mechanism, episodes=EPISODES)
    values = {**_outcome(farmed), **{f"{k}_honestly": v for k, v in _outcome(fair).items()}}
    words = (
        f"Where all are selfish, {_story(game, values, '')}. "
        f"Where all are honest, {_story(game, values, '_honestly')}."
    )
    shown = play(game, mechanism, "selfish", episodes=EPISODES)
    return Verdict("selfish_group", None, words, values, shown)


def _story(game: Game, values: dict[str, float], of: str) -> str:
    nouns = game.vocabulary
    spend, revenue = (nouns.money(clean(values[k + of], game)) for k in ("spend", "revenue"))
    given = f"{values['given' + of]:,.0f} {nouns.units} are {nouns.given} an episode"
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
