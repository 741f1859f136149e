"""The application, the options that several commands share, and how a line is printed safely."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mechlab.errors import UserError

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
LiveSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--live",
        metavar="NAME=VALUE",
        help="Live: a setting of a study's [live] table, like timeout=60; repeatable.",
    ),
]
CallStorage = Annotated[
    str | None, typer.Option(help="Live: database URL of calls [sqlite:///.mechlab/calls.db].")
]
Calls = Annotated[int | None, typer.Option(min=0, help="Live: most calls.")]
Tokens = Annotated[int | None, typer.Option(min=0, help="Live: most tokens.")]
Dollars = Annotated[float | None, typer.Option(min=0, help="Live: most US dollars.")]
Replay = Annotated[
    bool, typer.Option("--replay", help="Live: take all answers from the storage, make no call.")
]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Say what it would cost; play nothing.")]
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
    """Prints what the package has to say while it works, like what it waits for, on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        warn(record.getMessage())


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
