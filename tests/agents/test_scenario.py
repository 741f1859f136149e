import json

import numpy as np

from mechlab.agents.population import Population
from mechlab.agents.scenario import Scenario
from mechlab.games.base import make_game
from mechlab.mechanism import parse


def test_an_episode_is_identified_by_plain_values():
    game, seeds = make_game("public_goods"), np.arange(3, dtype=np.uint64)
    group = Population.of("silent", game.agents)
    scenario = Scenario(game, group, parse("none"), "baseline", seed=7, first=10, seeds=seeds)
    assert len(scenario) == 3
    episode = json.loads(json.dumps(scenario.episode(2)))
    assert episode == {
        "game": "public_goods",
        "settings": game.params,
        "population": "silent",
        "mechanism": "none",
        "condition": "baseline",
        "seed": 7,
        "number": 12,
    }
