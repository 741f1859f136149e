"""``mechlab run``: play episodes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mechlab.commands.app import Json, Seed, app
from mechlab.errors import UserError

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the game; repeatable."),
]


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
    settings: Settings = None,
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
            settings=read_settings(settings),
        )
        summary = played.summary
    if as_json:
        terminal.print_json(terminal.run_as_json(played, summary))
    else:
        terminal.print_run(played, summary)


def read_settings(pairs: list[str] | None) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs; values are written as in TOML."""
    import tomllib

    settings: dict[str, Any] = {}
    for pair in pairs or []:
        try:
            settings.update(tomllib.loads(pair))
        except tomllib.TOMLDecodeError:
            raise UserError(f"--set takes NAME=VALUE, like rounds=30, got {pair!r}") from None
    return settings
