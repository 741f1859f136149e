"""``mechlab decompose``: what limits a group, and what repairs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechlab.commands._app import Json, Seed, app
from mechlab.commands.run import Settings, read_settings


@app.command(epilog="Example: mechlab decompose --population o3 -o reports/o3.html")
def decompose(  # noqa: PLR0913 - an argument an option
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', ...")],
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    episodes: Annotated[int, typer.Option(help="Episodes of each condition.")] = 200,
    seed: Seed = 0,
    incentive: Annotated[
        str, typer.Option(help="The mechanism that is tried as the incentive.")
    ] = "sharing_bonus(rate=1000)",
    settings: Settings = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a page here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether a group is limited by cooperation or by competence, and what repairs it.

    One side of the communication is done by the system: where it asks, cooperation is left to the
    agents; where it answers, competence.
    """
    from mechlab.analysis.decomposition import decompose as decompose_group
    from mechlab.commands import _terminal
    from mechlab.report import write
    from mechlab.report.decomposition import decomposition_page, sentences

    with _terminal.working(f"playing {7 * episodes:,} episodes"):
        result = decompose_group(
            game,
            population,
            episodes=episodes,
            seed=seed,
            settings=read_settings(settings),
            incentive=incentive,
        )
    page = write(decomposition_page(result), output) if output else None
    if as_json:
        _terminal.print_json({**result.as_json(), "report": page and str(page)})
        return
    for sentence in sentences(result):
        _terminal.say(sentence)
    if page:
        _terminal.say(f"Report: {page}")
