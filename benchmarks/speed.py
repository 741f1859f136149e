"""Speed of the sharing game: episodes per second on one core, beside plain scalar Python.

    python benchmarks/speed.py [--repeats 15]

Both play the same rules with the same propensities, fill the same flows and pay a sharing bonus
every round. Means are printed too, as a check that the games are the same. They take turns, in
pieces of about a tenth of a second of processor time, and the best piece of each counts, so that
other load on the machine affects both alike. Neither plays reference points.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # started as a script, from anywhere

import mechlab
from benchmarks.scalar_sharing import play
from mechlab.agents.base import AGENTS
from mechlab.games.base import make_game
from mechlab.mechanism.incentives import Incentives

RATE = 1000.0
BATCH, FEW = 2000, 20  # episodes of a piece: ours, and of the scalar version
MODELS = ("o3", "gpt-5-mini", "claude-sonnet-4", "gemini-2.5-pro")


def compare(model: str, repeats: int) -> tuple[float, float, float, float]:
    """Return episodes per second and mean tasks, ours and scalar."""
    row = AGENTS.get(model).propensities(
        make_game("sharing"), Incentives({"answer": RATE}, unit=make_game("sharing").unit)
    )
    mechanism = f"sharing_bonus(rate={RATE})"

    def ours(repeat: int) -> list[float]:
        played = mechlab.simulate(
            population=model, mechanism=mechanism, episodes=BATCH, first=BATCH * repeat
        )
        return list(played["tasks"])

    def scalar(repeat: int) -> list[float]:
        return [play(row, RATE, FEW * repeat + seed)[0] for seed in range(FEW)]

    ours(0)  # compiles unless cached, and computes the response to the mechanism
    fast, slow, tasks, check = 0.0, 0.0, [], []
    for repeat in range(repeats):
        fast = max(fast, _speed(ours, repeat, tasks))
        slow = max(slow, _speed(scalar, repeat, check))
    return fast, slow, float(np.mean(tasks)), float(np.mean(check))


def _speed(piece: Callable[[int], list[float]], repeat: int, tasks: list[float]) -> float:
    begun = time.process_time()
    done = piece(repeat)
    taken = time.process_time() - begun
    tasks += done
    return len(done) / taken


def memory() -> float:
    """Return the largest memory of 64 episodes of 100 agents and 1,000 pieces, in MB."""
    code = (
        "import mechlab, resource\n"
        "mechlab.simulate(population='o3', mechanism='sharing_bonus(rate=1000)', episodes=64,\n"
        "                 settings={'agents': 100, 'pieces': 1000})\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(f"{'':16}{'ours/s':>10}{'scalar/s':>10}{'ratio':>8}{'tasks':>8}{'scalar':>8}")
    for model in MODELS:
        fast, slow, tasks, check = compare(model, repeats)
        print(f"{model:16}{fast:10,.0f}{slow:10,.1f}{fast / slow:8,.0f}{tasks:8.1f}{check:8.1f}")
    print(f"100 agents, 1,000 pieces, 64 episodes at once: {memory():,.0f} MB at most")


if __name__ == "__main__":
    main()
