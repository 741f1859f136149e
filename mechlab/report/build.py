"""Puts a page together: verdict, charts and tables into one self-contained file."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from mechlab import figures
from mechlab.errors import UserError
from mechlab.report import embed, words
from mechlab.report.chart import Chart
from mechlab.report.glossary import GLOSSARY
from mechlab.report.page import Page, page
from mechlab.report.tables import Table
from mechlab.result import SearchResult


def write_report(result: SearchResult, path: str | Path) -> Path:
    """Write the report of a search as one HTML page and return its path.

    Raises:
        UserError: where the path cannot be written; an existing file is then left as it was.
    """
    return write_page(render(result), path)


def write_page(html: str, path: str | Path) -> Path:
    """Write a page and return its path.

    Raises:
        UserError: where the path cannot be written; an existing file is then left as it was.
    """
    path = Path(path)
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


def render(result: SearchResult) -> str:
    """Return the page of a search as text."""
    return assemble("page.html.j2", page(result))


def assemble(template: str, content: Page) -> str:
    """Return a page as text: a template, with the content, scripts and style that it needs."""
    style = _text("style.css")
    scripts = [_text("before.js"), _plotly(), _text("table.js"), _text("script.js")]
    return (
        _environment()
        .get_template(template)
        .render(
            **content.sections,
            glossary=GLOSSARY,
            data=embed.escaped(_data(content.charts, content.tables)),
            style=style,
            scripts=scripts,
            policy=embed.policy(scripts, [style]),
        )
    )


def _data(charts: list[Chart], tables: dict[str, Table]) -> str:
    """Return what the page's script draws: figures, their tables, and the two looks."""
    drawn = ",".join(f"{embed.safe_json(c.name)}:{_figure(c)}" for c in charts)
    own = {c.name: c.data for c in charts if isinstance(c.data, Table)}
    shown = {name: table.packed() for name, table in {**tables, **own}.items()}
    looks = {name: figures.template(name == "dark").to_plotly_json() for name in ("light", "dark")}
    rest = embed.safe_json({"tables": shown, "looks": looks}).removeprefix("{")
    return f'{{"figures":{{{drawn}}},{rest}'


def _figure(chart: Chart) -> str:
    figure = chart.figure.update_layout(template=None)
    return str(figure.to_json())


@lru_cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _text(name: str) -> str:
    return (files("mechlab.report") / name).read_text(encoding="utf-8")


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mechlab.report", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written: dict[str, Any] = {
        name: getattr(words, name) for name in ("money", "number", "percent")
    }
    environment.filters.update(written)
    return environment
