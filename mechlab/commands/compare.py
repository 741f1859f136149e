"""``mechlab compare``: searched studies side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.commands._app import Json, Storage, app
from mechlab.errors import UserError

if TYPE_CHECKING:
    from mechlab.analysis.comparison import Comparison


@app.command(
    epilog="Example: mechlab compare studies/quickstart.toml studies/mixed_group.toml -o both.html"
)
def compare(
    studies: Annotated[
        list[Path], typer.Argument(metavar="STUDY...", help="Study files, each searched before.")
    ],
    storage: Storage = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The page, or pictures (.png, .svg, .pdf).")
    ] = Path("reports/compare.html"),
    as_json: Json = False,
) -> None:
    """Rank the answers of studies, and say which differences the data support."""
    from mechlab.analysis.comparison import Comparison
    from mechlab.commands import _terminal
    from mechlab.report import write
    from mechlab.report.comparison import comparison_page

    with _terminal.working("reading and checking"):
        comparison = Comparison(tuple(_result(path, storage) for path in studies))
        page = write(comparison_page(comparison), output)
    if as_json:
        _terminal.print_json(_json(comparison, page))
    else:
        _print(comparison, page)


def _result(path: Path, storage: str | None) -> Any:
    from mechlab.search.run import known
    from mechlab.study import Study

    study = Study.load(path)
    try:
        return known(study, storage)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _json(comparison: Comparison, page: Path) -> dict[str, Any]:
    return {
        "rankings": [
            {
                "minimise": smallest,
                "target": {"efficiency": efficiency, "relative_to": relative},
                "places": [_place(comparison, place) for place in places],
            }
            for (smallest, efficiency, relative), places in comparison.rankings.items()
        ],
        "confidence": comparison.confidence,
        "report": str(page),
    }


def _place(comparison: Comparison, place: Any) -> dict[str, Any]:
    entry = comparison.entry(place.name)
    answer, study = entry.answer, entry.result.study
    return {
        "rank": [place.first, place.last],
        "study": study.name,
        "game": study.game,
        "population": str(study.group),
        "mechanism": str(answer.mechanism),
        "status": answer.status,
        "size": {"value": answer.size, "interval": list(answer.interval)},
        "not_told_apart_from": list(place.level),
        "efficiency": answer.efficiency.as_json(),
        "spend": {**answer.spend.as_json(), "share_of_revenue": answer.spend_share},
        "subsidy": answer.subsidy.as_json(),
    }


def _print(comparison: Comparison, page: Path) -> None:
    from rich.text import Text

    from mechlab.commands import _terminal
    from mechlab.report.comparison import statements
    from mechlab.report.words import between, percent, rank_words

    for words, (goal, places) in zip(
        statements(comparison), comparison.rankings.items(), strict=True
    ):
        _terminal.OUT.print(Text(words.headline, style="bold green"))
        rows = [(place, comparison.entry(place.name)) for place in places]
        _terminal.print_table(
            ("rank", "mechanism", f"smallest {goal[0]}", "share of revenue"),
            [
                (
                    rank_words(place),
                    entry.label,
                    between(entry.result, entry.answer)
                    if entry.answer.found
                    else entry.answer.status.replace("_", " "),
                    percent(entry.answer.spend_share),
                )
                for place, entry in rows
            ],
        )
        _terminal.say(*words.sentences)
    _terminal.OUT.print(Text(f"Report: {page}", style="bold"))
