"""``mechlab watch``: a running search, live."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from mechlab.commands._app import Storage, StudyFile, app


@app.command(epilog="Example: mechlab watch studies/quickstart.toml")
def watch(
    file: StudyFile,
    storage: Storage = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; by default a free one.")] = 0,
) -> None:
    """Show a search on a page of this machine while it runs, and after; Ctrl-C ends it."""
    from mechlab.commands import _terminal
    from mechlab.store import Store
    from mechlab.study import Study
    from mechlab.watch import serve

    study = Study.load(file)
    with closing(Store.open(study, storage, create=False)) as store:
        try:
            serve(store, port, lambda url: _terminal.say(f"{url} shows {study.name}; Ctrl-C ends"))
        except KeyboardInterrupt:
            _terminal.say("")
