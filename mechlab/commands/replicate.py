"""``mechlab replicate``: the published study beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechlab.commands.app import Json, app


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
    from mechlab.report.replication import sheet, table

    with terminal.working("playing every published condition with every model"):
        found = play(episodes=episodes, seed=seed)
    page = sheet(found).write(output) if output else None
    said = misfits.words(found)
    if as_json:
        terminal.print_json({**found.as_json(), **said, "report": page and str(page)})
        return
    columns = ["model", "condition", "metric", "published", "ours", "from", "to", "factor", "met"]
    rows = table(found).frame[columns].itertuples(index=False)
    written = ([terminal.number(v) if isinstance(v, float) else v for v in row] for row in rows)
    terminal.print_table(columns, written)
    for sentence in (*said["headline"], *said["far"], *said["tensions"]):
        terminal.say(sentence)
    if page:
        terminal.say(f"Report: {page}")
