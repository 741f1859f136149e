"""The application, the options that several commands share, and how a line is printed safely."""

from __future__ import annotations

import inspect
import logging
import re
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.errors import UserError

if TYPE_CHECKING:
    from mechlab.commands._live_options import LiveOptions

app = typer.Typer(
    help="A lab for incentives among agents: find the smallest one that works, and certify it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CAPPED = 3  # exit code: a cap was reached before all episodes were played
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
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the game; repeatable."),
]
Page = Annotated[Path | None, typer.Option("-o", "--output", help="Write a page here.")]
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same episodes.")]


def safe(text: str) -> str:
    """Return a text with � in place of every control character but the line feed.

    Bidirectional overrides count, which make a line read as another one (Unicode TR 36).

    >>> safe("a\\x1b[2Jb\\x9b c\\n")
    'a�[2Jb� c\\n'
    """
    return _CONTROL.sub("�", text)


_CONTROL = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def warn(text: str) -> None:
    """Print one line about the command itself on stderr."""
    print("mechlab:", safe(" ".join(text.split())), file=sys.stderr)


class Warnings(logging.Handler):
    """Prints what is said while a command works, like what it waits for, on stderr."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        warn(record.getMessage())


def crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback of a mistake of ours, which may hold any text."""
    print(safe("".join(format_exception(kind, error, trace))), file=sys.stderr, end="")


def read_settings(
    pairs: list[str] | None, option: str = "--set", example: str = "rounds=30"
) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs of a repeatable option; they are written as in TOML."""
    from mechlab.recipe import parse_toml

    for pair in pairs or []:
        try:
            parse_toml(pair, option)
        except UserError:
            raise UserError(f"{option} takes NAME=VALUE, like {example}, got {pair!r}") from None
    return parse_toml("\n".join(pairs or []), option)


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
