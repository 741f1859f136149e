"""Puts a page together: verdict, charts and tables into one self-contained file."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from mechlab import figures
from mechlab.analysis.comparison import Comparison
from mechlab.analysis.findings import Findings
from mechlab.errors import UserError
from mechlab.report import embed, export, words
from mechlab.report.chart import Chart
from mechlab.report.compare import comparison_page
from mechlab.report.glossary import GLOSSARY
from mechlab.report.page import Page
from mechlab.report.study_page import page
from mechlab.report.tables import Table
from mechlab.search.results import SearchResult


def write_report(result: SearchResult, found: Findings, path: str | Path) -> Path:
    """Write the report of a search as one HTML page, or its figures, and return the path.

    A path that ends in .png, .svg or .pdf takes the first figure; each other one goes beside it,
    its name after the path's ("report-frontier.png").

    Raises:
        UserError: where the path cannot be written; an existing file is then left as it was.
    """
    return write(page(result, found), Path(path))


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """Write the comparison of several studies; path and errors as in ``write_report``."""
    return write(comparison_page(comparison), Path(path))


def write(content: Page, path: Path) -> Path:
    """Write a page, or its figures where the path names one of their formats."""
    if path.suffix.lower() in export.FORMATS:
        return export.write_figures(content.charts, path)
    html = render(content)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(html, encoding="utf-8", errors="backslashreplace")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise UserError(
            f"{path}: the report cannot be written: {error.strerror or error}"
        ) from None
    return path


def render(content: Page) -> str:
    """Return a page as text."""
    style = text_of("style.css")
    scripts = [text_of("before.js"), _plotly(), text_of("table.js"), text_of("script.js")]
    template = environment("mechlab.report").get_template(content.template)
    return template.render(
        **content.sections,
        glossary=GLOSSARY,
        data=embed.escaped(_data(content)),
        style=style,
        scripts=scripts,
        policy=embed.policy(scripts, [style]),
    )


def _data(content: Page) -> str:
    """Return what the page's script draws: figures, their tables, and the two looks."""
    drawn = ",".join(f"{embed.safe_json(c.name)}:{_figure(c)}" for c in content.charts)
    own = {c.name: c.data for c in content.charts if isinstance(c.data, Table)}
    shown = {name: table.packed() for name, table in {**content.tables, **own}.items()}
    looks = {name: figures.template(name == "dark").to_plotly_json() for name in ("light", "dark")}
    rest = embed.safe_json({"tables": shown, "looks": looks, "spoken": content.more})
    return f'{{"figures":{{{drawn}}},{rest.removeprefix("{")}'


def _figure(chart: Chart) -> str:
    figure = chart.figure.update_layout(template=None)
    return str(figure.to_json())


@lru_cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def text_of(name: str) -> str:
    """Return a file of this package."""
    return (files("mechlab.report") / name).read_text(encoding="utf-8")


@lru_cache
def environment(package: str) -> Environment:
    """Return the environment of a package's templates: everything that they show is escaped."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written: dict[str, Any] = {
        name: getattr(words, name) for name in ("money", "number", "percent", "share")
    }
    environment.filters.update(written)
    return environment
