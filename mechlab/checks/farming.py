"""What can be earned by giving for its own sake: by one agent, by a pair, and by everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mechlab.checks.states import EPISODES, honest, sampled, strategies, watch
from mechlab.checks.verdict import Fixed, Play, Row, Verdict
from mechlab.flows import Flows
from mechlab.game import Game
from mechlab.measures import ratio
from mechlab.mechanism import Mechanism
from mechlab.simulate import Episodes, simulate

_WASTE = ("given", "answered", "asked")  # a unit that colluders ask for, give, and never use


@dataclass(frozen=True)
class Attack:
    """The best that some colluding agents can do, in means over episodes.

    Attributes:
        taken: what the mechanism pays them. spend: what it pays in all.
        revenue: what the group earns from the game.
    """

    group: tuple[Row, ...]
    taken: float
    spend: float
    revenue: float


def farming(mechanism: Mechanism, game: Game, colluders: int) -> Verdict:
    """Whether ``colluders`` agents are paid for what nobody uses, and what it can cost.

    The promise is judged on the rule itself: one unit more that is given, or between two also asked
    for, and never used, must pay its givers nothing, in every sampled state. The cost is the best
    of their pure strategies against honest agents, beside what they are paid for honesty.
    """
    wasteful = any(np.any(act.given > np.asarray(act.used)) for act in game.acts.values())
    price, play = _price_of_waste(mechanism, game, colluders) if wasteful else (0.0, None)
    fair = _attack(mechanism, game, (), 0, colluders)
    best = _best(mechanism, game, colluders)
    values = {
        "price_of_waste": price,
        "taken": best.taken,
        "taken_honestly": fair.taken,
        "spend": best.spend,
        "spend_honestly": fair.spend,
        "revenue": best.revenue,
        "revenue_honestly": fair.revenue,
        "worst_spend": max(best.spend, fair.spend),
    }
    who = "one agent" if colluders == 1 else "a colluding pair"
    shown = play if price > 0 else _named(mechanism, game, best)
    waste = _waste(game, price, who) if wasteful else _no_waste(game)
    words = f"{waste} {_cost(game, best, fair, who)}"
    return Verdict(f"farming_{colluders}", price <= 0, words, values, shown)


def _waste(game: Game, price: float, who: str) -> str:
    unit, money = game.words.unit, game.words.money
    if price > 0:
        return f"It can be farmed by {who}: it pays {money(price)} per {unit} that nobody uses."
    return f"It cannot be farmed by {who}: no {unit} that nobody uses is paid for."


def _no_waste(game: Game) -> str:
    return f"All {game.words.units} {game.words.given} are used, so none pays for its own sake."


def _cost(game: Game, best: Attack, fair: Attack, who: str) -> str:
    money = game.words.money
    more, made = best.taken - fair.taken, best.revenue - fair.revenue
    if more <= 1e-9 * game.unit:
        return f"No strategy pays {who} more than honesty ({money(fair.taken)} an episode)."
    change = "more" if made >= 0 else "less"
    return (
        f"The best strategy among honest agents pays {who} {money(best.taken)} an episode against "
        f"{money(fair.taken)} for honesty; the group earns {money(abs(made))} {change}."
    )


def _price_of_waste(mechanism: Mechanism, game: Game, colluders: int) -> tuple[float, Play | None]:
    """The most that one more unit which nobody uses pays agent 0, or 0 and 1 together."""
    fields = _WASTE[:1] if colluders == 1 else _WASTE
    most, play = 0.0, None
    for group in sampled(game):
        for seen in watch(game, mechanism, group):
            paid = mechanism.payments(seen.flows)
            more = mechanism.payments(_wasted(seen.flows, fields)) - paid
            extra = more[:, :colluders].sum(axis=1)
            b = int(extra.argmax())
            if extra[b] > max(most, 1e-9 * game.unit):
                most, play = float(extra[b]), seen.play(mechanism, game, b, 0)
    return most, play


def _wasted(flows: Flows, fields: Sequence[str]) -> Flows:
    """The same round with one more unit from agent 0 to agent 1."""
    arrays = {name: array.copy() for name, array in flows.arrays()}
    for name in fields:
        giver, receiver = (1, 0) if name == "asked" else (0, 1)
        arrays[name][:, giver, receiver] += 1.0
    return Flows(**arrays, past=flows.past, round=flows.round, unit=flows.unit)


def _best(mechanism: Mechanism, game: Game, colluders: int) -> Attack:
    """The strategies that pay the colluders most; a pair tries the same ones, then each its own."""
    rows = strategies(game)
    same = [_attack(mechanism, game, (row,) * colluders) for row in rows]
    best = max(same, key=lambda attack: attack.taken)
    if colluders == 1:
        return best
    mixed = [_attack(mechanism, game, (best.group[0], row)) for row in rows]
    return max([best, *mixed], key=lambda attack: attack.taken)


def _attack(
    mechanism: Mechanism, game: Game, rows: tuple[Row, ...], first: int = 0, watched: int = 0
) -> Attack:
    """Let some agents play strategies among honest ones; see what the first of them are paid."""
    group = (*rows, *(honest(game),) * (game.agents - len(rows)))
    episodes = simulate(
        game, tuple(map(Fixed.of, group)), mechanism, episodes=EPISODES, first=first
    )
    watched = watched or len(rows)
    return Attack(
        group,
        taken=float(episodes.payments[:, :watched].sum(axis=1).mean()),
        spend=float(episodes["spend"].mean()),
        revenue=float(episodes["group_revenue"].mean()),
    )


def _named(mechanism: Mechanism, game: Game, attack: Attack) -> Play:
    return Play(game.name, game.params, str(mechanism), attack.group, agent=0)


def flood(mechanism: Mechanism, game: Game) -> Verdict:
    """What everybody's best response costs and what it produces, beside honest play."""
    farmed = simulate(game, "selfish", mechanism, episodes=EPISODES)
    fair = simulate(game, Fixed.of(honest(game)), mechanism, episodes=EPISODES)
    values = {**_outcome(farmed), **{f"{k}_honestly": v for k, v in _outcome(fair).items()}}
    money = game.words.money
    words = (
        f"Where all are selfish, the group earns {money(values['revenue'])} an episode "
        f"({values['efficiency']:.2f} of the ceiling) for a spend of {money(values['spend'])}, "
        f"{values['given']:.0f} {game.words.units} {game.words.given}; honest agents earn "
        f"{money(values['revenue_honestly'])} ({values['efficiency_honestly']:.2f}) for "
        f"{money(values['spend_honestly'])}, {values['given_honestly']:.0f} {game.words.given}."
    )
    play = Play(game.name, game.params, str(mechanism), "selfish")
    return Verdict("selfish_group", None, words, values, play)


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
