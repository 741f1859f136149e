"""Renderers of searches and comparisons: their pages, and short HTML for a notebook.

They are registered at the entry point ``mechlab.renderers``, so that what computes results need not
import what draws them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mechlab.analysis.comparison import Comparison
from mechlab.analysis.findings import findings
from mechlab.report._write import write
from mechlab.report.comparison import comparison_page, statements
from mechlab.report.html import environment
from mechlab.report.study import study_page
from mechlab.report.verdict import Verdict, tiles
from mechlab.search.results import RENDERERS, SearchResult

_COLOURS = {"certified": "#009E73", "unreachable": "#D55E00"}  # the others are grey
_GREY = "#7d8590"


class _Search:
    def write(self, result: SearchResult, path: Path) -> Path:
        return write(study_page(result, findings(result)), path)

    def html(self, result: SearchResult) -> str:
        words = Verdict(result)
        rows = [(tile.heading, f"{tile.value}, {tile.detail}") for tile in tiles(result)]
        rows.append(("Agents", words.agents))
        colour = _COLOURS.get(words.status, _GREY)
        status = words.status.replace("_", " ")
        return _card(status, words.meaning, words.headline, rows, colour)


class _Comparison:
    def write(self, result: Comparison, path: Path) -> Path:
        return write(comparison_page(result), path)

    def html(self, result: Comparison) -> str:
        return "".join(
            _card("compared", "", one.headline, [("", line) for line in one.sentences], _GREY)
            for one in statements(result)
        )


def _card(
    status: str, meaning: str, headline: str, rows: Iterable[tuple[str, str]], colour: str
) -> str:
    """Return a verdict as HTML without scripts, which takes its look from the notebook."""
    template = environment("mechlab.report").get_template("notebook.html.j2")
    return template.render(
        status=status, meaning=meaning, headline=headline, rows=rows, colour=colour
    )


RENDERERS.add("search", _Search())
RENDERERS.add("comparison", _Comparison())
