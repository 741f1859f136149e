"""The application, the options that several commands share, and how a line is printed safely."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from traceback import format_exception
from types import TracebackType
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
