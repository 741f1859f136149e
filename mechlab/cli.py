"""The ``mechlab`` command: parse, call, print. Heavy imports stand where they are used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from mechlab.errors import UserError, unknown

if TYPE_CHECKING:
    from mechlab.result import SearchResult

app = typer.Typer(
    help="A lab for incentives among agents: find the smallest one that works, and certify it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130  # as a shell has it: 128 and the number of the signal

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file (TOML).")]
Storage = Annotated[
    str | None,
    typer.Option(help="Database URL of the record; default: sqlite:///.mechlab/NAME.db."),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The report; default: reports/NAME.html.")
]
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same episodes.")]


@app.command(
    epilog="Example: mechlab run --population o3 --mechanism 'sharing_bonus(rate=1000)' --seed 0"
)
def run(  # noqa: PLR0913 - an argument an option
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', ...")],
    mechanism: Annotated[str, typer.Option(help="'royalty(share=0.1) + protocol', ...")] = "none",
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    condition: Annotated[str, typer.Option(help="A condition of the game.")] = "baseline",
    episodes: Annotated[int, typer.Option(min=1, help="Number of episodes.")] = 200,
    seed: Seed = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the game; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Play episodes and print their measures, each with its interval."""
    from mechlab import terminal
    from mechlab.simulate import simulate

    with terminal.working(f"playing {episodes:,} episodes"):
        played = simulate(
            game,
            population,
            mechanism,
            episodes=episodes,
            seed=seed,
            condition=condition,
            settings=_settings(settings or []),
        )
        summary = played.summary
    if as_json:
        terminal.print_json(terminal.run_as_json(played, summary))
    else:
        terminal.print_run(played, summary)


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs; values are written as in TOML."""
    import tomllib

    settings: dict[str, Any] = {}
    for pair in pairs:
        try:
            settings.update(tomllib.loads(pair))
        except tomllib.TOMLDecodeError:
            raise UserError(f"--set takes NAME=VALUE, like rounds=30, got {pair!r}") from None
    return settings


@app.command(epilog="Example: mechlab search studies/quickstart.toml --workers 2")
def search(  # noqa: PLR0913 - an argument an option
    study: StudyFile,
    storage: Storage = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes here (default 1), or on the Dask cluster (all)."),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send the workers to this Dask scheduler.")
    ] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the smallest incentive that reaches the study's target, certify it, write a report.

    Stop it at any moment; the same command goes on from there.
    """
    from mechlab import terminal
    from mechlab.report import write_report
    from mechlab.search.run import SearchStopped
    from mechlab.search.run import search as run_search
    from mechlab.study import Study

    asked = Study.load(study)
    page = output or _page(asked.name)
    try:
        with terminal.progress() as progress:
            found = run_search(asked, storage, workers=workers, dask=dask, progress=progress)
    except SearchStopped as stopped:
        print("mechlab:", stopped, file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    _tell_result(found, write_report(found, page), as_json)


@app.command(epilog="Example: mechlab report studies/quickstart.toml -o reports/quickstart.html")
def report(
    study: StudyFile, storage: Storage = None, output: Output = None, as_json: Json = False
) -> None:
    """Write the report of a search from its record, finished or not."""
    from mechlab.report import write_report
    from mechlab.search.run import known
    from mechlab.study import Study

    asked = Study.load(study)
    found = known(asked, storage)
    _tell_result(found, write_report(found, output or _page(asked.name)), as_json)


def _page(name: str) -> Path:
    return Path("reports") / f"{name}.html"


def _tell_result(found: SearchResult, page: Path, as_json: bool) -> None:
    from mechlab import terminal

    if as_json:
        terminal.print_json(terminal.search_as_json(found, page))
    else:
        terminal.print_verdict(found, page)


@app.command(epilog="Example: mechlab plan studies/quickstart.toml")
def plan(study: StudyFile, as_json: Json = False) -> None:
    """Say what a search would cost, from a simulation of the search itself."""
    from mechlab import terminal
    from mechlab.search.plan import plan as plan_search
    from mechlab.study import Study

    asked = Study.load(study)
    with terminal.working("simulating the search"):
        planned = plan_search(asked)
    if as_json:
        terminal.print_json(planned.as_json())
    else:
        terminal.print_plan(planned)


@app.command(epilog="Example: mechlab new my_question")
def new(name: Annotated[str, typer.Argument(help="Name of the study; writes NAME.toml.")]) -> None:
    """Write a commented study to start from; an existing file is left as it is."""
    from mechlab import terminal
    from mechlab.study import write_template

    path = write_template(name)
    terminal.say(f"{path} is written; edit it, then: mechlab search {path}")


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


@app.command("list", epilog="Example: mechlab list mechanisms")
def list_(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="games, mechanisms, populations or measures.")
    ],
    as_json: Json = False,
) -> None:
    """List what there is: games, mechanisms, populations or measures."""
    from mechlab import catalogue, terminal

    if what not in catalogue.KINDS:
        raise unknown("kind to list", what, catalogue.KINDS)
    rows = catalogue.KINDS[what]()
    if as_json:
        terminal.print_json({what: rows})
    else:
        terminal.print_rows(rows)


def main() -> None:
    """Run the command: exit 0 done, 2 the user's mistake, 1 ours, 130 interrupted."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (UserError, TyperException) as mistake:
        text = mistake.format_message() if isinstance(mistake, TyperException) else str(mistake)
        print("mechlab:", " ".join(text.split()), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
