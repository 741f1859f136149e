"""Do the intervals of ``mechlab calibrate`` contain the truth? Known agents, five episodes a run.

    python benchmarks/recovery.py [--repeats 200] [--population gpt-5-mini] [--workers 2]

Each repeat plays a pilot of its own with a known emulated agent, fits it from scratch, and looks
which 90% intervals contain the parameters that the agent truly has. Printed for each parameter: how
often it did, with the 95% interval of that share (Wilson), and how wide the interval was.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parents[1]))  # started as a script, from anywhere

from mechlab.agent import AGENTS
from mechlab.agents.emulated import Emulated
from mechlab.calibrate import fit_episodes, pilot
from mechlab.published import RUNS

LEVEL, EPISODES = 0.9, 5


def recover(truth: Emulated, number: int) -> pd.DataFrame:
    """Fit pilot ``number`` of a known agent; return a row a parameter that the pilot tells."""
    table = pilot(truth, tuple(RUNS), episodes=EPISODES, seed=1000 + number)
    fit = fit_episodes(table, seed=number)
    free = [name for name, (low, high) in _intervals(fit).items() if low < high]
    told = [name for name in free if name not in fit.agent.borrowed]
    rows = [(name, *fit.interval(name, LEVEL), getattr(truth.fitted, name)) for name in told]
    table = pd.DataFrame(rows, columns=["parameter", "low", "high", "truth"])
    return table.assign(covers=table["truth"].between(table["low"], table["high"]), pilot=number)


def _intervals(fit):  # type: ignore[no-untyped-def]
    return {name: fit.interval(name, LEVEL) for name in vars(fit.agent.fitted)}


def coverage(found: pd.DataFrame) -> pd.DataFrame:
    """Return the share of intervals that cover, by parameter and over all."""
    rows = []
    for name, group in [*found.groupby("parameter", sort=False), ("all", found)]:
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
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    truth = AGENTS.get(asked.population)
    assert isinstance(truth, Emulated)
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        found = pd.concat(pool.map(recover, repeat(truth), range(asked.repeats)))
    print(coverage(found).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
