"""Independent tabular learners find giving where ``selfish`` does: they know nothing of payments.

Each agent keeps a value of each of its actions, and moves that of the one that it took towards its
reward. Source: Kaisers and Tuyls, "Frequency Adjusted Multi-Agent Q-learning", AAMAS 2010: a step
is larger for a rare action, or its value would be that of long ago, when others played otherwise.
"""

import numpy as np
import pytest

from mechlab.flows import Amounts, Flows
from mechlab.games import Matrix, PublicGoods
from mechlab.mechanism import parse
from mechlab.simulation import simulate

STEPS, RATE, EXPLORES, RUNS = 20000, 0.001, 0.2, 16


def outcomes(game, mechanism, levels):
    """What each agent earns in one round of each joint action, by the game's own play."""
    agents, behaviour = game.agents, np.array(levels)
    joint = np.stack(np.meshgrid(*[range(len(levels))] * agents, indexing="ij"), -1)
    earned = np.empty((*joint.shape[:-1], agents))
    for actions in np.ndindex(*joint.shape[:-1]):
        state = game.start(np.zeros(1, np.uint64), game.conditions[0])
        now, past = (Amounts.zeros(1, agents) for _ in range(2))
        rows = game.behaviour([dict.fromkeys(game.acts, behaviour[a]) for a in actions])
        game.play(state, 0, rows, now)
        paid = mechanism.payments(Flows.over(now, past, 0, game.unit))
        earned[actions] = (now.produced + paid)[0]
    return earned


def learned(game, mechanism, levels=(0.0, 1.0)):
    """The mean level of giving of learners, over runs and agents."""
    table, rng = outcomes(game, mechanism, levels), np.random.default_rng(0)
    values = np.zeros((RUNS, game.agents, len(levels)))
    values[...] = table.mean()
    run, agent = np.ogrid[:RUNS, : game.agents]
    given = []
    for step in range(STEPS):
        explores = rng.random((RUNS, game.agents)) < EXPLORES
        greedy = (values + 1e-9 * rng.random(values.shape)).argmax(axis=2)
        actions = np.where(explores, rng.integers(len(levels), size=greedy.shape), greedy)
        reward = table[tuple(actions.T)]
        chance = EXPLORES / len(levels) + (1 - EXPLORES) * (actions == greedy)
        values[run, agent, actions] += RATE / chance * (reward - values[run, agent, actions])
        if step > 0.75 * STEPS:
            given.append(np.array(levels)[greedy].mean())
    return float(np.mean(given))


def start(gives, high):
    """The smallest dose from which on a quarter or more is given, by bisection."""
    low, step = 0.0, high / 100
    while high - low > step:
        dose = (low + high) / 2
        low, high = (low, dose) if gives(dose) >= 0.25 else (dose, high)
    return high


CASES = [
    (PublicGoods(), "sharing_bonus(rate={})", 1.2),
    (PublicGoods(), "royalty(share={})", 1.0),
    (PublicGoods(), "capped(sharing_bonus(rate={}), limit=15)", 1.2),
    (Matrix(), "capped(sharing_bonus(rate={}), limit=2.5)", 4.0),
    (Matrix(), "contract(price={}, quota=1)", 4.0),
    (Matrix(), "royalty(share={})", 1.0),
    (Matrix(table="3,3 0,4; 4,0 1,1"), "tournament(prize={})", 4.0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("game", "spec", "high"), CASES)
def test_learners_begin_to_give_at_the_dose_at_which_the_selfish_do(game, spec, high):
    most = game.steps * game.rounds

    def selfish(dose):
        given = simulate(game, "selfish", parse(spec.format(dose)), episodes=1).given
        return given.sum(axis=(1, 2)).mean() / (most * game.agents)

    def learners(dose):
        levels = (0.0, 0.75, 1.0) if isinstance(game, PublicGoods) else (0.0, 1.0)
        return learned(game, parse(spec.format(dose)), levels)

    assert start(learners, high) == pytest.approx(start(selfish, high), rel=0.1)
