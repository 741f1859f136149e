"""``mechlab decompose``: what limits a group, and what repairs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mechlab.commands._app import (
    Calls,
    CallStorage,
    Dollars,
    Json,
    LiveSettings,
    PlanOnly,
    Replay,
    Seed,
    Settings,
    Tokens,
    app,
    read_settings,
)


@app.command(epilog="Example: mechlab decompose --population o3 -o reports/o3.html")
def decompose(  # noqa: PLR0913 - an argument an option
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', ...")],
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    episodes: Annotated[
        int | None,
        typer.Option(min=2, help="Episodes of each condition [200; live: to be given]."),
    ] = None,
    seed: Seed = 0,
    incentive: Annotated[
        str, typer.Option(help="The mechanism that is tried as the incentive.")
    ] = "sharing_bonus(rate=1000)",
    settings: Settings = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a page here.")
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
    """Say whether a group is limited by cooperation or by competence, and what repairs it.

    One side of the communication is done by the system: where it asks, cooperation is left to the
    agents; where it answers, competence.
    """
    from mechlab.analysis.decomposition import decompose as decompose_group
    from mechlab.analysis.decomposition import scenarios
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import LiveOptions, Work
    from mechlab.report import write
    from mechlab.report.decomposition import decomposition_page, sentences

    options = LiveOptions.of(
        episodes, storage, replay, live, calls=calls, tokens=tokens, dollars=dollars
    )
    asked: dict[str, Any] = {
        "game": game,
        "population": population,
        "episodes": options.episodes,
        "seed": seed,
        "settings": read_settings(settings),
        "incentive": incentive,
    }
    work = Work(list(scenarios(**asked).values()))
    if plan:
        options.plan([work], as_json)
        return
    options.check(work)
    with options.session(work):
        result = options.until_cap(lambda: decompose_group(**asked))
    options.exit()
    assert result is not None
    page = write(decomposition_page(result), output) if output else None
    if as_json:
        _terminal.print_json({**result.as_json(), "report": page and str(page), **options.spent})
        return
    for sentence in sentences(result):
        _terminal.say(sentence)
    options.print_spent()
    if page:
        _terminal.say(f"Report: {page}")
