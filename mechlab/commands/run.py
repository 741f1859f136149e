"""``mechlab run``: play episodes."""

from __future__ import annotations

from typing import Annotated

import typer

from mechlab.commands._app import (
    Calls,
    CallStorage,
    Dollars,
    Json,
    LiveSettings,
    PlanOnly,
    Replay,
    Seed,
    Settings,
    Tokens,
    app,
    read_settings,
)


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
    storage: CallStorage = None,
    calls: Calls = None,
    tokens: Tokens = None,
    dollars: Dollars = None,
    replay: Replay = False,
    plan: PlanOnly = False,
    as_json: Json = False,
) -> None:
    """Play episodes and print their measures, each with its interval.

    Live agents (llm:MODEL) are models at OPENAI_BASE_URL with OPENAI_API_KEY, from the environment
    or the file .env; --live says where others are and how they are called. All calls are kept: the
    same command goes on where it was stopped, and costs nothing when repeated. Exit 3: a cap was
    reached; what was played until then is printed.
    """
    from mechlab.commands import _terminal
    from mechlab.commands._live_options import LiveOptions, Work
    from mechlab.simulation import play, scenario

    options = LiveOptions.of(
        episodes, storage, replay, live, calls=calls, tokens=tokens, dollars=dollars
    )
    asked = scenario(
        game,
        population,
        mechanism,
        episodes=options.episodes,
        seed=seed,
        condition=condition,
        settings=read_settings(settings),
    )
    work = Work([asked])
    if plan:
        options.plan([work], as_json)
        return
    options.check(work)
    with options.session(work):
        played = options.until_cap(lambda: play(asked))
        summary = played.summary if played else {}
    if as_json and played:
        _terminal.print_json({**_terminal.run_as_json(played, summary), **options.spent})
    elif played:
        _terminal.print_run(played, summary)
        options.print_spent()
    options.exit()
