"""Do the intervals of ``mechlab calibrate`` contain the truth? Known agents, five episodes a run.

    python benchmarks/recovery.py [--repeats 200] [--population gpt-5-mini] [--whole] [--workers 2]

Each repeat plays a pilot of its own with a known emulated agent, in all published conditions, fits
it, and looks which 90% intervals contain the parameters that the agent truly has. Printed for each
parameter: how often it did, with the 95% interval of that share (Wilson), and how wide it was.

By default all repeats share surrogates that were fitted around the truth, so that 200 take a minute
or two: the statistics are those of ``fit_episodes``, the search for the place is left out. With
``--whole`` each repeat is a fit from scratch, some seconds each.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parents[1]))  # started as a script, from anywhere

from mechlab.agents.base import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.calibrate import fit_episodes, pilot
from mechlab.calibrate._conditions import agent_at
from mechlab.calibrate._pilot_fit import DRAWS, Fitting
from mechlab.calibrate.published import RUNS
from mechlab.games.sharing import Sharing

LEVEL, EPISODES = 0.9, 5
ROUGH, FINE = (96, 60), (160, 100)  # agents and episodes of the shared surrogates


def recover(truth: Emulated, number: int) -> pd.DataFrame:
    """Fit pilot ``number`` of a known agent from scratch; return a row a parameter it tells."""
    fit = fit_episodes(_pilot(truth, number), seed=number)
    intervals = {name: fit.interval(name, LEVEL) for name in vars(fit.agent.fitted)}
    intervals = {n: x for n, x in intervals.items() if x[0] < x[1] and n not in fit.agent.borrowed}
    return _rows(truth, number, intervals)


def recover_nearby(truth: Emulated, repeats: int) -> pd.DataFrame:
    """Fit many pilots of a known agent with surrogates around the truth, shared by all."""
    game = Sharing()
    near = Fitting.of(_pilot(truth, 0), game)
    place = np.array([s.inward(getattr(truth.fitted, s.name)) for s in near.scales])
    _, shared = near.around(place, 0.8, ROUGH, 1)
    wide = np.clip(2.5 * np.sqrt(np.diag(shared.covariance(place))), 0.25, 1.5)
    _, shared = near.around(place, wide, FINE, 2)
    tables = []
    for number in range(repeats):
        runs = Fitting.of(_pilot(truth, number), game).runs
        posterior = replace(shared, runs=runs).dispersed()
        mode = posterior.mode(place)
        drawn = posterior.draws(mode, DRAWS, np.random.default_rng(number))
        agents = [agent_at(near.scales, draw).fitted for draw in drawn]
        intervals = {s.name: _interval([getattr(a, s.name) for a in agents]) for s in near.scales}
        tables.append(_rows(truth, number, intervals))
    return pd.concat(tables)


def _pilot(truth: Emulated, number: int) -> pd.DataFrame:
    return pilot(truth, tuple(RUNS), episodes=EPISODES, seed=1000 + number)


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _rows(truth: Emulated, number: int, intervals: dict[str, tuple[float, float]]) -> pd.DataFrame:
    rows = [(name, *intervals[name], getattr(truth.fitted, name)) for name in intervals]
    table = pd.DataFrame(rows, columns=["parameter", "low", "high", "truth"])
    return table.assign(covers=table["truth"].between(table["low"], table["high"]), pilot=number)


def coverage(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of intervals that cover, by parameter and over all."""
    rows = []
    for name, group in [*table.groupby("parameter", sort=False), ("all", table)]:
        test = binomtest(int(group["covers"].sum()), len(group))
        low, high = test.proportion_ci(0.95, "wilson")
        width = (group["high"] - group["low"]).mean() if name != "all" else float("nan")
        rows.append((name, group["truth"].iloc[0], width, len(group), test.statistic, low, high))
    return pd.DataFrame(rows, columns=["parameter", "truth", "width", "n", "share", "low", "high"])


def main() -> None:
    """Print the coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--population", default="gpt-5-mini")
    parser.add_argument("--whole", action="store_true", help="fit each from scratch")
    parser.add_argument("--workers", type=int, default=2, help="for --whole")
    options = parser.parse_args()
    truth = AGENTS.get(options.population)
    assert isinstance(truth, Emulated)
    if options.whole:
        with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
            table = pd.concat(pool.map(recover, repeat(truth), range(options.repeats)))
    else:
        table = recover_nearby(truth, options.repeats)
    print(coverage(table).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
