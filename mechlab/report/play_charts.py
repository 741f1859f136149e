"""The charts of the episodes themselves: the answer played again beside no mechanism."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mechlab import figures
from mechlab.figures.play import agent_names
from mechlab.flows import Array
from mechlab.report.chart import Chart
from mechlab.report.replay import Replay
from mechlab.report.words import money, number
from mechlab.simulate import Episodes

NONE = "no mechanism"


def revenue_chart(replay: Replay, name: str) -> Chart:
    """Revenue over rounds against the reference points."""
    played = {name: replay.answer, NONE: replay.baseline}
    everything = {**played, **replay.references}
    data = pd.DataFrame({key: np.cumsum(e.revenue, axis=1).mean(axis=0) for key, e in everything.items()})
    data.insert(0, "round", np.arange(1, len(data) + 1))
    ends = "; ".join(f"{key} {money(data[key].iloc[-1])}" for key in everything)
    alt = f"Mean group revenue after the last of {len(data)} rounds: {ends}."
    note = "Lines are means; bands hold the middle 80% of the episodes."
    figure = figures.revenue(played, replay.references)
    return Chart("revenue", "Group revenue over rounds", figure, alt, data, note)


def giving_charts(replay: Replay, name: str) -> list[Chart]:
    """Who gave to whom, with the answer and without, on one scale."""
    pair = {name: replay.answer, NONE: replay.baseline}
    most = max(float(e.given.mean(axis=0).max()) for e in pair.values())
    return [_giving_chart(f"giving-{i}", key, e, most) for i, (key, e) in enumerate(pair.items())]


def _giving_chart(chart: str, name: str, episodes: Episodes, most: float) -> Chart:
    agents = agent_names(episodes)
    mean = episodes.given.mean(axis=0)
    data = pd.DataFrame(mean, columns=agents)
    data.insert(0, "giver", agents)
    gave = mean.sum(axis=1)
    words = episodes.game.words
    alt = (
        f"With {name}, an agent {words.given} {number(gave.mean())} useful {words.units} an episode on average; "
        f"the least giving {number(gave.min())}, the most giving {number(gave.max())}."
    )
    return Chart(chart, name, figures.giving(episodes, most), alt, data)


def lorenz_chart(replay: Replay, name: str) -> Chart:
    """How evenly income falls on the agents."""
    incomes: dict[str, Array] = {
        f"{name}, earned": replay.answer.produced,
        f"{name}, with payments": replay.answer.produced + replay.answer.payments,
        NONE: replay.baseline.produced,
    }
    ginis = {key: figures.mean_gini(income) for key, income in incomes.items()}
    alt = "Mean Gini coefficient of income: " + "; ".join(f"{k} {number(v)}" for k, v in ginis.items()) + "."
    curves = {key: figures.lorenz_shares(income).mean(axis=0) for key, income in incomes.items()}
    data = pd.DataFrame({"agents": np.linspace(0, 1, replay.answer.game.agents + 1), **curves})
    note = "The further a curve sags below the diagonal, the less equal the incomes. Gini 0: all have the same."
    return Chart("lorenz", "Equality of income", figures.lorenz(incomes), alt, data, note)


def payments_chart(replay: Replay) -> Chart:
    """What the mechanism paid each agent, and who paid in."""
    episodes = replay.answer
    paid = episodes.payments.mean(axis=0)
    data = pd.DataFrame({"agent": agent_names(episodes), "net_payment": paid})
    spend, subsidy = episodes["spend"].mean(), episodes["subsidy"].mean()
    alt = (
        f"Agents receive {money(spend)} an episode together and pay {money(spend - subsidy)} in fines and "
        f"contributions; {money(subsidy)} comes from outside. Net payment of an agent: "
        f"{money(paid.min())} to {money(paid.max())}."
    )
    return Chart("payments", "Who is paid, and who pays", figures.payments(episodes), alt, data)
