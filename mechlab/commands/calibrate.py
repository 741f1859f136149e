"""``mechlab calibrate``: fit emulated agents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechlab.commands.app import Seed, app


@app.command(epilog="Example: mechlab calibrate -o emulated.json")
def calibrate(
    figures: Annotated[
        Path | None, typer.Argument(help="CSV of published figures; the package's own by default.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where the fit goes (JSON).")
    ] = Path("emulated.json"),
    seed: Seed = 0,
) -> None:
    """Fit the emulated agents to published figures; writes parameters and all residuals."""
    from mechlab import terminal
    from mechlab.calibrate import calibrate as fit

    with terminal.working("fitting emulated agents"):
        found = fit(figures, seed=seed)
    found.save(output)
    terminal.print_fit(found, output)
