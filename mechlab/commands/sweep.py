"""``mechlab sweep``: one thing at a time."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import Page, Settings, app, read_settings
from mechlab.commands._live_command import plays_live

if TYPE_CHECKING:
    from mechlab.commands._live_options import LiveOptions


@app.command(
    epilog="Example: mechlab sweep studies/sweeps/visibility.toml --population llm:MODEL "
    "--episodes 5 --plan"
)
@plays_live
def sweep(
    options: LiveOptions,
    files: Annotated[list[Path], typer.Argument(metavar="SWEEP...", help="Sweep files (TOML).")],
    population: Annotated[
        str | None, typer.Option(help="In place of the files' own: 'llm:MODEL', 'o3', ...")
    ] = None,
    settings: Settings = None,
    output: Page = None,
) -> None:
    """Vary one thing and leave all else as it is: what does it do to efficiency?

    Caps hold for each file, over all repetitions; those of its own live.caps hold where none is
    given here. The page has a section a file.
    """
    from mechlab.analysis.sweep import Sweep
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import Work
    from mechlab.report import write
    from mechlab.report.sweep import sentences, sweep_page

    changed = read_settings(settings)
    sweeps = [Sweep.load(file).override(population, options.stated, changed) for file in files]
    works = [Work(one.scenarios, one.live, one.stated, one.name) for one in sweeps]
    options.check(works)
    results = []
    for one, work in zip(sweeps, works, strict=True):
        with options.session(work):
            result = options.until_cap(one.play)
        if options.stopped or result is None:
            break
        results.append(result)
    if results:
        page = write(sweep_page(results), output) if output else None
        words = [(r.sweep.question, *(f"  {words}" for words in sentences(r))) for r in results]
        objects = [result.as_json() for result in results]
        options.show(
            {"sweeps": objects, "report": page and str(page)},
            lambda: _terminal.say(*chain.from_iterable(words)),
        )
    options.exit()
