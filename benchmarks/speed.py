"""Speed of the sharing game: episodes a second on one core, beside plain scalar Python.

    python benchmarks/speed.py [--episodes 20000] [--scalar 100]

Both play the same rules with the same propensities and a sharing bonus paid every round; means
are printed too, since a fast wrong game would be worth nothing. The scalar version keeps no
record of who gave what to whom, who withheld and whose pieces were used, nor values of pieces, so
it does less work than ours. Times are of the processor
(``time.process_time``), the best of three runs; reference points are left out on both sides.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import mechlab
from benchmarks.scalar_sharing import play
from mechlab.agent import AGENTS
from mechlab.game import make_game
from mechlab.incentives import Incentives

RATE = 1000.0
MODELS = ("o3", "gpt-5-mini", "claude-sonnet-4")  # those that give nothing unasked


def ours(model: str, episodes: int) -> tuple[float, float]:
    """Return episodes a second and mean tasks of the compiled game."""
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        played = mechlab.simulate(
            population=model, mechanism=f"sharing_bonus(rate={RATE})", episodes=episodes
        )
        best = max(best, episodes / (time.process_time() - begun))
    return best, float(played["tasks"].mean())


def scalar(model: str, episodes: int) -> tuple[float, float]:
    """Return episodes a second and mean tasks of the scalar game."""
    agent, game = AGENTS.get(model), make_game("sharing")
    row = agent.propensities(game, Incentives({"answer": RATE}, game.unit))
    begun = time.process_time()
    tasks = [play(row, RATE, seed)[0] for seed in range(episodes)]
    return episodes / (time.process_time() - begun), sum(tasks) / episodes


def memory() -> float:
    """Return the largest memory of 64 episodes of 100 agents and 1,000 pieces, in MB."""
    code = (
        "import mechlab, resource\n"
        "mechlab.simulate(population='o3', mechanism='sharing_bonus(rate=1000)', episodes=64,\n"
        "                 settings={'agents': 100, 'pieces': 1000})\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=20_000)
    parser.add_argument("--scalar", type=int, default=100)
    options = parser.parse_args()
    ours("o3", 500)  # compiles, where that is not cached
    print(f"{'':16}{'ours/s':>10}{'scalar/s':>10}{'ratio':>8}{'tasks':>8}{'scalar':>8}")
    for model in MODELS:
        fast, tasks = ours(model, options.episodes)
        slow, check = scalar(model, options.scalar)
        print(f"{model:16}{fast:10,.0f}{slow:10,.1f}{fast / slow:8,.0f}{tasks:8.1f}{check:8.1f}")
    print(f"100 agents, 1,000 pieces, 64 episodes: {memory():,.0f} MB at most")
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
