"""Commands that play live agents: the options that they share.

They are read by ``_live_options``, which is imported when such a command runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.commands._app import Json, read_settings

if TYPE_CHECKING:
    from mechlab.commands._live_options import LiveOptions


def plays_live(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options about live agents, and pass them to it as ``options``."""
    own = inspect.signature(command, locals={"LiveOptions": Any}, eval_str=True).parameters
    shared = inspect.signature(_live_options, locals={"LiveOptions": Any}, eval_str=True).parameters

    @wraps(command, assigned=("__module__", "__name__", "__doc__"))
    def with_options(**values: Any) -> None:
        options = _live_options(**{name: values.pop(name) for name in shared})
        command(**values, options=options)

    every = [*(own[name] for name in own if name != "options"), *shared.values()]
    with_options.__annotations__ = {}  # all of them stand in the signature
    with_options.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    return with_options


def _live_options(  # noqa: PLR0913 - an argument an option
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Episodes of each setting; default: 200, or a file's.")
    ] = None,
    live: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Live: a setting as in a study's live table, like timeout=60; repeatable.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Live: database URL of calls; default: sqlite:///.mechlab/calls.db."),
    ] = None,
    calls: Annotated[int | None, typer.Option(min=0, help="Live: most calls.")] = None,
    tokens: Annotated[int | None, typer.Option(min=0, help="Live: most tokens.")] = None,
    dollars: Annotated[float | None, typer.Option(min=0, help="Live: most US dollars.")] = None,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Live: take all answers from the storage, make no call."),
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would cost; play nothing.")
    ] = False,
    as_json: Json = False,
) -> LiveOptions:
    from mechlab.commands._live_options import LiveOptions

    settings = read_settings(live, "--live", "timeout=60 or endpoints.groq.url='https://...'")
    caps = {"calls": calls, "tokens": tokens, "dollars": dollars}
    return LiveOptions.of(settings, caps, episodes, storage, replay, plan, as_json)
