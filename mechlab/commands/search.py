"""``mechlab search``, ``report`` and ``plan``: answer a study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.commands._app import INTERRUPTED, Json, Output, Storage, StudyFile, app, warn

if TYPE_CHECKING:
    import pandas as pd

    from mechlab.search.results import SearchResult


@app.command(epilog="Example: mechlab search studies/quickstart.toml --workers 2")
def search(  # noqa: PLR0913 - an argument an option
    file: StudyFile,
    storage: Storage = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes here (default 1), or on the Dask cluster (all)."),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send the workers to this Dask scheduler.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Live: take all answers from the storage.")
    ] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the smallest incentive that reaches the study's target, certify it, write a report.

    Stop it at any moment; the same command goes on from there.
    """
    from mechlab.commands import _terminal
    from mechlab.search import search as search_study
    from mechlab.search.run import SearchStopped
    from mechlab.study import Study

    study = Study.load(file)
    if not replay:
        study.check_stated()
    try:
        with _terminal.progress() as progress:
            result = search_study(
                study, storage, workers=workers, dask=dask, replay=replay, progress=progress
            )
    except SearchStopped as stopped:
        warn(str(stopped))
        raise typer.Exit(INTERRUPTED) from None
    _report(result, output or _page(study.name), as_json)


@app.command(epilog="Example: mechlab report studies/quickstart.toml -o reports/quickstart.html")
def report(
    file: StudyFile, storage: Storage = None, output: Output = None, as_json: Json = False
) -> None:
    """Write the report of a search from its record, finished or not."""
    from mechlab.search.run import known
    from mechlab.study import Study

    study = Study.load(file)
    _report(known(study, storage), output or _page(study.name), as_json)


def _page(name: str) -> Path:
    return Path("reports") / f"{name}.html"


def _report(result: SearchResult, path: Path, as_json: bool) -> None:
    """Write the report of a search, and print its verdict."""
    from mechlab.analysis.findings import findings
    from mechlab.commands import _terminal
    from mechlab.report import write
    from mechlab.report.study import study_page

    found = findings(result)
    page = write(study_page(result, found), path)
    if as_json:
        moved = {"transfer": found.transfer.to_dict("records")} if result.study.transfer else {}
        _terminal.print_json({**_terminal.search_as_json(result, page), **moved})
    else:
        _terminal.print_verdict(result, page)
        _print_transfer(found.transfer)


def _print_transfer(rows: pd.DataFrame) -> None:
    """Print what the answer comes to in other games and among other agents, if the study asks."""
    from mechlab.commands import _terminal

    if rows.empty:
        return
    fields = {(row["game"], row["population"]): row for row in rows.to_dict("records")}
    games, groups = (list(dict.fromkeys(names)) for names in zip(*fields, strict=True))
    _terminal.say("What carries over, with money scaled by each game's unit (% of the target's")
    _terminal.say("reference point, or of perfect play):")
    lines = [(game, *(_outcome(fields[game, group]) for group in groups)) for game in games]
    _terminal.print_table(("", *groups), lines)
    for reason in dict.fromkeys(row["why"] for row in fields.values() if row["why"]):
        where = dict.fromkeys(game for (game, _), row in fields.items() if row["why"] == reason)
        _terminal.say(f"{', '.join(where)}: {reason}")


def _outcome(row: Mapping[Any, Any]) -> str:
    played = row["outcome"] != "not played"
    return f"{row['outcome']} ({row['attainment']:.0%})" if played else str(row["outcome"])


@app.command(epilog="Example: mechlab plan studies/quickstart.toml")
def plan(
    file: StudyFile,
    storage: Storage = None,
    stand_in: Annotated[
        str | None,
        typer.Option(metavar="POPULATION", help="Who plays in place of live agents, like o3."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a search would cost, from a simulation of the search itself."""
    from mechlab.commands import _terminal
    from mechlab.search.plan import plan as plan_search
    from mechlab.study import Study

    study = Study.load(file)
    with _terminal.working("simulating the search"):
        expected = plan_search(study, stand_in, storage)
    if as_json:
        _terminal.print_json(expected.as_json())
    else:
        _terminal.print_plan(expected)
