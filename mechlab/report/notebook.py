"""Results as a notebook shows them: the verdict, without scripts, in the notebook's own look."""

from __future__ import annotations

from mechlab.analysis.comparison import Comparison
from mechlab.report.build import environment
from mechlab.report.compare_words import said
from mechlab.report.tiles import tiles
from mechlab.report.verdict import verdict
from mechlab.search.results import SearchResult

_COLOURS = {"certified": "#009E73", "unreachable": "#D55E00"}  # the others are grey
_GREY = "#7d8590"


def result_html(result: SearchResult) -> str:
    """Return the verdict of a search as HTML."""
    words = verdict(result)
    rows = [(tile.heading, f"{tile.value}, {tile.detail}") for tile in tiles(result)]
    return _card(
        words.status.replace("_", " "),
        words.meaning,
        words.headline,
        [*rows, ("Agents", words.agents)],
        _COLOURS.get(words.status, _GREY),
    )


def comparison_html(comparison: Comparison) -> str:
    """Return the verdicts of a comparison as HTML."""
    return "".join(
        _card("compared", "", one.headline, [("", line) for line in one.more], _GREY)
        for one in said(comparison)
    )


def _card(
    status: str, meaning: str, headline: str, rows: list[tuple[str, str]], colour: str
) -> str:
    return (
        environment("mechlab.report")
        .get_template("notebook.html.j2")
        .render(status=status, meaning=meaning, headline=headline, rows=rows, colour=colour)
    )
