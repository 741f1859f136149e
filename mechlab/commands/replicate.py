"""``mechlab replicate``: the published study beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import Json, Page, app
from mechlab.errors import UserError

if TYPE_CHECKING:
    from mechlab.analysis.replication import Replication


@app.command(epilog="Example: mechlab replicate -o reports/replication.html")
def replicate(
    episodes: Annotated[
        int, typer.Option(min=2, help="Held-out episodes of each condition.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed; the fit was made on another one.")] = 1,
    output: Page = None,
    population: Annotated[str | None, typer.Option(hidden=True)] = None,
    as_json: Json = False,
) -> None:
    """Put the published figures beside those of the stand-ins that were fitted to them.

    Printed are those that ours miss; --json and the page have all, with intervals.
    """
    from mechlab.analysis.replication import replicate as replicate_study
    from mechlab.commands import _terminal
    from mechlab.report import write
    from mechlab.report.replication import replication_page, sentences

    if population is not None:
        raise UserError(
            f"replicate plays the stand-ins of the published models alone: for {population!r} "
            "use mechlab run, sweep or decompose"
        )
    with _terminal.working("playing every published condition with every model"):
        replication = replicate_study(episodes=episodes, seed=seed)
    page = write(replication_page(replication), output) if output else None
    words = sentences(replication)
    if as_json:
        _terminal.print_json({**replication.as_json(), **words, "report": page and str(page)})
        return
    _terminal.say(*words["headline"])
    _print_misfits(replication)
    _terminal.say(*words["tensions"])
    _terminal.say(f"Report: {page}" if page else "All figures: -o PAGE.html, or --json")


def _print_misfits(replication: Replication) -> None:
    """Print the figures that ours miss, the furthest off first."""
    from rich.box import SIMPLE
    from rich.table import Table

    from mechlab.commands._terminal import OUT, number

    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("missed figure")
    for heading in ("published", "ours", "factor", "fitted"):
        table.add_column(heading, justify="right", no_wrap=True)
    for replica in replication.misfits:
        f = replica.figure
        figure = f"{f.model}, {f.condition}, {f.metric}".replace("_", " ")
        numbers = (number(f.target), number(replica.ours), number(replica.factor))
        table.add_row(figure, *numbers, "yes" if replica.fitted else "no")
    OUT.print(table)
