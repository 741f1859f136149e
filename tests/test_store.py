"""The record: identity, claims, evidence, and trouble told in one line."""

import sqlite3

import pytest

from mechlab.database import StorageError
from mechlab.store import Store, reporting
from tests.search.studies import a_study


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/a.db"


def test_the_default_is_a_file_below_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store.open(a_study())
    assert store.url == "sqlite:///.mechlab/bonus.db"
    assert (tmp_path / ".mechlab" / "bonus.db").exists()


def test_another_study_of_the_name_is_refused_and_the_record_left_alone(url):
    Store.open(a_study(), url).close()
    with pytest.raises(StorageError, match=r"target\.efficiency is 0\.5 here and 0\.75 there"):
        Store.open(a_study(target={"efficiency": 0.5, "relative_to": "sequential"}), url)
    Store.open(a_study(), url).close()


def test_several_studies_share_a_database(url):
    first = Store.open(a_study(), url)
    second = Store.open(a_study(name="second", seed=4), url)
    assert first.claim("k", "a", set) and second.claim("k", "b", set)
    first.record("k", {"attainment": [1.0]})
    assert second.outcomes(["k"]) == {}


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_deleted_while_it_is_open_is_missed(url, tmp_path, replaced):
    """Otherwise all that is written goes into a file that nobody can open any more."""
    store = Store.open(a_study(), url)
    for file in tmp_path.glob("a.db*"):
        file.unlink()
    if replaced:
        Store.open(a_study(), url).close()
    with (
        pytest.raises(StorageError, match=r"a\.db: the file was deleted, moved or replaced"),
        reporting(store.url),
    ):
        store.claim("k", "a", set)


def test_a_batch_is_claimed_by_one_living_worker(url):
    store = Store.open(a_study(), url)
    assert store.claim("k", "a", set)
    assert not store.claim("k", "b", lambda: {"a", "b"})
    assert store.claim("k", "b", lambda: {"b"})  # a is dead
    store.record("k", {"attainment": [1.0]})
    assert not store.claim("k", "c", set)  # it was played


def test_the_first_outcome_of_a_batch_stays(url):
    store = Store.open(a_study(), url)
    store.claim("k", "a", set)
    store.record("k", {"attainment": [1.0]})
    store.record("k", {"attainment": [2.0]})
    assert store.outcomes(["k", "other"]) == {"k": {"attainment": [1.0]}}


def test_the_first_end_of_exploring_stays(url):
    store = Store.open(a_study(), url)
    assert store.explored is None
    store.end_exploring([0, 2])
    store.end_exploring([0, 1, 2])
    assert store.explored == [0, 2]


def test_what_is_not_there_is_not_created(url, tmp_path):
    with pytest.raises(StorageError, match="holds no search of 'a'"):
        Store.open(a_study(), url, create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("no url", "a storage is written like"),
        ("oracle+nothing://x/y", "no driver for 'oracle+nothing'"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/none", "refused"),
        ("sqlite:////proc/none/a.db", "sqlite:////proc/none/a.db: No such file"),
    ],
)
def test_storages_that_cannot_be_opened(wrong, said):
    if "psycopg" in wrong:
        pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(StorageError) as raised:
        Store.open(a_study(), wrong)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "a.db").write_text("hello " * 1000)
    with pytest.raises(StorageError, match="not a database"):
        Store.open(a_study(), f"sqlite:///{tmp_path}/a.db")


def test_a_full_disk_is_told_and_corrupts_nothing(url, tmp_path):
    store = Store.open(a_study(), url)
    store.claim("k", "a", set)
    with store.engine.connect() as connection:  # the page limit makes SQLite report a full disk
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    full = pytest.raises(StorageError, match="disk is full; all that was told is kept")
    with full, reporting(store.url):
        for number in range(1000):
            store.claim(f"{number} " + 200 * "x", "a", set)
    store.close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    again = Store.open(a_study(), url)
    assert not again.claim("k", "b", lambda: {"a"})


def test_a_lost_connection_is_told(tmp_path):
    store = Store.open(a_study(), f"sqlite:///{tmp_path}/a.db")
    store.close()
    for file in tmp_path.glob("a.db*"):
        file.unlink()
    tmp_path.joinpath("a.db").mkdir()
    with pytest.raises(StorageError, match="unable to open database file"), reporting(store.url):
        store.outcomes(["k"])


def test_other_searches_of_the_same_question_are_counted_in_this_database_and_beside_it(tmp_path):
    """A second seed, a second target and another question; each in a file or a name of its own."""
    here = f"sqlite:///{tmp_path}/here.db"
    mine = Store.open(a_study(), here)
    assert mine.same_question() == []
    Store.open(a_study(name="again", seed=7), here).close()
    Store.open(a_study(target={"efficiency": 0.5}), f"sqlite:///{tmp_path}/beside.db").close()
    Store.open(a_study(name="other", population="perfect"), here).close()
    (tmp_path / "no_record.db").write_text("not a database")
    found = mine.same_question()
    assert [one.split(" (")[0] for one in found] == ["again", mine.study.name]
    assert "seed 7" in found[0] and "target 0.5" in found[1]
