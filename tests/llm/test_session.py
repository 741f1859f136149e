"""Garbage is searched for seldom while a session is open, and as before afterwards."""

import gc

import pytest

from mechlab.llm.session import _rare_collection, live_session


@pytest.fixture(autouse=True)
def _as_before():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("set_before", [(700, 10, 10), (0, 10, 10), (200_000, 5, 5)])
def test_the_thresholds_are_as_before_afterwards(set_before):
    gc.set_threshold(*set_before)
    with pytest.raises(KeyError), _rare_collection():
        raise KeyError
    assert gc.get_threshold() == set_before


def test_it_never_searches_more_often_than_it_did():
    gc.set_threshold(200_000, 5, 5)
    with _rare_collection():
        assert gc.get_threshold()[0] == 200_000


def test_who_had_it_switched_off_keeps_it_off():
    gc.set_threshold(0)
    with _rare_collection():
        assert gc.get_threshold()[0] == 0


def test_an_open_session_searches_seldom(tmp_path):
    gc.set_threshold(700, 10, 10)
    with live_session(url=f"sqlite:///{tmp_path}/calls.db"):
        assert gc.get_threshold()[0] > 10_000
    assert gc.get_threshold() == (700, 10, 10)
