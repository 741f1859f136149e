"""The charts of the episodes themselves: the answer played again beside no mechanism."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mechlab import figures
from mechlab.analysis.findings import Replay
from mechlab.figures import agent_names
from mechlab.flows import Array
from mechlab.report.chart import Chart
from mechlab.report.tables import Table
from mechlab.report.words import money, number, percent
from mechlab.search.results import SearchResult
from mechlab.simulation import Episodes

NONE = "no mechanism"
_CALLED = {"certified": "the answer", "unreachable": "the best", "out_of_budget": "the likeliest"}


def standing_chart(result: SearchResult, replay: Replay) -> Chart:
    """Where the group stands between nothing and the optimum."""
    rows = {_CALLED[result.best.status]: replay.answer, NONE: replay.baseline, **replay.references}
    target = result.study.target
    relative = replay.references[target.relative_to]["efficiency"].mean()
    means = {row: float(episodes["efficiency"].mean()) for row, episodes in rows.items()}
    alt = "; ".join(f"{row} {percent(mean)}" for row, mean in means.items())
    data = Table(
        pd.DataFrame(means.items(), columns=["what", "efficiency"]),
        shares=frozenset({"efficiency"}),
    )
    figure = figures.standing(rows, float(target.efficiency * relative))
    note = (
        f"Mean group revenue relative to perfect play, with 95% intervals: {len(replay.answer)} "
        "episodes played again, all on the same seeds. The verdict rests on fresh ones."
    )
    return Chart(
        "standing", "Where the group stands", figure, f"Of perfect play: {alt}.", data, note
    )


def revenue_chart(replay: Replay, name: str) -> Chart:
    """Revenue over rounds against the reference points."""
    played = {name: replay.answer, NONE: replay.baseline}
    everything = {**played, **replay.references}
    so_far = {key: np.cumsum(e.revenue, axis=1).mean(axis=0) for key, e in everything.items()}
    data = pd.DataFrame({"round": np.arange(1, replay.answer.game.rounds + 1), **so_far})
    ends = "; ".join(f"{key} {money(values[-1])}" for key, values in so_far.items())
    alt = f"Mean group revenue after the last of {len(data)} rounds: {ends}."
    note = "Lines are means; bands hold the middle 80% of the episodes."
    table = Table(data, dollars=frozenset(so_far))
    return Chart(
        "revenue",
        "Group revenue over rounds",
        figures.revenue(played, replay.references),
        alt,
        table,
        note,
    )


def giving_charts(replay: Replay, name: str) -> list[Chart]:
    """Who gave to whom, with the answer and without, on one scale."""
    pair = {name: replay.answer, NONE: replay.baseline}
    most = max(float(e.given.mean(axis=0).max()) for e in pair.values())
    return [_giving_chart(f"giving-{i}", key, e, most) for i, (key, e) in enumerate(pair.items())]


def _giving_chart(chart: str, name: str, episodes: Episodes, most: float) -> Chart:
    agents = agent_names(episodes)
    mean = episodes.given.mean(axis=0)
    gave = mean.sum(axis=1)
    units = episodes.game.vocabulary.units
    alt = (
        f"An agent gave {number(gave.mean())} useful {units} an episode on average, the "
        f"least giving {number(gave.min())}, the most giving {number(gave.max())}."
    )
    data = Table(pd.DataFrame({"giver": agents, **dict(zip(agents, mean.T, strict=True))}))
    return Chart(chart, f"With {name}", figures.giving(episodes, most), alt, data)


def lorenz_chart(replay: Replay, name: str) -> Chart:
    """How evenly income falls on the agents."""
    incomes: dict[str, Array] = {
        f"earned, {name}": replay.answer.produced,
        f"with payments, {name}": replay.answer.produced + replay.answer.payments,
        NONE: replay.baseline.produced,
    }
    ginis = "; ".join(f"{key} {figures.mean_gini(income):.3f}" for key, income in incomes.items())
    curves = {key: figures.lorenz_shares(income).mean(axis=0) for key, income in incomes.items()}
    agents = np.linspace(0, 1, replay.answer.game.agents + 1)
    data = Table(pd.DataFrame({"agents": agents, **curves}), shares=frozenset({"agents", *curves}))
    note = "The further a curve sags below the diagonal, the less equal the incomes."
    alt = f"Mean Gini coefficient of income (0: all have the same): {ginis}."
    return Chart("lorenz", "Equality of income", figures.lorenz(incomes), alt, data, note)


def income_chart(replay: Replay) -> Chart:
    """What each agent earns, what the mechanism pays it, and who pays in."""
    episodes = replay.answer
    earned, paid = episodes.produced.mean(axis=0), episodes.payments.mean(axis=0)
    names = agent_names(episodes)
    frame = pd.DataFrame({"agent": names, "earned": earned, "net_payment": paid})
    spend, subsidy = float(episodes["spend"].mean()), float(episodes["subsidy"].mean())
    alt = (
        f"Agents are paid {money(spend)} an episode together; they pay {money(spend - subsidy)} "
        f"of it themselves, in fines and contributions, and {money(subsidy)} comes from outside. "
        f"The net payment of an agent is {money(paid.min())} to {money(paid.max())}."
    )
    data = Table(frame, dollars=frozenset({"earned", "net_payment"}))
    return Chart("income", "Who is paid, and who pays", figures.incomes(episodes), alt, data)
