"""A search watched: what the page says, that it is for this machine alone, and how it ends."""

import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing

import lxml.html
import pytest

from mechlab.llm._store import SPENDING, open_tables
from mechlab.search import search
from mechlab.store import Store
from mechlab.study import Study
from mechlab.watch import Lookout, render, serve
from tests.interrupts import heard
from tests.report.hostile import HOSTILE

TEXT = """\
question = '''{question}'''
game = "public_goods"
population = "selfish"
mechanisms = ["sharing_bonus(rate=[0, 1])"]
minimise = "rate"
[target]
efficiency = 0.8
[budget]
episodes = 600
"""


def study(question="How much?"):
    return Study.read(TEXT.format(question=question), name="watched")


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('watch')}/watched.db"
    search(study(), url)
    return url


def serve_in_background(asked, url):
    """Serve a record from a thread; return the page's address."""
    found = threading.Event()
    where = []

    def ready(address):
        where.append(address)
        found.set()

    store = Store.open(asked, url, create=False)
    threading.Thread(target=serve, args=(store, 0, ready), daemon=True).start()
    assert found.wait(240)
    return where[0]


@pytest.fixture
def address(record):
    return serve_in_background(study("\n".join(HOSTILE).replace("'''", "''")), record)


def fetch(address, **headers):
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=240) as answer:
        return answer.read().decode()


def test_what_is_seen_of_a_search_that_ended(record):
    with closing(Store.open(study(), record, create=False)) as store:
        scene = Lookout(store).look()
    assert scene.phase == "at rest"
    assert scene.workers == ()
    bonus = next(s for s in scene.standings if s.candidate == "sharing_bonus")
    assert bonus.status == "certified" and " to " in bonus.shown
    episodes, held_out = scene.meters
    assert 0 < held_out.used < episodes.used <= episodes.cap == 600


def test_a_worker_and_what_it_does_are_seen(record):
    from mechlab.search.heartbeat import beating, new_worker

    with closing(Store.open(study(), record, create=False)) as store:
        worker = new_worker()
        with beating(store, worker):
            assert store.claim("sharing_bonus abc", worker, set)
            scene = Lookout(store).look()
    assert [w.activity for w in scene.workers] == ["plays held-out episodes of sharing_bonus"]
    assert scene.workers[0].alive and scene.phase == "certifying"


def test_what_live_agents_used_up_is_seen_against_its_caps(tmp_path):
    """Seven calls of 100 tokens, charged as by a worker; a cap on calls, none on dollars."""
    text = TEXT.format(question="How much?").replace('"selfish"', '"llm:some-model"')
    asked = Study.read(f"{text}[live.caps]\ncalls = 50\n", name="watched")
    url = f"sqlite:///{tmp_path}/live.db"
    with closing(Store.open(asked, url)) as store:
        assert [m.used for m in Lookout(store).look().meters] == [0, 0, 0, 0, 0]
        add = {"run": "watched", "calls": 7, "tokens": 700, "dollars": 0.5}
        with open_tables(url).begin() as connection:
            connection.execute(SPENDING.insert().values(add))
        scene = Lookout(store).look()
        assert [(m.name, m.used, m.cap) for m in scene.meters[2:]] == [
            ("model calls", 7, 50),
            ("tokens", 700, None),
            ("US dollars", 0.5, None),
        ]
        said = " ".join(lxml.html.document_fromstring(render(asked, scene)).text_content().split())
    assert "Model calls 7 of 50 at most" in said
    assert "Tokens 700 no limit" in said


def test_the_page_shows_it_and_hostile_text_stays_text(address):
    page = lxml.html.document_fromstring(fetch(address))
    assert "At rest" in page.xpath("//main")[0].text_content()
    said = " ".join(page.text_content().split())
    for text in HOSTILE:
        if "\u2028" not in text:
            assert " ".join(text.replace("'''", "''").split()) in said, text
    assert len(page.xpath("//script")) == 1
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_looking_changes_nothing(record, address):
    path = record.removeprefix("sqlite:///")

    def content():
        with closing(sqlite3.connect(path)) as base:
            return list(base.iterdump())

    before = content()
    fetch(address)
    assert content() == before


def test_it_answers_to_this_machine_alone(address):
    assert address.startswith("http://127.0.0.1:")
    for refused, headers in ((403, {"Host": "evil.example"}), (404, {})):
        target = address if headers else f"{address}other"
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(target, **headers)
        assert error.value.code == refused


@pytest.mark.slow
def test_the_command_ends_at_ctrl_c(record, tmp_path):
    file = tmp_path / "watched.toml"
    file.write_text(TEXT.format(question="How much?"))
    command = [sys.executable, "-m", "mechlab", "watch", str(file), "--storage", record]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = subprocess.Popen(command, **pipes, text=True, preexec_fn=heard)
    line = started.stdout.readline()
    assert "watched" in fetch(line.split()[0])
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=240)
    assert (started.returncode, errors) == (0, "")


def test_a_study_that_was_never_searched_is_one_line(tmp_path):
    file = tmp_path / "watched.toml"
    file.write_text(TEXT.format(question="How much?"))
    command = [sys.executable, "-m", "mechlab", "watch", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert ended.returncode == 2
    assert "mechlab search" in ended.stderr and len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == [file]
