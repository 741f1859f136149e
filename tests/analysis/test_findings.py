"""Findings: what a report shows beyond the search, had without a report."""

from dataclasses import replace

import numpy as np
import pytest

from mechlab.analysis.findings import findings, transferred
from mechlab.checks import check
from mechlab.simulation import simulate
from tests.report.results import a_result


@pytest.fixture(scope="module")
def result():
    return a_result()


@pytest.fixture(scope="module")
def found(result):
    return findings(result)


def test_the_answer_is_played_again_on_the_study_s_own_seeds(result, found):
    study, replay = result.study, found.replay
    same = simulate(study.played, study.group.members, "none", episodes=200, seed=study.seed)
    assert (replay.baseline["group_revenue"] == same["group_revenue"]).all()
    assert (replay.answer.seeds == replay.baseline.seeds).all()
    assert replay.answer.mechanism == result.best.mechanism


def test_each_reference_point_plays_itself(found):
    assert set(found.replay.references) == {"perfect", "sequential", "optimum"}
    for name, episodes in found.replay.references.items():
        assert np.allclose(episodes["group_revenue"], episodes.reference(name))


def test_the_answer_is_the_incentive_that_is_tried(result, found):
    assert found.decomposition.interventions["incentive"].mechanism == str(result.best.mechanism)
    assert found.decomposition.episodes == 200


def test_the_answer_is_checked_in_the_study_s_game(result, found):
    same = check(result.best.mechanism, result.study.played)
    assert found.checks.to_dict() == same.to_dict()


def test_a_study_without_transfer_and_an_answer_that_is_not_certified_move_nowhere(result):
    assert transferred(result).empty
    moved = result.study.model_copy(update={"transfer": {"games": ["matrix"]}})
    answers = (replace(result.best, status="out_of_budget"), *result.answers[1:])
    assert transferred(replace(result, study=moved, answers=answers)).empty


def test_an_emulated_agent_rests_on_figures_and_others_on_none(result, found):
    assert found.fits == ()
    study = result.study.model_copy(update={"population": "o3"})
    (fit,) = findings(replace(result, study=study)).fits
    assert fit.agent == "o3"
    assert fit.figures["measure"].notna().all()
    assert 0 <= len(fit.missed) < len(fit.fitted) <= len(fit.figures)
    assert (abs(fit.missed["ours"] - fit.missed["target"]) > fit.missed["tolerance"]).all()
