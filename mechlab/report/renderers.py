"""Renderers of searches and comparisons: their pages, and short accounts in a notebook."""

from __future__ import annotations

from pathlib import Path

from mechlab.analysis.comparison import Comparison
from mechlab.analysis.findings import findings
from mechlab.rendering import RENDERERS
from mechlab.report.build import write_comparison, write_report
from mechlab.report.notebook import comparison_html, result_html
from mechlab.search.results import SearchResult


class _Search:
    def write(self, result: SearchResult, path: Path) -> Path:
        return write_report(result, findings(result), path)

    def html(self, result: SearchResult) -> str:
        return result_html(result)


class _Comparison:
    def write(self, result: Comparison, path: Path) -> Path:
        return write_comparison(result, path)

    def html(self, result: Comparison) -> str:
        return comparison_html(result)


RENDERERS.add("search", _Search())
RENDERERS.add("comparison", _Comparison())
