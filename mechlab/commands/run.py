"""``mechlab run``: play episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import Seed, Settings, app, read_settings
from mechlab.commands._live_command import plays_live

if TYPE_CHECKING:
    from mechlab.commands._live_options import LiveOptions


@app.command(
    epilog="Example: mechlab run --population o3 --mechanism 'sharing_bonus(rate=1000)' --seed 0"
)
@plays_live
def run(  # noqa: PLR0913 - an argument an option
    options: LiveOptions,
    population: Annotated[str, typer.Option(help="'o3', 'o3*5 + perfect*5', 'llm:MODEL', ...")],
    mechanism: Annotated[str, typer.Option(help="'royalty(share=0.1) + protocol', ...")] = "none",
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    condition: Annotated[str, typer.Option(help="A condition of the game.")] = "baseline",
    seed: Seed = 0,
    settings: Settings = None,
) -> None:
    """Play episodes and print their measures, each with its interval.

    Live agents (llm:MODEL) are models at OPENAI_BASE_URL with OPENAI_API_KEY, from the environment
    or the file .env; --live says where others are and how they are called. All calls are kept: the
    same command goes on where it was stopped, and costs nothing when repeated. Exit 3: a cap was
    reached; what was played until then is printed.
    """
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import Work
    from mechlab.simulation import play, scenario

    episodes = scenario(
        game,
        population,
        mechanism,
        episodes=options.episodes,
        seed=seed,
        condition=condition,
        settings=read_settings(settings),
    )
    work = Work([episodes])
    options.check([work])
    with options.session(work):
        played = options.until_cap(lambda: play(episodes))
        summary = played.summary if played else {}
    if played:
        result = _terminal.run_as_json(played, summary)
        options.show(result, lambda: _terminal.print_run(played, summary))
    options.exit()
