"""The contract of a game, for every registered one and every condition, unasked."""

import json

import numpy as np
import pytest

from mechlab.agents.base import AGENTS
from mechlab.errors import UserError
from mechlab.flows import FIELDS, PAIRWISE, Amounts
from mechlab.games.base import GAMES, make_game
from mechlab.mechanism import MECHANISMS, check_fit, parse
from mechlab.mechanism.incentives import Act
from mechlab.parameters import parameters
from mechlab.simulation import episode_seeds, simulate

every_game = pytest.mark.parametrize("name", list(GAMES))
every_condition = pytest.mark.parametrize(
    ("name", "condition"), [(n, c) for n in GAMES for c in GAMES.get(n).conditions]
)
every_fit = pytest.mark.parametrize("mechanism", list(MECHANISMS))


def rounds_of(game, condition, behaviour, seeds, rounds=4):
    """Play some rounds; return the flows of each and the state at the end."""
    state = game.start(seeds, condition)
    played = []
    for round in range(min(rounds, game.rounds)):
        now = Amounts.zeros(len(seeds), game.agents)
        game.play(state, round, behaviour, now)
        played.append(now)
    return played, state


def lively(game, seed=0):
    """A group in which every propensity has a chance of its own."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 0.9, (game.agents, len(game.propensities)))


@every_condition
def test_the_same_seed_is_the_same_episode_alone_or_in_a_batch(name, condition):
    game = GAMES.get(name)()
    seeds = episode_seeds(3, 0, 6)
    together, _ = rounds_of(game, condition, lively(game), seeds)
    again, _ = rounds_of(game, condition, lively(game), seeds)
    alone, _ = rounds_of(game, condition, lively(game), seeds[4:5])
    for one, two, three in zip(together, again, alone, strict=True):
        for (_, a), (_, b), (_, c) in zip(one.arrays(), two.arrays(), three.arrays(), strict=True):
            assert np.array_equal(a, b)
            assert np.array_equal(a[4:5], c)


@every_condition
def test_flows_are_finite_and_nobody_gives_to_itself(name, condition):
    game = GAMES.get(name)()
    played, _ = rounds_of(game, condition, lively(game), episode_seeds(1, 0, 5))
    for now in played:
        for field, array in now.arrays():
            assert np.isfinite(array).all(), field
            if field in PAIRWISE:
                assert (array >= 0).all(), field
                assert not np.diagonal(array, axis1=1, axis2=2).any(), field
        assert (now.answered <= now.given + 1e-9).all()


@every_game
def test_it_fills_the_fields_that_it_declares_and_no_others(name):
    game = GAMES.get(name)()
    assert game.fields <= set(FIELDS)
    assert "produced" in game.fields
    played, _ = rounds_of(game, game.conditions[0], lively(game), episode_seeds(2, 0, 20))
    filled = {field for now in played for field, array in now.arrays() if array.any()}
    assert filled == game.fields


@every_game
def test_a_field_of_a_play_is_written_anew_each_round(name):
    game = GAMES.get(name)()
    played, _ = rounds_of(game, game.conditions[0], lively(game), episode_seeds(2, 0, 3))
    state = game.start(episode_seeds(2, 0, 3), game.conditions[0])
    now = Amounts.zeros(3, game.agents)
    for round, expected in enumerate(played):
        now.clear()
        game.play(state, round, lively(game), now)
        for (_, a), (_, b) in zip(now.arrays(), expected.arrays(), strict=True):
            assert np.array_equal(a, b)


@every_game
def test_acts_move_propensities_and_declared_fields_only(name):
    game = GAMES.get(name)()
    assert any(np.any(np.asarray(act.given) > 0) for act in game.acts.values())
    state = game.start(episode_seeds(0, 0, 3), game.conditions[0])
    for acts in (game.acts, game.prospects(state)):
        assert list(acts) == list(game.acts)
        assert set(acts) <= set(game.propensities)
        for act in acts.values():
            assert isinstance(act, Act)
            assert not act.instead or act.instead in acts
            moved = {field for field in FIELDS if np.any(getattr(act, field))}
            assert moved <= game.fields
            for field in FIELDS:
                assert np.shape(getattr(act, field)) in ((), (game.agents,))
    assert set(game.habits(dict.fromkeys(game.acts, 1.0))) <= set(game.propensities)


@every_game
def test_roles_and_reference_points_are_behaviours(name):
    game = GAMES.get(name)()
    assert next(iter(game.references)) == "perfect"
    assert set(game.references) <= {"perfect", "sequential", "optimum"}
    assert set(game.roles) <= set(AGENTS)
    for behaviour in (*game.references.values(), *game.roles.values()):
        assert set(behaviour) <= set(game.propensities)
    efficiency = simulate(game, "perfect", episodes=3)["efficiency"]
    assert np.allclose(efficiency, 1.0)


@every_game
def test_the_optimum_is_at_least_perfect_play_and_that_at_least_sequential_play(name):
    episodes = simulate(name, "silent", episodes=5)
    means = [
        episodes[point].mean() for point in ("optimum", "perfect", "sequential", "group_revenue")
    ]
    assert means == sorted(means, reverse=True)


@every_game
def test_settings_have_ranges_and_wrong_ones_are_refused(name):
    declared = parameters(GAMES.get(name))
    assert {"agents", "rounds"} <= set(declared)
    for setting, known in declared.items():
        if known.low is not None:
            with pytest.raises(UserError, match=setting):
                make_game(name, {setting: known.low - 1})
    with pytest.raises(UserError, match="did you mean 'rounds'"):
        make_game(name, {"round": 1})
    with pytest.raises(UserError, match="condition"):
        simulate(name, "silent", episodes=1, condition="no such")


@every_game
def test_it_can_be_described(name):
    cls = GAMES.get(name)
    game = cls()
    assert cls.name == name
    assert game.conditions[0] == "baseline"
    assert len(set(game.propensities)) == len(game.propensities)
    assert game.unit > 0
    assert "ource" in (cls.__doc__ or "") or "arXiv" in (cls.__doc__ or "")
    assert json.dumps(game.params)
    assert hash(game) == hash(cls())


@every_game
@every_fit
def test_a_mechanism_runs_where_it_fits_and_is_refused_elsewhere(name, mechanism):
    game, rules = GAMES.get(name)(), parse(mechanism)
    if rules.needs <= game.fields:
        check_fit(rules, game.fields, name, game.vocabulary)
        episodes = simulate(game, "perfect", rules, episodes=2)
        assert np.isfinite(episodes.payments).all()
        assert not rules.balanced or np.allclose(episodes.payments.sum(axis=1), 0, atol=1e-6)
    else:
        with pytest.raises(UserError, match=f"^{mechanism}.* needs the flows .*{name}"):
            simulate(game, "perfect", rules, episodes=1)


@every_game
def test_tallies_are_one_a_row_of_the_batch(name):
    game = GAMES.get(name)()
    _, state = rounds_of(game, game.conditions[0], lively(game), episode_seeds(0, 0, 3))
    for tally in game.tallies(state).values():
        assert tally.shape in ((3,), (3, game.agents))
