"""``mechlab check``: what a mechanism promises in a game, proved or attacked without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mechlab.commands._app import Json, Settings, app, read_settings

if TYPE_CHECKING:
    from mechlab.checks import Verdicts

_COLOURS = {True: "green", False: "red", None: "dim"}


@app.command(epilog="Example: mechlab check 'sharing_bonus(rate=1000)' --game sharing")
def check(
    mechanism: Annotated[
        str, typer.Argument(metavar="MECHANISM", help="'royalty(share=0.1) + protocol', ...")
    ],
    game: Annotated[str, typer.Option(help="A game (see: mechlab list games).")] = "sharing",
    settings: Settings = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="One check, like farming_2; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check what a mechanism promises in a game; what fails comes with a command that shows it.

    Budget balance; individual rationality and incentive compatibility of
    honesty; misreporting; whether one agent or a pair can farm it, at what
    cost; what a selfish group makes of it; equilibria of matrix games; whether
    giving spreads in a population; whether acts bring in play what the game
    claims.
    """
    from mechlab.checks import check as check_mechanism
    from mechlab.commands import _terminal

    with _terminal.working("playing against the mechanism"):
        verdicts = check_mechanism(
            mechanism, game, settings=read_settings(settings), only=only or ()
        )
        data = verdicts.to_dict() if as_json else {}
    if as_json:
        _terminal.print_json(data)
    else:
        _print(verdicts)


def _print(verdicts: Verdicts) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from mechlab.checks import CHECKS, SIGNS
    from mechlab.commands import _terminal

    _terminal.OUT.print(Text(f"{verdicts.mechanism} in {verdicts.game.name}", style="bold"))
    for verdict in verdicts:
        head = Text(f"{SIGNS[verdict.holds]:6}", style=_COLOURS[verdict.holds])
        title = CHECKS.get(verdict.name).promise
        _terminal.OUT.print(head + Text(f"{verdict.name}: {title}", style="bold"))
        _terminal.OUT.print(Padding(Text(verdict.words), (0, 0, 0, 6)))
        for what, play in (("show it again", verdict.play), ("play it", verdict.attack)):
            if play:
                again = Text(f"      {what}: {play.command}", style="dim")
                _terminal.OUT.print(again, soft_wrap=True)
