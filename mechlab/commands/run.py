"""``mechlab run``: play episodes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mechlab.commands._app import Json, Seed, app, warn
from mechlab.errors import UserError

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the game; repeatable."),
]
LiveSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--live",
        metavar="NAME=VALUE",
        help="Live: a setting of a study's [live] table, like timeout=60; repeatable.",
    ),
]


CAPPED = 3  # exit code: a cap was reached before all episodes were played


@app.command(
    epilog="Example: mechlab run --population o3 --mechanism 'sharing_bonus(rate=1000)' --seed 0"
)
def run(  # noqa: PLR0913 - an argument an option
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', 'llm:MODEL', ...")],
    mechanism: Annotated[str, typer.Option(help="'royalty(share=0.1) + protocol', ...")] = "none",
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    condition: Annotated[str, typer.Option(help="A condition of the game.")] = "baseline",
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Number of episodes [200; live: to be given].")
    ] = None,
    seed: Seed = 0,
    settings: Settings = None,
    live: LiveSettings = None,
    storage: Annotated[
        str | None, typer.Option(help="Live: database URL of calls [sqlite:///.mechlab/calls.db].")
    ] = None,
    calls: Annotated[int | None, typer.Option(min=0, help="Live: most calls.")] = None,
    tokens: Annotated[int | None, typer.Option(min=0, help="Live: most tokens.")] = None,
    dollars: Annotated[float | None, typer.Option(min=0, help="Live: most US dollars.")] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Live: take all answers from the storage.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Play episodes and print their measures, each with its interval.

    Live agents (llm:MODEL) are models at OPENAI_BASE_URL with OPENAI_API_KEY, from the environment
    or the file .env; --live says where others are and how they are called. All calls are kept: the
    same command goes on where it was stopped, and costs nothing when repeated. Exit 3: a cap was
    reached; what was played until then is printed.
    """
    from mechlab.agents.population import Population
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import LiveOptions
    from mechlab.games.base import make_game
    from mechlab.simulation import simulate

    rules = make_game(game, read_settings(settings))
    group = Population.of(population, rules.agents)
    options = LiveOptions.of(
        group, episodes, storage, replay, live, calls=calls, tokens=tokens, dollars=dollars
    )
    with options.session():
        played, stopped = options.until_cap(
            lambda: simulate(
                rules,
                group.members,
                mechanism,
                episodes=options.episodes,
                seed=seed,
                condition=condition,
            )
        )
        summary = played.summary if played else {}
    if as_json and played:
        _terminal.print_json(_terminal.run_as_json(played, summary))
    elif played:
        _terminal.print_run(played, summary)
    if stopped:
        warn(str(stopped))
        raise typer.Exit(CAPPED)


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
