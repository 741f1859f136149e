"""Several workers on one record: equal, expendable, and of one mind."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import zip_longest

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from mechlab.database import StorageError
from mechlab.errors import UserError
from mechlab.search import heartbeat, search
from mechlab.search.explore import Explorer, spaces_of
from mechlab.search.heartbeat import beating, dismiss, living, new_worker
from mechlab.search.run import known
from mechlab.search.sampler import MinimumIncentiveSampler, report, wanted_replicates
from mechlab.search.trials import (
    ATTAINMENT,
    FIRST,
    MECHANISM,
    PLAYED,
    REPLICATES,
    begun,
    play_outcome,
)
from mechlab.search.worker import Dismissed, calm, join, work
from mechlab.store import Store, trial_key
from tests.search.studies import a_study

WORKER = """
import sys
from tests.search.studies import a_study
from mechlab.search import search
search(a_study(**eval(sys.argv[2])), sys.argv[1])
"""


def start(url: str, **changes) -> subprocess.Popen[bytes]:
    """Start a search in a process of its own."""
    command = [sys.executable, "-c", WORKER, url, repr(changes)]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def told(url: str) -> dict[int, tuple]:
    """Return what the record holds of every finished trial."""
    with calm(), closing(Store.open(a_study(), url, create=False)) as store:
        trials = store.trials().get_trials(deepcopy=False)
    return {t.number: (t.params, t.values, t.user_attrs[PLAYED]) for t in trials if t.values}


@pytest.mark.slow
def test_four_workers_answer_within_the_interval_of_one(database, tmp_path):
    alone = search(a_study(), f"sqlite:///{tmp_path}/alone.db").best
    together = search(a_study(), database, workers=4).best
    assert together.status == alone.status == "certified"
    assert together.interval[0] < alone.size and alone.interval[0] < together.size


@pytest.mark.slow
def test_searches_started_at_once_work_together(database):
    crew = [start(database) for _ in range(3)]
    for member in crew:
        _, said = member.communicate(timeout=120)
        assert member.returncode == 0, said.decode()
    result = known(a_study(), database)
    assert result.best.status == "certified"
    assert result.trials["number"].is_unique


@pytest.mark.slow
def test_workers_killed_at_random_moments_lose_nothing(database):
    a_study().check_playable()  # compiles what a killed worker would compile again and again
    chance = random.Random(1)
    before: dict[int, tuple] = {}
    crew = [start(database), start(database)]
    for _ in range(20):
        time.sleep(chance.uniform(0.0, 2.5))
        victim = crew.pop(chance.randrange(len(crew)))
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        crew.append(start(database))
        try:
            now = told(database)
        except StorageError:  # nothing was begun before the first kill
            continue
        assert {n: now[n] for n in before} == before  # what was told stays as it was
        before = now
    for member in crew:
        member.communicate(timeout=120)
    result = search(a_study(), database)
    assert result.best.status == "certified"
    assert {n: told(database)[n] for n in before} == before
    done = result.trials[result.trials["state"] == "COMPLETE"]
    assert done["number"].is_unique
    assert result.episodes["explore"] == done["episodes"].sum()


@pytest.fixture
def store(tmp_path):
    with calm(), closing(Store.open(a_study(), f"sqlite:///{tmp_path}/a.db")) as opened:
        yield opened


def left_behind(store: Store, worker: str, rate: float | None, replicates: list[int] | None) -> int:
    """Leave a trial as a worker does that is killed in the middle of it; return its number."""
    choice = CategoricalDistribution(list(store.study.candidates))
    params, distributions = {MECHANISM: "sharing_bonus"}, {MECHANISM: choice}
    if rate is not None:
        params |= {"sharing_bonus.rate": rate}
        distributions |= spaces_of(store.study)["sharing_bonus"]
    written = {REPLICATES: replicates} if replicates else {}
    trials = store.trials()
    trials.add_trial(
        create_trial(
            state=TrialState.RUNNING,
            params=params,
            distributions=distributions,
            user_attrs=written,
        )
    )
    number = trials.get_trials(deepcopy=False)[-1].number
    store.claim(trial_key(number), worker, lambda: {worker})
    return number


def states(store: Store) -> dict[int, str]:
    return {t.number: t.state.name for t in store.trials().get_trials(deepcopy=False)}


def test_workers_that_read_the_same_record_at_once_never_play_an_episode_twice(store):
    for _ in zip_longest(*(Explorer(store, worker) for worker in "abcd")):
        pass  # each step of a worker builds on what it read before the others' last steps
    done = [t for t in store.trials().get_trials() if t.state == TrialState.COMPLETE]
    episodes = [
        (str(trial.params), trial.user_attrs[PLAYED][FIRST] + k)
        for trial in done
        for k in range(len(trial.user_attrs[PLAYED][ATTAINMENT]))
    ]
    assert len(done) > 10
    assert len(episodes) == len(set(episodes))


def test_first_trials_that_meet_in_one_setting_play_other_episodes():
    spaces = {"": {"step": IntDistribution(0, 1)}}  # has fewer settings than first trials
    sampler = MinimumIncentiveSampler(
        target=0.8, size=lambda params: params["step"], spaces=spaces, seed=0
    )
    study = optuna.create_study(sampler=sampler)
    for _ in range(5):
        trial = study.ask(spaces[""])
        step = trial.params["step"]
        report(trial, [0.5 + 0.4 * step] * len(wanted_replicates(trial)))
        study.tell(trial, step)
    episodes = [(t.params["step"], t.user_attrs[PLAYED][FIRST]) for t in study.trials]
    assert {step for step, _ in episodes} == {0, 1}
    assert len(set(episodes)) == len(episodes)


@pytest.mark.parametrize("replicates", [None, [0, 2], [34, 8]])
def test_a_dead_workers_trial_goes_on_where_it_stopped(store, replicates):
    number = left_behind(store, "dead", 700.0, replicates)
    first, count = replicates or (0, 2)
    mechanism = store.study.candidates["sharing_bonus"].build({"rate": 700.0})
    expected = play_outcome(store.study, mechanism, range(first, first + count))
    result = search(a_study(), store.url)
    trial = store.trials().get_trials()[number]
    assert trial.state == TrialState.COMPLETE
    assert {name: trial.user_attrs[PLAYED][name] for name in expected} == expected
    assert trial.values == [700.0]  # the size, which is the rate
    assert (result.trials["sharing_bonus.rate"] == 700.0).sum() == 1


def test_a_dead_workers_trial_without_parameters_is_given_them(store):
    number = left_behind(store, "dead", None, None)
    search(a_study(), store.url)
    trial = store.trials().get_trials()[number]
    assert trial.state == TrialState.COMPLETE
    assert trial.params[MECHANISM] == "sharing_bonus"
    assert trial.user_attrs[REPLICATES][0] == trial.user_attrs[PLAYED][FIRST]


def test_a_living_workers_trial_is_left_alone(store):
    with beating(store, new_worker()) as heart:
        number = left_behind(store, heart.worker, 700.0, [0, 2])
        search(a_study(), store.url)
        assert states(store)[number] == "RUNNING"


def test_two_workers_take_a_dead_trial_up_once(store):
    number = left_behind(store, "dead", 700.0, [0, 2])
    with beating(store, "one"), beating(store, "two"):
        assert Explorer(store, "one").claim().number == number
        assert Explorer(store, "two").claim().number != number


def test_of_two_workers_that_begin_the_same_first_trial_one_withdraws(store):
    with beating(store, "one"), beating(store, "two"):
        one, two = Explorer(store, "one"), Explorer(store, "two")
        first, second = one.claim(), two.claim()
        for trial in (first, second):  # both propose before either has written anything
            assert trial.relative_params[MECHANISM] == "none"
        one.play(first, 10)
        two.play(second, 10)
    assert states(store) == {first.number: "COMPLETE", second.number: "FAIL"}
    assert [trial.number for trial in begun(store.trials())] == [first.number]


def test_a_worker_that_is_gone_or_silent_is_dead(store, monkeypatch):
    with beating(store, "here") as beat:
        assert living(store) == {"here"}
        monkeypatch.setattr(heartbeat, "GRACE", -1.0)
        assert living(store) == set()
        monkeypatch.undo()
        monkeypatch.setattr(heartbeat, "_gone", lambda pid: pid == os.getpid())
        assert living(store) == set()
        assert not beat.dismissed
    assert living(store) == set()


def test_a_dismissed_worker_goes_home(store, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT", 0.01)
    with beating(store, "here") as beat:
        dismiss(store, ["here"])
        while not beat.dismissed:
            time.sleep(0.01)
        with pytest.raises(Dismissed):
            work(store, beat)


def test_joining_needs_a_search_that_was_begun_and_the_same_study(store, tmp_path):
    with pytest.raises(StorageError, match="holds no search"):
        join(a_study(), f"sqlite:///{tmp_path}/none.db", new_worker())
    with pytest.raises(StorageError, match="seed is 4 here and 3 there"):
        join(a_study(seed=4), store.url, new_worker())


@pytest.mark.slow
def test_a_dask_cluster_works_on_a_search(database):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        result = search(a_study(), database, dask=cluster.scheduler_address)
    assert result.best.status == "certified"
    with pytest.raises(UserError, match="no Dask scheduler answers"):
        search(a_study(), database, dask="127.0.0.1:1")
