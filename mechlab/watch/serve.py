"""Serves the page of a watched search, to this machine alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mechlab.errors import UserError
from mechlab.search.worker import calm
from mechlab.store import Store, reporting
from mechlab.watch.look import Lookout
from mechlab.watch.page import render

HOST = "127.0.0.1"
_OURS = ("127.0.0.1", "localhost")  # a page elsewhere may name us otherwise, and is refused


def serve(store: Store, port: int, ready: Callable[[str], object]) -> None:
    """Serve the page of a search until Ctrl-C.

    Args:
        store: the record; nothing in it is changed.
        port: where; 0 for any that is free.
        ready: called with the page's address.

    Raises:
        UserError: where the port is taken.
        KeyboardInterrupt: at Ctrl-C.
    """
    lookout, lock = Lookout(store), threading.Lock()

    def page() -> str:
        with lock, reporting(store.url):
            return render(store.study, lookout.look())

    try:
        server = _Server((HOST, port), _handler(page))
    except OSError as error:
        raise UserError(f"port {port} of {HOST}: {error.strerror}") from None
    with server, calm():
        ready(f"http://{HOST}:{server.server_port}/")
        server.serve_forever()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(page: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Host", "").rpartition(":")[0] not in _OURS:
                self._answer(403, "this page is for this machine alone", "text/plain")
            elif self.path != "/":
                self._answer(404, "there is one page only: /", "text/plain")
            else:
                self._page()

        def _page(self) -> None:
            try:
                html = page()
            except UserError as trouble:
                self._answer(503, str(trouble), "text/plain")
            else:
                self._answer(200, html, "text/html")

        def _answer(self, status: int, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal is the user's."""

    return Handler
