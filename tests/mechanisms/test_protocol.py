from itertools import product

import pytest

from mechanisms import Protocol
from mechlab.errors import UserError
from mechlab.games.base import Game, make_game
from mechlab.mechanism import Vocabulary
from mechlab.simulation import simulate

STEPS = ("ask", "answer", "submit")


@pytest.mark.parametrize("told", list(product([False, True], repeat=3)))
def test_each_step_stands_on_its_own(told):
    protocol = Protocol(**dict(zip(STEPS, told, strict=True)))
    assert protocol.advises == {step for step, on in zip(STEPS, told, strict=True) if on}
    alone = [
        Protocol(**{s: s == step for s in STEPS}) for step in STEPS if step in protocol.advises
    ]
    joined = tuple(sentence for one in alone for sentence in one.instructions(Vocabulary()))
    assert protocol.instructions(Vocabulary()) == joined


def test_it_has_the_three_published_steps_in_their_order():
    """Request what you lack, send what was asked for, submit when complete."""
    ask, answer, submit = Protocol().instructions(Vocabulary())
    assert "lack" in ask
    assert answer.startswith("Send ") and "requested" in answer
    assert "completed task" in submit


@pytest.mark.parametrize("name", ["sharing", "grants", "commons", "matrix", "public_goods"])
def test_it_tells_agents_what_they_can_do_in_the_game(name):
    game = make_game(name)
    sentences = Protocol().instructions(game.vocabulary)
    assert sentences and not [s for s in sentences if "{" in s or not s.endswith(".")]
    text = " ".join(sentences)
    assert ("Ask the agents" in text) == ("ask" in game.propensities)
    assert ("Hand in" in text) == ("submit" in game.propensities)


@pytest.mark.parametrize("name", ["commons", "matrix", "public_goods"])
def test_steps_that_a_game_does_not_have_are_refused(name):
    with pytest.raises(UserError, match=f"ask, submit: the game '{name}' has none"):
        simulate(name, "perfect", "protocol(answer=false)", episodes=1)


def test_a_game_without_words_of_its_own_has_no_steps():
    assert Protocol().instructions(Game.vocabulary) == ()
