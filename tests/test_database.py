"""A password of a URL is shown nowhere, and trouble with a file is one line."""

import pickle
import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from mechlab.database import StorageError, location, masked
from mechlab.llm._store import open_tables
from mechlab.store import reporting

SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=6)


@given(SECRETS, st.sampled_from(["--storage {}", "--storage={} -o x.html", "'{}'"]))
def test_no_password_of_a_url_is_left(secret, command):
    url = URL.create("postgresql+psycopg", "me", f"pw{secret}wp", "db", 5432, "lab")
    written = masked(command.format(url.render_as_string(hide_password=False)))
    assert "me:***@db:5432/lab" in written
    assert "pw" not in written.replace("***", "")


@pytest.mark.parametrize(
    "text",
    [
        "mechlab search studies/quickstart.toml",
        "sqlite:////tmp/a:b@c.db",
        "http://127.0.0.1:8000/v1",
    ],
)
def test_what_holds_no_password_stays(text):
    assert masked(text) == text


def test_a_wrong_url_is_named_without_its_password():
    with pytest.raises(StorageError) as error:
        location("not a url://me:s3cret@db/lab")
    assert "s3cret" not in str(error.value)


@given(
    SECRETS, st.sampled_from(["me:{}@db/lab", "me@db/lab?password={}", "db/lab?password={}&a=b"])
)
def test_a_location_keeps_its_password_and_shows_it_nowhere(secret, form):
    written = "postgresql+psycopg://" + form.format(quote(f"pw{secret}wp", safe=""))
    where = pickle.loads(pickle.dumps(location(written)))  # as it goes to other processes
    assert where.password == f"pw{secret}wp" and where.database == "lab"
    for shown in (str(where), repr((where,)), repr({"storage": where}), where.render_as_string()):
        assert "pw" not in shown.replace("postgresql+psycopg", "")
    assert location(where) == where


HOLDS = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode=WAL")
for k in range(20):
    database.execute(f"CREATE TABLE t{k} (x)")
print("ready", flush=True)
input()
"""


def test_a_file_that_was_deleted_beside_its_log_is_told_in_one_line(tmp_path):
    file = tmp_path / "lab.db"
    command = [sys.executable, "-c", HOLDS, str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout.readline() == "ready\n"
        file.unlink()
        with pytest.raises(StorageError) as error, reporting("sqlite:///lab.db"):
            open_tables(f"sqlite:///{file}")
        other.communicate("\n")
    assert str(error.value) == (
        "sqlite:///lab.db: it was deleted or replaced, and something still uses what stood there: "
        "end that, delete lab.db-wal and lab.db-shm, and repeat the command"
    )
