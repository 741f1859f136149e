"""A running search on a small page, served to this machine alone, that keeps itself up to date.

``serve`` runs until Ctrl-C; ``Lookout(store).look()`` returns the same state as a ``Scene``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mechlab.errors import UserError
from mechlab.report import html
from mechlab.report.verdict import target_words
from mechlab.search.worker import calm
from mechlab.store import Store, reporting
from mechlab.study import Study
from mechlab.watch._scene import Lookout, Scene

__all__ = ["Lookout", "Scene", "serve"]

_HOST = "127.0.0.1"
# a page from elsewhere that resolves its own name to this address is refused (DNS rebinding)
_NAMES = ("127.0.0.1", "localhost")
_STYLE = """
progress { width: 100%; accent-color: var(--link); }
table th { padding: .4rem .6rem; text-align: left; }
"""


def serve(store: Store, port: int, ready: Callable[[str], object]) -> None:
    """Serve the page of a search until Ctrl-C; nothing in its record is changed.

    Port 0 is any that is free; ``ready`` is called with the address of the page.

    Raises:
        UserError: where the port is taken.
        KeyboardInterrupt: at Ctrl-C.
    """
    lookout, lock = Lookout(store), threading.Lock()

    def page() -> str:
        with lock, reporting(store.url):
            return render(store.study, lookout.look())

    try:
        server = ThreadingHTTPServer((_HOST, port), _handler(page))
    except OSError as error:
        raise UserError(f"port {port} of {_HOST}: {error.strerror}") from None
    with server, calm():
        ready(f"http://{_HOST}:{server.server_port}/")
        server.serve_forever()


def _handler(page: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = 200, "text/plain", ""
            if self.headers.get("Host", "").rpartition(":")[0] not in _NAMES:
                status, text = 403, "this page is for this machine only"
            elif self.path != "/":
                status, text = 404, "there is only one page: /"
            else:
                try:
                    kind, text = "text/html", page()
                except UserError as trouble:
                    status, text = 503, str(trouble)
            self._answer(status, kind, text.encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
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


def render(study: Study, scene: Scene) -> str:
    """Return the page of one moment of a search."""
    script = html.asset("watch.js", "mechlab.watch")
    style = html.asset("style.css") + _STYLE
    policy = f"{html.security_policy([script], [style])}; connect-src 'self'"
    template = html.environment("mechlab.watch").get_template("page.html.j2")
    return template.render(
        study=study,
        scene=scene,
        target=target_words(study),
        script=script,
        style=style,
        policy=policy,
    )
