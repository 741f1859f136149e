"""``mechlab replicate``: the published study beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands.app import Json, app

if TYPE_CHECKING:
    from mechlab.replicate import Replication


@app.command(epilog="Example: mechlab replicate -o reports/replication.html")
def replicate(
    episodes: Annotated[int, typer.Option(min=2, help="Fresh episodes of each condition.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed; the fit was made on another one.")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a page here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put every published figure beside ours: interval, residual, and the misfits in words."""
    from mechlab import terminal
    from mechlab.replicate import replicate as play
    from mechlab.report import misfits
    from mechlab.report.replication import sheet

    with terminal.working("playing every published condition with every model"):
        found = play(episodes=episodes, seed=seed)
    page = sheet(found).write(output) if output else None
    said = misfits.words(found)
    if as_json:
        terminal.print_json({**found.as_json(), **said, "report": page and str(page)})
        return
    _print_table(found)
    for sentence in (*said["headline"], *said["far"], *said["tensions"]):
        terminal.say(sentence)
    if page:
        terminal.say(f"Report: {page}")


def _print_table(found: Replication) -> None:
    """Print every figure beside ours, a row each."""
    from rich.box import SIMPLE
    from rich.table import Table

    from mechlab.terminal import OUT, number

    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("figure", overflow="fold")
    for heading in ("published", "ours", "95% interval", "factor", "met"):
        table.add_column(heading, justify="right", no_wrap=True)
    for replica in found.replicas:
        f, ours = replica.figure, replica.ours
        interval = " to ".join(map(number, ours.ci95)) if ours.n > 1 else "-"
        met = "-" if not replica.measured else "yes" if replica.cell.inside else "no"
        numbers = (number(f.target), number(ours.mean), interval, number(replica.cell.factor))
        table.add_row(f"{f.model}, {f.condition}, {f.metric}", *numbers, met)
    OUT.print(table)
