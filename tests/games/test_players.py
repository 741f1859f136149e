"""Every game turn by turn: players beside rows of propensities, through the same rules."""

import numpy as np
import pytest

from mechlab.errors import UserError
from mechlab.flows import Amounts
from mechlab.games.base import GAMES, Turn
from mechlab.games.grants.view import Grant, Loan, SendMessage, SubmitTask
from mechlab.games.simultaneous import Choose, Contribute, Harvest, Punish
from mechlab.mechanism import parse
from mechlab.simulation import simulate
from tests.games.players import Script

TABLES = [(name, {}) for name in GAMES]
TABLES.append(("matrix", {"table": "travellers_dilemma", "continuation": 0.8}))
CASES = [(n, s, c) for n, s in TABLES for c in GAMES.get(n).conditions]


def lively(game):
    """Behaviour in which chance decides, but for what would end the game at once."""
    rows = np.random.default_rng(0).uniform(0.2, 0.9, (game.agents, len(game.propensities)))
    if game.name == "commons":
        rows[:, 0] = 0.97
    if "volunteer" in game.propensities:
        rows[:, game.propensities.index("volunteer")] = 0.01
    return rows


@pytest.mark.parametrize(("name", "settings", "condition"), CASES)
def test_rows_play_at_a_table_as_they_do_in_a_batch(name, settings, condition):
    game = GAMES.get(name)(**settings)
    behaviour, seeds = lively(game), np.array([5], np.uint64)
    batch, alone = (game.start(seeds, condition) for _ in range(2))
    table = game.make_table(alone, parse("none"), ())
    flows = [Amounts.zeros(1, game.agents) for _ in range(2)]
    for round in range(game.rounds):
        for amounts in flows:
            amounts.clear()
        game.play(batch, round, behaviour, flows[0])
        assert not list(table.play(round, behaviour, flows[1]))
        for (field, mine), (_, theirs) in zip(flows[0].arrays(), flows[1].arrays(), strict=True):
            assert (mine == theirs).all(), field
        table.settle(flows[1].produced[0])
    mine, theirs = (game.tallies(state) for state in (batch, alone))
    assert all((mine[tally] == theirs[tally]).all() for tally in mine)


def asks_answers_and_submits(view):
    """What the row of the reference point ``sequential`` does in the grants game."""
    return [
        *(SubmitTask(t.pieces) for t in view.tasks if set(t.pieces) <= view.access.keys()),
        *(Grant(to, pieces) for to, pieces in view.requests.items()),
        *(
            SendMessage(j, "please", (k,))
            for j, k in view.lacking
            if k not in view.awaited.get(j, ())
        ),
    ]


def punishes_fully(view):
    """What the row ``perfect`` does: all tokens, and a dollar for each that another kept back."""
    if view.stage == "contribute":
        return Contribute(view.endowment)
    short = {j: view.contributed[view.agent] - c for j, c in enumerate(view.contributed)}
    return Punish({j: s for j, s in short.items() if s > 0})


IMITATED = [
    ("grants", "baseline", {"ask": 1.0, "answer": 1.0, "submit": 1.0}, asks_answers_and_submits),
    ("public_goods", "baseline", {"give": 0.5}, lambda view: Contribute(view.endowment // 2)),
    ("public_goods", "punishment", {"give": 1.0, "punish": 1.0}, punishes_fully),
    ("commons", "baseline", {"restrain": 1.0}, lambda view: Harvest(view.most / 2)),
    ("commons", "quota", {}, lambda view: Harvest(view.most)),
    ("matrix", "baseline", {"cooperate": 1.0}, lambda view: Choose("cooperate")),
    ("matrix", "baseline", {}, lambda view: Choose(1)),
]


@pytest.mark.parametrize(("name", "condition", "row", "turn"), IMITATED)
def test_a_player_that_imitates_a_row_makes_the_same_episode(name, condition, row, turn):
    """All others are rows in which chance decides."""
    from mechlab.checks._plays import Fixed

    game = GAMES.get(name)()
    rest = [dict(zip(game.propensities, values, strict=True)) for values in lively(game).tolist()]
    others = [Fixed.of(values) for values in rest[1:]]
    mechanism = "sharing_bonus(rate=0.3) + royalty(share=0.1)"
    rows, beside = (
        simulate(game, [one, *others], mechanism, episodes=3, seed=4, condition=condition)
        for one in (Fixed.of(row), Script(turn))
    )
    assert (beside.tallies["invalid_actions"] == 0).all()
    for field in ("revenue", "produced", "payments", "given"):
        assert np.array_equal(getattr(rows, field), getattr(beside, field)), field


@pytest.mark.parametrize(("name", "settings", "condition"), CASES)
def test_players_that_do_nothing_are_no_mistake_and_all_else_is_counted(name, settings, condition):
    game = GAMES.get(name)(**settings)
    for answer, invalid in (((), False), (None, False), ("nonsense", True), ([7], True)):
        me = Script(lambda view, answer=answer: answer)
        group = [me, *["perfect"] * (game.agents - 1)]
        episode = simulate(game, group, episodes=1, condition=condition)
        assert (episode.tallies["invalid_actions"][0] >= len(me.seen)) == invalid
        assert len(me.seen) > 0
        assert all(bool(view.refused) == invalid for view in me.seen[1:])


@pytest.mark.parametrize(("name", "settings", "condition"), CASES)
def test_every_view_tells_the_rules_in_the_games_words_and_hides_what_is_hidden(
    name, settings, condition
):
    game = GAMES.get(name)(**settings)

    def seen(mechanism):
        me = Script(lambda view: Turn([], "hm"))
        group = [me, *["perfect"] * (game.agents - 1)]
        simulate(game, group, mechanism, episodes=1, condition=condition)
        return me.seen

    first, last = (seen("sharing_bonus(rate=2)")[k] for k in (0, -1))
    assert (first.agent, first.agents, first.round) == (0, game.agents, 0)
    assert first.rounds == game.rounds
    assert game.vocabulary.unit in first.rules[0]
    assert len(last.board) == game.agents
    assert len(last.thoughts) > 0
    hidden = seen("hidden(board=true, notices=true, thoughts=true)")[-1]
    assert hidden.board is None
    assert hidden.thoughts == ()
    assert getattr(hidden, "notices", None) is None
    assert getattr(hidden, "made", None) is None


REFUSED = [
    ("public_goods", "baseline", Contribute(21), r"tokens must be in \[0, 20\], got 21"),
    ("public_goods", "baseline", Contribute(1.5), "tokens must be whole numbers"),
    ("public_goods", "baseline", Punish({1: 1}), "the stage contribute of public goods takes no"),
    ("public_goods", "punishment", Punish({0: 1}), "a recipient is another agent, 0 to 3, got 0"),
    ("public_goods", "punishment", Punish({1: -1}), r"dollars must be in \[0, 20\], got -1"),
    ("commons", "baseline", Harvest(21), r"units must be in \[0, 20\], got 21"),
    ("commons", "quota", Harvest(11), r"units must be in \[0, 10\], got 11"),
    ("commons", "baseline", Harvest(float("nan")), r"units must be in \[0, 20\], got nan"),
    ("commons", "baseline", Harvest("all"), "units must be a number"),
    ("matrix", "baseline", Choose(2), "a move is a number from 0 to 1, got 2"),
    ("matrix", "baseline", Choose("cooperat"), "did you mean 'cooperate'"),
    ("grants", "baseline", Grant(3, (99,)), "a piece is a whole number from 0 to 9, got 99"),
    ("grants", "baseline", SendMessage(0, "me"), "a recipient is another agent, 0 to 9, got 0"),
    ("grants", "baseline", SubmitTask(((1, 2),)), "no open task needs just the pieces"),
    ("grants", "baseline", SubmitTask((1, 2)), "pieces must be whole numbers"),
]


@pytest.mark.parametrize(("name", "condition", "action", "reason"), REFUSED)
def test_an_action_that_cannot_be_carried_out_is_refused_with_the_rule(
    name, condition, action, reason
):
    me = Script(lambda view: action)
    game = GAMES.get(name)()
    group = [me, *["perfect"] * (game.agents - 1)]
    episode = simulate(game, group, episodes=1, condition=condition)
    assert episode.tallies["invalid_actions"][0] > 0
    reasons = [refusal.reason for view in me.seen for refusal in view.refused]
    with pytest.raises(UserError, match=reason):
        raise UserError(reasons[-1] if name == "matrix" else " / ".join(reasons[:2]))


def test_a_second_choice_of_one_turn_is_refused():
    me = Script(lambda view: [Contribute(1), Contribute(2)])
    simulate("public_goods", [me, "silent", "silent", "silent"], episodes=1)
    assert me.seen[-1].choices[0] == 1
    assert me.seen[-1].refused[0].reason == "actions in a turn are at most 1, got more"


def test_punishing_costs_a_dollar_and_takes_three():
    # Of 4 members one contributes all 20 tokens, so each has 8 of them back; it spends 2 dollars.
    def punish(view):
        return Contribute(20) if view.stage == "contribute" else Punish({1: 2.0})

    me = Script(punish)
    episode = simulate(
        "public_goods",
        [me, "silent", "silent", "silent"],
        episodes=1,
        condition="punishment",
        settings={"rounds": 1},
    )
    assert episode.produced[0].tolist() == [8 - 2, 28 - 6, 28, 28]


def test_players_of_a_round_choose_on_the_same_snapshot():
    group = [Script(lambda view: Harvest(1.0)) for _ in range(5)]
    simulate("commons", group, episodes=1)
    first = [player.seen[0] for player in group]
    assert all(view.stock == 100 and view.all_choices == () for view in first)
    second = [player.seen[1] for player in group]
    assert all(view.all_choices == ((1.0,) * 5,) and view.stock == 100 for view in second)


def test_a_match_that_has_ended_asks_nobody():
    me = Script(lambda view: Choose(0))
    simulate("matrix", [me, "perfect"], episodes=1, settings={"continuation": 0.0})
    assert len(me.seen) == 1


def test_the_column_player_sees_the_table_from_its_own_side():
    row, column = (Script(lambda view: Choose(0)) for _ in range(2))
    simulate("matrix", [row, column], episodes=1, settings={"table": "trust"})
    # Kreps: trusting pays 10 and 10 where it is honoured, -5 and 15 where it is abused.
    assert row.seen[0].moves == ("trust", "refuse")
    assert row.seen[0].payoffs == (((10, 10), (-5, 15)), ((0, 0), (0, 0)))
    assert column.seen[0].moves == ("honour", "abuse")
    assert column.seen[0].payoffs == (((10, 10), (0, 0)), ((15, -5), (0, 0)))


def test_a_request_of_a_player_is_seen_and_granting_it_is_an_answer():
    def ask(view):
        return [SendMessage(1, "please", (3,))] if view.round == 0 else ()

    def answer(view):
        return [Grant(j, pieces) for j, pieces in view.requests.items()]

    asker, answerer = Script(ask), Script(answer)
    group = [asker, answerer, *["silent"] * 8]
    episode = simulate("grants", group, "answer_bonus(rate=10)", episodes=1, settings={"rounds": 4})
    assert episode.payments[0, 1] >= 10
    seen = [view for view in asker.seen if (1, 3) in view.access]
    assert seen
    assert Loan(0, 1, 3) in seen[-1].borrowed or Loan(1, 1, 3) in seen[-1].borrowed
    assert any(message.asks == (3,) for message in answerer.seen[-1].messages)


def test_what_was_asked_of_a_player_and_not_given_was_withheld():
    me = Script(lambda view: ())
    episode = simulate("grants", [me, *["perfect"] * 9], "withholding_fine(rate=5)", episodes=1)
    asked = sum(len(pieces) for view in me.seen for pieces in view.requests.values())
    assert asked > 0
    # Perfect agents ask again while they lack a piece, so each request seen is one withheld; what
    # the rows grant each other never clears a request to this owner.
    from mechlab.mechanism import parse as read

    rate, rebate = (read("withholding_fine(rate=5)").params[name] for name in ("rate", "rebate"))
    assert rate == 5
    assert episode.payments[0, 0] <= -5 * asked * (1 - rebate) + 1e-9
