"""The ``mechlab`` command: parse, call, print. Heavy imports stand where they are used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from mechlab.errors import UserError, unknown

app = typer.Typer(
    help="A lab for incentives among agents: find the smallest one that works, and certify it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file (TOML).")]
Storage = Annotated[
    str | None,
    typer.Option(help="Database URL of the record; default: sqlite:///.mechlab/NAME.db."),
]
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same episodes.")]


@app.command(
    epilog="Example: mechlab run --population o3 --mechanism 'sharing_bonus(rate=1000)' --seed 0"
)
def run(
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


@app.command("list", epilog="Example: mechlab list mechanisms")
def list_(
    what: Annotated[str, typer.Argument(metavar="KIND", help="games, mechanisms, populations or measures.")],
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
        terminal.print_rows(what, rows)


def main() -> None:
    """Run the command: exit 0 when done, 2 at the user's mistake, 1 at ours, 130 when interrupted."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (UserError, TyperException) as mistake:
        text = mistake.format_message() if isinstance(mistake, TyperException) else str(mistake)
        print("mechlab:", " ".join(text.split()), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("mechlab: interrupted", file=sys.stderr)
        sys.exit(130)
