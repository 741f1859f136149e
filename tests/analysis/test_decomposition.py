"""What limits a group: known agents have known limits."""

from dataclasses import dataclass

import numpy as np
import pytest

from mechlab.agents.base import Agent
from mechlab.analysis.decomposition import _chances, decompose
from mechlab.errors import UserError
from mechlab.report.decomposition import sentences
from mechlab.simulation import simulate


@dataclass(frozen=True)
class Fixed(Agent):
    chances: tuple[tuple[str, float], ...] = ()

    def propensities(self, game, incentives):
        return dict(self.chances)


ANSWERS = Fixed("answers", (("answer", 1.0), ("answer_system", 1.0), ("submit", 1.0)))
SUBMITS = Fixed("submits", (("submit", 1.0),))


def found(population, **options):
    return decompose(population=population, episodes=20, **options)


@pytest.mark.parametrize(
    ("population", "diagnosis", "suggests"),
    [
        ("perfect", "neither", "none"),
        ("silent", "cooperation", "incentive"),  # asks, and submits, and never gives
        (ANSWERS, "competence", "protocol"),  # answers, and never asks
        (SUBMITS, "both", "both"),
    ],
)
def test_agents_that_lack_one_thing_are_limited_by_it(population, diagnosis, suggests):
    one = found(population)
    assert (one.diagnosis, one.suggests) == (diagnosis, suggests)
    assert one.chances[diagnosis] > 0.99
    assert sum(one.chances.values()) == pytest.approx(1.0)


def test_the_silent_are_as_competent_as_the_perfect():
    """Where the system answers, nothing is left in which they differ."""
    one = found("silent")
    assert one.competence.mean == one.perfect["auto_fulfill"].mean == pytest.approx(1.0)


def test_what_needs_no_repair_gains_nothing_and_bears_that_out():
    one = found("perfect")
    assert all(repair.gain.mean == 0.0 for repair in one.interventions.values())
    assert one.borne_out is True


def test_scripted_agents_heed_no_incentive_so_nothing_is_told():
    assert found("silent").borne_out is None


def test_the_conditions_are_those_of_simulate():
    one = found("o3", seed=3)
    same = simulate(population="o3", episodes=20, seed=3, condition="auto_both")
    assert one.efficiency["auto_both"].mean == same["efficiency"].mean()


def test_the_chances_are_those_of_the_t_distribution():
    """Cooperation 0.9 on average: even odds; competence far above: it never limits."""
    cooperation = np.array([0.88, 0.92, 0.86, 0.94])
    chances = _chances(cooperation, np.array([2.0, 2.1, 1.9, 2.0]))
    assert chances["cooperation"] == pytest.approx(0.5, abs=0.02)
    assert chances["neither"] == pytest.approx(0.5, abs=0.02)


def test_an_undefined_efficiency_gives_no_diagnosis():
    with pytest.raises(UserError, match="fewer than two"):
        _chances(np.array([np.nan, 0.5]), np.array([0.5, 0.5]))


def test_a_game_without_the_conditions_is_refused():
    with pytest.raises(UserError, match=r"auto_request.*'public_goods' has only: baseline"):
        decompose("public_goods", "perfect")


def test_one_episode_is_refused():
    with pytest.raises(UserError, match="at least 2"):
        decompose(population="perfect", episodes=1)


def test_the_words_say_what_was_found():
    said = " ".join(sentences(found("silent")))
    assert "limited by cooperation" in said
    assert "This suggests an incentive" in said
    assert "do not show whether the suggestion is right" in said


def test_json_names_all_that_was_measured():
    one = found("silent").as_json()
    assert set(one["conditions"]) == {"baseline", "auto_request", "auto_fulfill", "auto_both"}
    assert one["conditions"]["baseline"]["n"] == 20
    assert set(one["interventions"]) == {"protocol", "incentive", "both"}
