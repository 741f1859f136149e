"""Renderers of searches and comparisons, at the entry point ``mechlab.renderers``.

So what computes results need not import what draws them: pages, and short HTML for a notebook.
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

_COLOURS = {"certified": "#009E73", "estimated": "#0072B2", "not_reached": "#D55E00"}
_GREY = "#7d8590"


class _Search:
    def write(self, result: SearchResult, path: Path) -> Path:
        return write(study_page(result, findings(result)), path)

    def html(self, result: SearchResult) -> str:
        words = Verdict(result)
        rows = [(tile.heading, f"{tile.value}, {tile.detail}") for tile in tiles(result)]
        return _card(words.status, words.headline, [*rows, ("Agents", words.agents)], words.meaning)


class _Comparison:
    def write(self, result: Comparison, path: Path) -> Path:
        return write(comparison_page(result), path)

    def html(self, result: Comparison) -> str:
        cards = (
            (one.headline, [("", line) for line in one.sentences]) for one in statements(result)
        )
        return "".join(_card("compared", *card) for card in cards)


def _card(status: str, headline: str, rows: Iterable[tuple[str, str]], meaning: str = "") -> str:
    """Return a verdict as HTML without scripts, which takes its look from the notebook."""
    template = environment("mechlab.report").get_template("notebook.html.j2")
    words = {"status": status.replace("_", " "), "meaning": meaning, "headline": headline}
    return template.render(**words, rows=rows, colour=_COLOURS.get(status, _GREY))


RENDERERS.add("search", _Search())
RENDERERS.add("comparison", _Comparison())
