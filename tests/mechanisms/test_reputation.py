"""A public record of who answers."""

import numpy as np
import pytest

from mechanisms import Reputation, SharingBonus
from mechlab.errors import UserError
from mechlab.games.sharing.view import SendInformation, SendMessage
from mechlab.mechanism import Capped, Stack
from mechlab.simulation import simulate


class Player:
    """Asks agent 1 for its first piece in round 0; sends agent 1 what it asks for, or a lie."""

    def __init__(self, lies=False):
        self.lies, self.records = lies, []

    def act(self, view):
        self.records.append(view.record)
        if self.lies:
            return [
                SendInformation(j, asked, [0] * len(asked)) for j, asked in view.requests.items()
            ]
        return [SendInformation(j, asked) for j, asked in view.requests.items()]


class Asker:
    """Asks agent 0 for two pieces that it holds, once."""

    def act(self, view):
        if view.round:
            return []
        return [SendMessage(0, asks=[k for k, held in view.directory.items() if 0 in held][:2])]


def records(player, mechanism="reputation", **settings):
    group = [player, Asker(), *["silent"] * 8]
    simulate("sharing", group, mechanism, episodes=1, settings={"rounds": 4, **settings})
    return player.records


def test_who_answers_stands_in_the_record_of_the_next_round():
    quiet = type("Quiet", (Player,), {"act": lambda self, view: self.records.append(view.record)})
    assert [record[0][0] for record in records(quiet())] == [0, 0, 0, 0]
    assert records(quiet())[-1][0][1] >= 2  # asked by agent 1, and by whoever else needs them
    answered = records(Player())
    assert answered[0][0] == (0, 0)
    assert answered[-1][0][0] >= 2
    assert all(record[1][0] == 0 for record in answered)


def test_an_altered_piece_is_no_answer():
    assert all(record[0][0] == 0 for record in records(Player(lies=True)))


def test_it_is_shown_only_where_a_mechanism_shows_it():
    assert set(records(Player(), "none")) == {None}
    both = Stack.of(Capped(Reputation(), limit=5), SharingBonus(rate=1))
    assert both.shows == {"record"}
    assert None not in records(Player(), both)


def test_conditional_agents_follow_the_record_of_all_rounds():
    # Each gives half of the mean of what all gave in all rounds so far: 1, 1/2, 3/8, 5/16, ...
    expected = [1.0]
    for _ in range(9):
        expected.append(0.5 * np.mean(expected))
    group = "conditional(follow=0.5)"
    episodes = simulate("public_goods", group, "reputation", episodes=3000)
    assert np.allclose(episodes.revenue.mean(axis=0), 80 * (1 + 0.6 * np.array(expected)), atol=0.2)
    without = simulate("public_goods", group, episodes=50)
    assert without["efficiency"].mean() < episodes["efficiency"].mean()


def test_who_has_nothing_to_gain_from_it_does_not_respond():
    for group in ("selfish", "logit", "perfect"):
        shown = simulate("grants", group, "reputation", episodes=2)
        assert np.array_equal(shown.produced, simulate("grants", group, episodes=2).produced)


def test_emulated_agents_refuse_what_their_figures_cannot_tell():
    with pytest.raises(UserError, match="o3 is fitted to figures without a public record"):
        simulate("sharing", "o3", "reputation", episodes=1)


def test_players_of_a_game_whose_view_has_no_record_are_refused():
    with pytest.raises(UserError, match="reputation shows players the record, which this game"):
        simulate("commons", [Player(), *["perfect"] * 4], "reputation", episodes=1)
