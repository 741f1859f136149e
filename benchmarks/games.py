"""Episodes per second and core of every built-in game, with a mechanism paid every round.

    python benchmarks/games.py [--episodes 4000]

The best of three runs, in processor time, so that a busy machine matters less.
"""

import argparse
import time

from mechlab.simulation import simulate

CASES = [
    ("sharing", "o3", "answer_bonus(rate=500)", {}),
    ("sharing", "perfect", "answer_bonus(rate=500)", {}),
    ("grants", "perfect", "answer_bonus(rate=500)", {}),
    ("grants", "logit(lambda=3)", "answer_bonus(rate=500)", {}),
    ("grants", "selfish", "sharing_bonus(rate=500)", {}),
    ("public_goods", "logit", "sharing_bonus(rate=0.5)", {"agents": 10, "rounds": 20}),
    ("commons", "logit", "sharing_bonus(rate=0.5)", {"agents": 10, "rounds": 20}),
    ("matrix", "logit", "sharing_bonus(rate=0.5)", {}),
    ("matrix", "logit", "sharing_bonus(rate=0.5)", {"table": "travellers_dilemma"}),
]


def speed(game, population, mechanism, settings, episodes):
    """Return episodes per second of processor time, the best of three runs."""
    simulate(game, population, mechanism, episodes=10, settings=settings)  # compiles
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        simulate(game, population, mechanism, episodes=episodes, settings=settings)
        best = max(best, episodes / (time.process_time() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=4000)
    episodes = parser.parse_args().episodes
    for game, population, mechanism, settings in CASES:
        rate = speed(game, population, mechanism, settings, episodes)
        what = f"{game} {settings or ''}".strip()
        print(f"{what:45} {population:16} {rate:9,.0f} episodes/s")


if __name__ == "__main__":
    main()
