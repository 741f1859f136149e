"""The search from study to answer, stopped and resumed."""

import numpy as np
import pytest

from mechlab.errors import OutOfBudget, UserError
from mechlab.mechanism import parse
from mechlab.search import search
from mechlab.search.bounds import MIN_EPISODES
from mechlab.search.results import SearchResult
from mechlab.search.run import SearchStopped, known
from mechlab.search.trials import play_outcome
from mechlab.simulation import simulate
from mechlab.study import Study
from tests.search.studies import a_study


def url(folder) -> str:
    return f"sqlite:///{folder}/a.db"


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> SearchResult:
    return search(a_study(), url(tmp_path_factory.mktemp("search")))


def truth(mechanism, episodes=3000) -> float:
    """Mean efficiency, of turns, over many episodes of a seed that the search never plays."""
    played = simulate(population="gpt-5-mini", mechanism=mechanism, episodes=episodes, seed=99)
    return float((played["group_revenue"] / played["sequential"]).mean())


def test_the_answer_is_certified_and_true(found):
    answer, target = found.best, found.study.target.efficiency
    assert answer.status == "certified"
    assert answer.interval[0] < answer.size == answer.interval[1]
    assert answer.size == answer.mechanism.rate
    candidate = found.study.candidates["sharing_bonus"]
    assert truth(answer.mechanism) > target - 0.005
    assert truth(candidate.build({"rate": answer.interval[0]})) < target + 0.005


def test_the_answer_is_measured_on_fresh_episodes(found):
    answer = found.best
    assert answer.attainment.n >= 16
    assert answer.efficiency.mean < answer.attainment.mean  # perfect play earns more
    assert answer.spend.mean == pytest.approx(answer.subsidy.mean)  # a bonus has no other source
    assert 0 < answer.spend_share < 1


def test_the_baseline_is_explored_through_the_same_path(found):
    baseline = found.trials[found.trials["candidate"] == "none"]
    assert len(baseline) and (baseline["size"] == 0).all() and (baseline["spend"] == 0).all()


def test_every_row_has_its_numbers(found):
    done = found.trials[found.trials["state"] == "COMPLETE"]
    assert (
        done[["size", "attainment", "spend", "subsidy", "started", "finished"]]
        .notna()
        .to_numpy()
        .all()
    )
    bonus = done[done["candidate"] == "sharing_bonus"]
    assert np.allclose(bonus["size"], bonus["sharing_bonus.rate"])
    assert set(found.evidence["purpose"]) <= {"upper", "lower", "effect"}
    doses = found.evidence[found.evidence["candidate"] == "sharing_bonus"]
    assert doses["sharing_bonus.rate"].notna().all()
    assert found.episodes["explore"] == done["episodes"].sum()
    curve = found.curves["sharing_bonus"]
    assert (curve["lower"] <= curve["mean"]).all() and (curve["mean"] <= curve["upper"]).all()


def test_provenance_can_rebuild_the_run(found):
    told = found.provenance
    assert told["digest"] == found.study.digest
    assert told["mechanisms"] == {"none": 1, "sharing_bonus": 1}
    assert told["agents"] == ["emulated"]
    assert {"mechlab", "numpy", "optuna"} <= set(told["packages"])


class Stop(KeyboardInterrupt):
    """What Ctrl-C raises, at a chosen moment."""


def stopping_after(steps: int):
    calls = iter(range(steps))

    def watch(_):
        if next(calls, None) is None:
            raise Stop

    return watch


@pytest.mark.parametrize("steps", [0, 3, 9])
def test_a_search_stopped_while_exploring_keeps_what_was_told(found, tmp_path, steps):
    with pytest.raises(SearchStopped, match="the same command goes on from there"):
        search(a_study(), url(tmp_path), progress=stopping_after(steps))
    again = search(a_study(), url(tmp_path))
    assert (
        again.trials["attainment"][:steps].tolist() == found.trials["attainment"][:steps].tolist()
    )
    assert again.best.status == "certified"
    assert again.best.interval[0] < found.best.size and found.best.interval[0] < again.best.size


def test_a_search_stopped_while_certifying_comes_to_the_same_answer(tmp_path):
    def watch(now):
        if now.phase == "certifying":
            raise Stop

    with pytest.raises(SearchStopped):
        search(a_study(), url(tmp_path), progress=watch)
    first = known(a_study(), url(tmp_path))
    again = search(a_study(), url(tmp_path))
    assert again.trials.equals(first.trials)
    assert again.best.status == "certified"
    assert search(a_study(), url(tmp_path)).answers == again.answers


def test_a_finished_search_plays_nothing_more(tmp_path):
    first = search(a_study(), url(tmp_path))
    steps = []
    second = search(a_study(), url(tmp_path), progress=steps.append)
    assert not steps
    assert second.answers == first.answers
    assert known(a_study(), url(tmp_path)).answers == first.answers


def test_known_tells_of_an_unfinished_search(tmp_path):
    with pytest.raises(SearchStopped):
        search(a_study(), url(tmp_path), progress=stopping_after(6))
    result = known(a_study(), url(tmp_path))
    assert result.best.status == "out_of_budget"
    assert np.isnan(result.best.attainment.mean)
    with pytest.raises(UserError, match="holds no search"):
        known(a_study(name="other"), url(tmp_path))


def test_a_group_that_needs_nothing_gets_nothing(tmp_path):
    study = a_study(population="perfect", target={"efficiency": 0.9})
    result = search(study, url(tmp_path))
    assert [a.candidate for a in result.answers] == ["none"]
    assert result.best.status == "certified" and result.best.size == 0
    assert result.best.attainment.mean == 1.0  # perfect agents are their own reference


def test_a_target_out_of_reach_is_told(tmp_path):
    study = a_study(population="silent", mechanisms=["sharing_bonus", "protocol"], minimise="spend")
    result = search(study, url(tmp_path))
    assert {a.status for a in result.answers} == {"not_reached"}
    assert all(np.isnan(a.size) for a in result.answers)


@pytest.mark.parametrize("episodes", [1, 10, 60])
def test_the_budget_is_kept(tmp_path, episodes):
    result = search(a_study(budget={"episodes": episodes}), url(tmp_path))
    assert result.best.status == "out_of_budget"
    assert sum(result.episodes.values()) <= episodes


def test_what_cannot_be_played_fails_before_anything_is_stored(tmp_path):
    study = a_study(mechanisms=["hidden(thoughts=false) + sharing_bonus"])
    with pytest.raises(UserError, match="together"):
        search(study, url(tmp_path))
    search(a_study(budget={"episodes": 10}), url(tmp_path))  # of the same name: nothing is there


@pytest.fixture
def capped(monkeypatch):
    """Cap what may be played as a live client does, from below ``simulate``."""
    played = Study.play

    def cap(episodes: int | None) -> None:
        left = iter(range(10**9 if episodes is None else episodes))

        def play(study, mechanism, numbers, **others):
            if len(numbers) > 1 and next(left, None) is None:  # one episode checks the study
                raise OutOfBudget("the cap of 3 calls is reached")
            return played(study, mechanism, numbers, **others)

        monkeypatch.setattr(Study, "play", play)

    return cap


@pytest.mark.parametrize("plays", [0, 4, 9])
def test_a_cap_below_the_game_ends_the_search_with_what_it_knows(found, tmp_path, capped, plays):
    capped(plays)
    stopped = search(a_study(), url(tmp_path))
    assert stopped.best.status == "out_of_budget"
    assert stopped.stopped == "the cap of 3 calls is reached"
    assert not found.stopped
    capped(None)  # a report replays the answer
    assert stopped.report(tmp_path / "stopped.html").exists()
    again = search(a_study(), url(tmp_path))
    assert again.best.status == "certified" and not again.stopped
    kept = stopped.trials[stopped.trials["state"] == "COMPLETE"]
    assert again.trials.loc[kept.index, "attainment"].tolist() == kept["attainment"].tolist()


@pytest.mark.parametrize("episodes", [8, 20, 40, 60, 100, 200])
@pytest.mark.parametrize("population", ["perfect", "gpt-5-mini", "silent"])
def test_whatever_the_budget_claims_rest_on_what_was_played(tmp_path, population, episodes):
    asked = a_study(population=population, budget={"episodes": episodes})
    found = search(asked, url(tmp_path))
    for answer in found.answers:
        if answer.status == "certified":
            assert answer.attainment.n >= MIN_EPISODES and answer.spend.n >= MIN_EPISODES
        judged = found.evidence[found.evidence["candidate"] == answer.candidate]
        if judged.empty:
            assert answer.status == "out_of_budget" and not np.isfinite(answer.interval).any()
        assert (
            not np.isfinite(answer.interval[0])
            or "insufficient" in set(judged["verdict"])
            or (answer.interval[0] == 0.0 == answer.interval[1])
        )


def test_a_subsidy_that_agents_pay_each_other_is_exactly_zero():
    asked = a_study(mechanisms=["royalty"], minimise="subsidy")
    royalty = asked.candidates["royalty"].build({"share": 0.63})
    outcome = play_outcome(asked, royalty, range(40))
    assert set(outcome["subsidy"]) == {0.0} and min(outcome["spend"]) > 0.0


def test_a_fine_that_is_burnt_has_no_spend_but_a_cost():
    study = a_study(mechanisms=["withholding_fine(rate=[0, 500], rebate=0)"], minimise="cost")
    outcome = play_outcome(study, parse("withholding_fine(rate=300, rebate=0)"), range(3))
    assert set(outcome["spend"]) == {0.0}
    assert np.allclose(outcome["cost"], [-2.0 * subsidy for subsidy in outcome["subsidy"]])
    assert min(outcome["cost"]) > 0.0
    paid = play_outcome(study, parse("sharing_bonus(rate=300)"), range(3))
    assert np.allclose(paid["cost"], paid["spend"])
