"""A PostgreSQL server of the tests' own: its own folder, its own port, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder of the server's programs, or None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


class Server:
    """A running server; stops and starts again at will."""

    def __init__(self, folder: Path) -> None:
        home = programs()
        assert home is not None
        self._bin, self._folder = home, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._count = 0
        self._run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "lab", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder}"
        log = f"{self._folder}/log"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-m", "immediate", "stop")

    def database(self) -> str:
        """Create a database and return its URL."""
        self._count += 1
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "lab")
        self._run("createdb", *where, f"test{self._count}")
        return f"postgresql+psycopg://lab@127.0.0.1:{self.port}/test{self._count}"

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        command = [*(user if os.geteuid() == 0 else []), str(self._bin / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)
        assert done.returncode == 0, done.stderr


@contextmanager
def serving() -> Iterator[Server]:
    """Keep a server while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path must be short
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
