"""A run of a pilot behaves as the agents in it would."""

import pandas as pd
import pytest

from mechlab.agents.base import AGENTS
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.calibrate import pilot
from mechlab.calibrate._conditions import agent_at, runs_of
from mechlab.calibrate._scales import BASE, SHIFTS, places_of
from mechlab.calibrate.episodes import checked
from mechlab.errors import UserError
from mechlab.games.base import make_game
from mechlab.mechanism import parse

SCALES = [*BASE, *SHIFTS]
O3 = AGENTS.get("o3")


def test_a_part_of_the_protocol_alone_is_refused():
    table = checked(
        pd.DataFrame({"tasks": [1], "mechanism": ["protocol(ask=true, answer=false, submit=true)"]})
    )
    with pytest.raises(UserError, match="only all of answer, ask, submit"):
        runs_of(table, make_game("sharing"), O3)


@pytest.mark.parametrize("name", ["baseline", "policy", "incentive_1000", "limited_visibility"])
def test_a_run_behaves_as_the_agent_itself_does(name):
    """What a mechanism does to propensities is the agents' own response to it."""
    game = make_game("sharing")
    places = places_of(SCALES, vars(O3.fitted))
    (run,) = runs_of(pilot("o3", (name,), episodes=1), game, agent_at(SCALES, places))
    behaviour = dict(zip(run.moved, run.behaviour(SCALES, places[None])[0], strict=True))
    own = behaviours(game, Population.of(O3, 10), parse(run.mechanism), run.condition)
    for propensity, value in behaviour.items():
        column = own[:, :, game.propensities.index(propensity)]
        assert value == pytest.approx(column.mean(), rel=1e-6), propensity


def test_runs_are_the_groups_of_a_table_in_its_order():
    table = pilot("o3", ("policy", "baseline"), episodes=2)
    runs = runs_of(table, make_game("sharing"), O3)
    assert [run.name for run in runs] == [f"baseline, {parse('protocol')}", "baseline"]
    assert [run.advised for run in runs] == [True, False]
    assert [run.counts.shape for run in runs] == [(2, len(run.statistics)) for run in runs]


def test_pay_is_the_marginal_payment_of_an_answer_over_the_unit():
    """A bonus of 0 pays nothing, like no mechanism; twice the rate is twice the pay."""
    rates = (0, 500, 1000)
    table = pd.DataFrame(
        {"tasks": 1, "mechanism": ["none", *(f"sharing_bonus(rate={rate})" for rate in rates)]}
    )
    none, zero, once, twice = (run.pay for run in runs_of(checked(table), make_game("sharing"), O3))
    assert none == zero == pytest.approx(0.0, abs=1e-12)
    assert once > 0
    assert twice == pytest.approx(2 * once, rel=1e-6)
