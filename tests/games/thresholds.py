"""The smallest dose that restores near-optimal play, by bisection."""

from mechlab.simulation import simulate


def smallest(game, bonus, high, population="selfish", target=0.9, **options):
    """Return the smallest dose in [0, high] of ``bonus(dose)`` at which efficiency meets target."""
    low = 0.0
    while high - low > 1e-4 * high:
        dose = (low + high) / 2
        episodes = simulate(game, population, bonus(dose), episodes=5, **options)
        if episodes["efficiency"].mean() >= target:
            high = dose
        else:
            low = dose
    return high
