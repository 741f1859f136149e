"""Whether a mechanism fits a game, and what it takes to write one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from mechanisms import AnswerBonus, Hidden, Royalty, SharingBonus, TeamShare
from mechlab.errors import UserError
from mechlab.flows import FIELDS
from mechlab.mechanism import MECHANISMS, Mechanism, Stack, Vocabulary, check_fit, mechanism, parse
from mechlab.parameters import param
from tests.draws import busy


def test_a_mechanism_fits_a_game_that_fills_what_it_needs():
    check_fit(Stack.of(SharingBonus(), TeamShare()), frozenset(FIELDS), "any", Vocabulary())
    check_fit(Hidden(), frozenset(), "bare", Vocabulary())
    with pytest.raises(UserError) as error:
        check_fit(AnswerBonus(rate=5), frozenset({"given", "produced"}), "commons", Vocabulary())
    assert str(error.value) == (
        "answer_bonus(rate=5) needs the flows answered, which the game 'commons' lacks "
        "(it has: given, produced)"
    )


def test_a_mechanism_of_ones_own_takes_a_class_and_a_method(monkeypatch):
    monkeypatch.setattr(MECHANISMS, "_items", dict(MECHANISMS._items))  # forgotten afterwards

    @mechanism
    @dataclass(frozen=True)
    class Wage(Mechanism):
        name: ClassVar[str] = "wage"
        rate: float = param(1.0, low=0, high=10, unit="dollars per round")

        def payments(self, flows):
            return np.full((flows.episodes, flows.agents), self.rate)

    assert parse("wage(rate=2) + royalty") == Stack.of(Wage(rate=2), Royalty())
    assert (parse("wage(rate=2)").payments(busy()) == 2.0).all()
    with pytest.raises(ValueError, match="mechanism 'wage' is registered twice"):
        mechanism(Wage)
