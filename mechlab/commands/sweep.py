"""``mechlab sweep``: one thing at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechlab.commands._app import Json, app
from mechlab.commands.run import Settings, read_settings


@app.command(
    epilog="Example: mechlab sweep studies/sweeps/visibility.toml --population llm:gpt-4.1-mini"
)
def sweep(  # noqa: PLR0913 - an argument an option
    files: Annotated[list[Path], typer.Argument(metavar="SWEEP...", help="Sweep files (TOML).")],
    population: Annotated[
        str | None, typer.Option(help="In place of the files' own: 'llm:MODEL', 'o3', ...")
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(min=2, help="Episodes of each value, in place of the files'.")
    ] = None,
    settings: Settings = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a page here, a section a file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Vary one thing and leave all else as it is: what does it do to efficiency?"""
    from mechlab.analysis.sweep import Sweep
    from mechlab.commands import _terminal
    from mechlab.report import write
    from mechlab.report.sweep import sentences, sweep_page

    changed = read_settings(settings)
    sweeps = [Sweep.load(file).override(population, episodes, changed) for file in files]
    results = []
    for one in sweeps:
        with _terminal.working(f"playing {one.name}"):
            results.append(one.play())
    page = write(sweep_page(results), output) if output else None
    if as_json:
        objects = [result.as_json() for result in results]
        _terminal.print_json({"sweeps": objects, "report": page and str(page)})
        return
    for result in results:
        _terminal.say(result.sweep.question)
        for sentence in sentences(result):
            _terminal.say(f"  {sentence}")
    if page:
        _terminal.say(f"Report: {page}")
