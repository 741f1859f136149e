from itertools import product

import pytest

from mechanisms import Protocol
from mechlab.mechanism import Vocabulary

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
