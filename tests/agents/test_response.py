"""What agents have to go by before each round: found when asked for, and true for ever after."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from mechanisms import ReciprocityBonus, SharingBonus
from mechlab.agents.base import Agent
from mechlab.agents.population import Population
from mechlab.agents.response import behaviours
from mechlab.games.base import GAMES, make_game
from mechlab.mechanism import incentives


@dataclass(frozen=True, eq=False)
class Heeding(Agent):
    """Plays as in perfect play, looks at some acts at once, and keeps what it had to go by."""

    name: str = "heeding"
    acts: tuple[str, ...] = ()
    seen: list = field(default_factory=list)

    __eq__, __hash__ = object.__eq__, object.__hash__  # each is watched for itself

    def propensities(self, game, incentives):
        at_once = {act: incentives.payment[act] for act in self.acts}
        self.seen.append((at_once, incentives))
        return game.reference("perfect")


def watched(name, mechanism, acts):
    """Let one agent look at its incentives in every round; return them, oldest first."""
    game = make_game(name)
    agent = Heeding(acts=acts)
    behaviours(game, Population((agent, *[Heeding()] * (game.agents - 1))), mechanism, "baseline")
    return agent.seen


@pytest.mark.parametrize("name", sorted(GAMES))
def test_incentives_that_an_agent_keeps_do_not_change_later(name):
    game = make_game(name)
    acts = tuple(game.prospects(game.start(np.zeros(1, np.uint64), game.conditions[0])))
    assert acts
    for mechanism in (SharingBonus(rate=7), ReciprocityBonus(rate=7)):
        at_once = [known for known, _ in watched(name, mechanism, acts)]
        later = [dict(kept.payment) for _, kept in watched(name, mechanism, ())]
        assert later == at_once


def test_an_act_that_nobody_heeds_is_not_differenced(monkeypatch):
    differenced = []
    real = incentives.marginal

    def noting(mechanism, flows, act, scratch):
        differenced.append(act)
        return real(mechanism, flows, act, scratch)

    monkeypatch.setattr("mechlab.agents.response.marginal", noting)
    rounds = watched("sharing", SharingBonus(rate=7), ("answer",))
    assert len(differenced) == len(rounds)  # though all ten agents of a round could ask


@dataclass(frozen=True)
class Forgetful(SharingBonus):
    """A mechanism with a mistake: what it pays is not where it looks for it."""

    def payments(self, flows):
        return {}["paid"]


def test_a_mistake_of_a_mechanism_does_not_pass_for_a_payment_of_nothing():
    with pytest.raises(KeyError, match="paid"):
        behaviours(make_game("sharing"), Population.of("o3", 10), Forgetful(rate=7), "baseline")


def test_incentives_read_as_a_dictionary_does():
    (_, known), *_ = watched("sharing", SharingBonus(rate=7), ())
    assert known.payment["answer"] == pytest.approx(7)
    assert "dance" not in known.payment
    assert known.payment.get("dance", 1.5) == 1.5
    assert repr(known.others) == "{}"
    with pytest.raises(KeyError, match="dance"):
        known.payment["dance"]
