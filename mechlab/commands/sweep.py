"""``mechlab sweep``: one thing at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import (
    Calls,
    CallStorage,
    Dollars,
    Json,
    LiveSettings,
    PlanOnly,
    Replay,
    Settings,
    Tokens,
    app,
    read_settings,
)

if TYPE_CHECKING:
    from mechlab.analysis.sweep import SweepResult


@app.command(
    epilog="Example: mechlab sweep studies/sweeps/visibility.toml --population llm:MODEL "
    "--episodes 5 --plan"
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
    live: LiveSettings = None,
    storage: CallStorage = None,
    calls: Calls = None,
    tokens: Tokens = None,
    dollars: Dollars = None,
    replay: Replay = False,
    plan: PlanOnly = False,
    as_json: Json = False,
) -> None:
    """Vary one thing and leave all else as it is: what does it do to efficiency?

    Caps hold for each file, over all repetitions; those of its own [live.caps] hold where none is
    given here.
    """
    from mechlab.analysis.sweep import Sweep
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import LiveOptions, Work
    from mechlab.report import write
    from mechlab.report.sweep import sweep_page

    changed = read_settings(settings)
    sweeps = [Sweep.load(file).override(population, episodes, changed) for file in files]
    options = LiveOptions.of(
        episodes, storage, replay, live, calls=calls, tokens=tokens, dollars=dollars
    )
    works = [Work(one.scenarios, one.live, one.stated, one.name) for one in sweeps]
    if plan:
        options.plan(works, as_json)
        return
    for work in works:
        options.check(work)
    results = []
    for one, work in zip(sweeps, works, strict=True):
        with options.session(work):
            result = options.until_cap(one.play)
        if options.stopped or result is None:
            break
        results.append(result)
    page = write(sweep_page(results), output) if output and results else None
    if as_json and results:
        objects = [result.as_json() for result in results]
        report = page and str(page)
        _terminal.print_json({"sweeps": objects, "report": report, **options.spent})
    elif results:
        _print(results)
        options.print_spent()
        if page:
            _terminal.say(f"Report: {page}")
    options.exit()


def _print(results: list[SweepResult]) -> None:
    from mechlab.commands import _terminal
    from mechlab.report.sweep import sentences

    for result in results:
        _terminal.say(result.sweep.question)
        for sentence in sentences(result):
            _terminal.say(f"  {sentence}")
