"""``mechlab decompose``: what limits a group, and what repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.commands._app import Page, Seed, Settings, app, read_settings
from mechlab.commands._live_command import plays_live

if TYPE_CHECKING:
    from mechlab.commands._live_options import LiveOptions


@app.command(epilog="Example: mechlab decompose --population o3 -o reports/o3.html")
@plays_live
def decompose(  # noqa: PLR0913 - an argument an option
    options: LiveOptions,
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', ...")],
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    seed: Seed = 0,
    incentive: Annotated[
        str, typer.Option(help="The mechanism that is tried as the incentive.")
    ] = "sharing_bonus(rate=1000)",
    settings: Settings = None,
    output: Page = None,
) -> None:
    """Say whether a group is limited by cooperation or by competence, and what repairs it.

    One side of the communication is done by the system: where it asks, cooperation is left to the
    agents; where it answers, competence.
    """
    from mechlab.analysis.decomposition import decompose as decompose_group
    from mechlab.analysis.decomposition import scenarios
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import Work
    from mechlab.report import write
    from mechlab.report.decomposition import decomposition_page, sentences

    arguments: dict[str, Any] = {
        "game": game,
        "population": population,
        "episodes": options.episodes,
        "seed": seed,
        "settings": read_settings(settings),
        "incentive": incentive,
    }
    work = Work(list(scenarios(**arguments).values()))
    options.check([work])
    with options.session(work):
        result = options.until_cap(lambda: decompose_group(**arguments))
    options.exit()
    assert result is not None
    page = write(decomposition_page(result), output) if output else None
    words = {**result.as_json(), "report": page and str(page)}
    options.show(words, lambda: _terminal.say(*sentences(result)))
