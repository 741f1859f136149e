"""A budget that runs out, a database that goes away, a disk that is full: nothing told is lost."""

from contextlib import closing

import pytest
import sqlalchemy as sql

from mechlab import database
from mechlab.database import StorageError
from mechlab.search import search
from mechlab.search.worker import Progress
from mechlab.store import TABLES, Store
from mechlab.study import Study
from tests.search.studies import a_study

TOLD = "all that was told is kept, and the same command goes on from there"


def short_of(episodes: int, **changes):
    return a_study(budget={"episodes": episodes}, **changes)


def told(study: Study, url: str) -> dict[str, tuple]:
    """Return all that the record holds of finished trials and of fresh batches."""
    with closing(Store.open(study, url, create=False)) as store:
        trials = store.trials().get_trials(deepcopy=False)
        query = sql.select(TABLES.tables["mechlab_batch"])
        with store.engine.connect() as connection:
            batches = {row.key: row.outcome for row in connection.execute(query) if row.outcome}
    done = {t.number: (t.params, t.values, t.user_attrs) for t in trials if t.values}
    return {**batches, **done}


def kept(before: dict, after: dict) -> bool:
    return len(before) > 0 and all(after[key] == outcome for key, outcome in before.items())


@pytest.mark.parametrize("episodes", [10, 60])  # too few for exploring, for certifying
def test_a_larger_budget_goes_on_from_the_evidence(tmp_path, episodes):
    url = f"sqlite:///{tmp_path}/a.db"
    hard = {"target": {"efficiency": 0.82, "relative_to": "sequential"}}
    little, much = short_of(episodes, **hard), short_of(8000, **hard)
    first = search(little, url)
    assert first.best.status == "out_of_budget"
    assert sum(first.episodes.values()) <= episodes
    before = told(little, url)
    second = search(much, url)
    assert second.best.status == "certified"
    assert kept(before, told(much, url))
    assert search(much, url).answers == second.answers
    assert search(little, url).answers == second.answers


def stopping_server(server, phase: str):
    """Stop the server at the third step of a phase."""
    steps = []

    def watch(now: Progress) -> None:
        steps.append(now.phase)
        if steps.count(phase) == 3:
            server.stop()

    return watch


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["exploring", "certifying"])
def test_a_lost_server_is_told_and_the_search_goes_on_when_it_is_back(server, phase):
    study, url = short_of(8000, seed=4), server.database()
    with pytest.raises(StorageError, match=TOLD) as lost:
        search(study, url, progress=stopping_server(server, phase))
    assert "\n" not in str(lost.value)
    server.start()
    before = told(study, url)
    assert search(study, url).best.status == "certified"
    assert kept(before, told(study, url))


@pytest.mark.slow
def test_workers_end_with_a_lost_server(server):
    url = server.database()
    watch = stopping_server(server, "exploring")
    with pytest.raises(StorageError, match=TOLD):
        search(a_study(), url, workers=3, progress=watch)
    server.start()
    assert search(a_study(), url, workers=2).best.status == "certified"


@pytest.mark.parametrize("room", [2, 6])
def test_a_full_disk_is_told_and_the_search_goes_on_when_there_is_room(tmp_path, monkeypatch, room):
    url = f"sqlite:///{tmp_path}/a.db"
    with closing(Store.open(a_study(), url)) as store, store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    class Full(database._Connection):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            self.execute(f"PRAGMA max_page_count={pages + room}")

    with monkeypatch.context() as patched:
        patched.setattr(database, "_Connection", Full)
        with pytest.raises(StorageError, match=f"disk is full; {TOLD}"):
            search(a_study(), url)
    before = told(a_study(), url)
    assert search(a_study(), url).best.status == "certified"
    assert kept(before, told(a_study(), url))
