"""The application, and the options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="A lab for incentives among agents: find the smallest one that works, and certify it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same episodes.")]
