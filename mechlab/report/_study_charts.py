"""The charts of a search, and of its answer played again without a mechanism and with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mechlab import figures
from mechlab.analysis.findings import Replay
from mechlab.report._page import Chart, Table
from mechlab.report.verdict import target_words
from mechlab.report.words import money, number, percent, size_of
from mechlab.search.results import Answer, SearchResult
from mechlab.statistics import counted

_NONE = "no mechanism"
_NAMES = {
    "certified": "the answer",
    "estimated": "the answer",
    "not_reached": "the best",
    "out_of_budget": "the most likely",
}


def dose_charts(result: SearchResult) -> list[Chart]:
    """One dose response for each candidate that has something to vary."""
    charts = []
    for index, answer in enumerate(result.answers):
        curve = result.curves.get(answer.candidate)
        shares = frozenset({"mean", "lower", "upper"})
        data = "trials" if curve is None else Table(curve, shares=shares)
        charts += dose_chart(result, answer, f"dose-{index}", answer.candidate, data)
    return charts


def dose_chart(
    result: SearchResult, answer: Answer, name: str, title: str, data: Table | str
) -> list[Chart]:
    """The dose response of one candidate; no chart where nothing varies."""
    tried = figures.rows_of(result.trials, answer.candidate)
    if tried["size"].nunique() < 2:
        return []
    ends = tried["size"].min(), tried["size"].max(), *answer.interval
    first, last, low, high = (size_of(result, answer, value) for value in ends)
    alt = (
        f"{counted(len(tried), 'trial')} at sizes from {first} to {last} reached "
        f"{percent(tried['attainment'].min())} to {percent(tried['attainment'].max())}. "
        f"Target: {target_words(result.study)}. Lower end: {low}; upper end: {high}."
    )
    return [Chart(name, title, figures.dose_response(result, answer), alt, data)]


def certificate_charts(result: SearchResult) -> list[Chart]:
    """The doses that were played on held-out episodes; no chart where there were none."""
    shown = result.evidence[result.evidence["purpose"] != "effect"]
    if shown.empty:
        return []
    episodes = counted(int(shown["episodes"].sum()), "held-out episode")
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in shown["verdict"].value_counts().items())
    alt = f"{counted(len(shown), 'dose')} on {episodes}: {verdicts}. The table below lists them."
    title = "Doses on held-out episodes"
    return [Chart("certificate", title, figures.certificate(result), alt, "evidence")]


def pareto_charts(result: SearchResult) -> list[Chart]:
    """Efficiency against spend of all trials; no chart before a trial has ended."""
    best = figures.undominated_trials(result.trials)
    if best.empty:
        return []
    ends = best.iloc[[0, -1]]
    steps = " to ".join(
        f"{percent(e)} for {money(s)}"
        for e, s in zip(ends["attainment"], ends["spend"], strict=True)
    )
    alt = (
        f"{counted(len(result.trials), 'trial')}. "
        f"The Pareto front of the trials runs from {steps} per episode."
    )
    note = (
        "Further right costs more, higher up earns more. Stars are the answers on held-out "
        "episodes. The Pareto front joins the trials that no other beat in both; each rests on few "
        "episodes, so the front flatters."
    )
    figure = figures.pareto_front(result)
    return [Chart("pareto", "Group revenue against spend", figure, alt, "trials", note)]


def course_charts(result: SearchResult) -> list[Chart]:
    """The trials in order; no chart before one has ended."""
    trials, played = result.trials, result.episodes
    if trials["attainment"].isna().all():
        return []
    begun, ended = trials["started"].min(), trials["finished"].max()
    alt = (
        f"{counted(len(trials), 'trial')} from {begun:%Y-%m-%d %H:%M:%S} to "
        f"{ended:%Y-%m-%d %H:%M:%S}: {counted(played['explore'], 'episode')} to explore, "
        f"{counted(played['certify'], 'held-out episode')} to certify."
    )
    note = "Filled marks met the target in their few episodes, open ones did not."
    return [Chart("course", "Trials in order", figures.course(result), alt, "trials", note)]


def standing_chart(result: SearchResult, replay: Replay) -> Chart:
    """Where the group stands between no mechanism and the optimum."""
    rows = {_NAMES[result.best.status]: replay.answer, _NONE: replay.baseline, **replay.references}
    target = result.study.target
    relative = replay.references[target.relative_to]["efficiency"].mean()
    means = {row: float(episodes["efficiency"].mean()) for row, episodes in rows.items()}
    alt = f"Of perfect play: {'; '.join(f'{row} {percent(mean)}' for row, mean in means.items())}."
    data = Table(pd.DataFrame(means.items(), columns=["what", "efficiency"]))
    figure = figures.standing(rows, float(target.efficiency * relative))
    note = (
        f"Mean group revenue relative to perfect play, with 95% intervals: {len(replay.answer)} "
        "episodes played again, all on the same seeds. The verdict rests on held-out episodes."
    )
    return Chart("standing", "Where the group stands", figure, alt, data, note)


def revenue_chart(replay: Replay, name: str) -> Chart:
    """Revenue by round beside the reference points."""
    played = {name: replay.answer, _NONE: replay.baseline}
    everything = {**played, **replay.references}
    so_far = {key: np.cumsum(e.revenue, axis=1).mean(axis=0) for key, e in everything.items()}
    data = pd.DataFrame({"round": np.arange(1, replay.answer.game.rounds + 1), **so_far})
    ends = "; ".join(f"{key} {money(values[-1])}" for key, values in so_far.items())
    alt = f"Mean group revenue after the last of {counted(len(data), 'round')}: {ends}."
    note = "Lines are means; bands hold the middle 80% of the episodes."
    figure, table = (
        figures.revenue(played, replay.references),
        Table(data, dollars=frozenset(so_far)),
    )
    return Chart("revenue", "Group revenue by round", figure, alt, table, note)


def giving_charts(replay: Replay, name: str) -> list[Chart]:
    """Who gave to whom, with the answer and without, on one scale."""
    pair = {name: replay.answer, _NONE: replay.baseline}
    means = {key: episodes.given.mean(axis=0) for key, episodes in pair.items()}
    most = max(float(mean.max()) for mean in means.values())
    drawn = []
    for index, (key, episodes) in enumerate(pair.items()):
        figure, gave = figures.giving(episodes, most), means[key].sum(axis=1)
        alt = (
            f"An agent gave {number(gave.mean())} useful {episodes.game.vocabulary.units} per "
            f"episode on average, the least giving {number(gave.min())}, the most giving "
            f"{number(gave.max())}."
        )
        agents = figure.data[0].x
        data = pd.DataFrame({"giver": agents, **dict(zip(agents, means[key].T, strict=True))})
        drawn.append(Chart(f"giving-{index}", f"With {key}", figure, alt, Table(data)))
    return drawn


def lorenz_chart(replay: Replay, name: str) -> Chart:
    """How equal the incomes of the agents are."""
    incomes = {
        f"earned, {name}": replay.answer.produced,
        f"with payments, {name}": replay.answer.produced + replay.answer.payments,
        _NONE: replay.baseline.produced,
    }
    ginis = "; ".join(f"{key} {figures.mean_gini(income):.3f}" for key, income in incomes.items())
    alt = f"Mean Gini coefficient of income (0: all have the same): {ginis}."
    figure = figures.lorenz(incomes)
    _, *curves = figure.data  # without that of equal incomes
    data = {"agents": curves[0].x, **dict(zip(incomes, (c.y for c in curves), strict=True))}
    table = Table(pd.DataFrame(data), shares=frozenset(data))
    note = "The further a curve lies below the diagonal, the less equal the incomes."
    return Chart("lorenz", "Equality of income", figure, alt, table, note)


def income_chart(replay: Replay) -> Chart:
    """What each agent earns, and what the mechanism pays it or takes from it."""
    figure, episodes = figures.incomes(replay.answer), replay.answer
    earned, paid = episodes.produced.mean(axis=0), episodes.payments.mean(axis=0)
    frame = pd.DataFrame({"agent": figure.data[0].x, "earned": earned, "net_payment": paid})
    spend, subsidy = float(episodes["spend"].mean()), float(episodes["subsidy"].mean())
    alt = (
        f"All agents together are paid {money(spend)} per episode; they pay "
        f"{money(spend - subsidy)} of it themselves, in fines and contributions, and "
        f"{money(subsidy)} comes from outside. "
        f"The net payment of an agent is {money(paid.min())} to {money(paid.max())}."
    )
    data = Table(frame, dollars=frozenset({"earned", "net_payment"}))
    return Chart("income", "Who is paid, and who pays", figure, alt, data)


def transfer_charts(rows: pd.DataFrame) -> list[Chart]:
    """The map of games and populations; no chart where the study does not ask for it."""
    if rows.empty:
        return []
    outcomes = ", ".join(f"{name} {n}" for name, n in rows["outcome"].value_counts().items())
    alt = f"Of {len(rows)} settings: {outcomes}."
    note = "Amounts of money are scaled by each game's unit of account."
    title = "The answer in other games and among other agents"
    return [Chart("transfer", title, figures.transfer(rows), alt, Table(rows), note)]
