"""``mechlab calibrate``: fit emulated agents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import Json, Seed, Settings, app, read_settings

if TYPE_CHECKING:
    from mechlab.calibrate import FigureFit, PilotFit


@app.command(epilog="Example: mechlab calibrate pilot.csv -o pilot.json")
def calibrate(
    runs: Annotated[
        Path | None,
        typer.Argument(
            help="Figures (CSV with model, condition, metric, value), or the episodes of a pilot: "
            "the store of live calls (SQLite), or a table (CSV or Parquet, a row per episode with "
            "tasks and, if known, messages, requested, sent, feasible, condition, mechanism); by "
            "default the package's published figures."
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where the fit goes (JSON).")
    ] = Path("emulated.json"),
    seed: Seed = 0,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Fit emulated agents to published figures, or one agent to the episodes of a pilot.

    A fit to a pilot has intervals, predicts each run from the others, and warns of what the pilot
    does not identify. Use it wherever a population is named: fit:pilot.json.
    """
    from mechlab.calibrate import calibrate as fit_figures
    from mechlab.calibrate import fit_episodes, read_episodes
    from mechlab.calibrate.episodes import kind_of, read_store
    from mechlab.commands import _terminal
    from mechlab.errors import UserError
    from mechlab.statistics import counted

    given, kind = read_settings(settings), kind_of(runs) if runs else "figures"
    if runs is None or kind == "figures":
        if given:
            raise UserError("--set is for a pilot: published figures are of the default settings")
        with _terminal.working("fitting emulated agents"):
            fit: FigureFit | PilotFit = fit_figures(runs, seed=seed)
    else:
        if kind == "episodes":
            table = read_episodes(runs)
        elif given:
            raise UserError(f"--set is for a table: {runs} holds the settings of its episodes")
        else:
            table, given = read_store(runs)
        with _terminal.working(f"fitting {counted(len(table), 'episode')}"):
            fit = fit_episodes(table, name=runs.stem, settings=given, seed=seed)
    path = fit.save(output)
    if as_json:
        _terminal.print_json({**fit.content, "path": str(path)})
    else:
        _print(fit)
        _terminal.say(f"{path} is written.")


def _print(fit: FigureFit | PilotFit) -> None:
    from mechlab.calibrate import PilotFit
    from mechlab.commands import _terminal

    if isinstance(fit, PilotFit):
        _print_pilot(fit)
        return
    for cell in fit.residuals:
        if cell.fitted and not cell.inside:
            f = cell.figure
            what = f"{f.model}, {f.condition}, {f.metric}"
            values = f"published {_terminal.number(f.target)}, ours {_terminal.number(cell.ours)}"
            _terminal.say(f"not met: {what}: {values}")
    _terminal.say(f"{fit.inside:.0%} of the fitted figures lie inside the published interval,")
    _terminal.say("or within 10% where none was published.")


def _print_pilot(fit: PilotFit) -> None:
    from mechlab.commands import _terminal

    number = _terminal.number
    rows = []
    for name, value in vars(fit.agent.fitted).items():
        low, high = fit.interval(name)
        verdict = "no" if name in fit.agent.borrowed else "yes" if low < high else "fixed"
        rows.append((name, number(value), f"{number(low)} to {number(high)}", verdict))
    _terminal.print_table(("parameter", "best fit", "90% interval", "identified"), rows)
    for check in fit.checks:
        between = " to ".join(map(number, check.interval))
        verdict = "as expected" if check.inside else "NOT as expected"
        tasks = f"tasks {number(check.observed)}, from the other runs {between}"
        _terminal.say(f"{check.run}: {tasks}: {verdict}")
    _terminal.say(*(f"warning: {warning}" for warning in fit.warnings))
