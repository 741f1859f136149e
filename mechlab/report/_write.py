"""Writes a page: as one HTML file, or its charts as pictures through Kaleido and Chromium."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from mechlab import figures
from mechlab.errors import UserError
from mechlab.report import html
from mechlab.report._page import Chart, Page

FORMATS = (".png", ".svg", ".pdf")
_WIDTH, _TITLE = 900, 34  # pixels: the width of a picture, and what its title adds to the height
_SCALE = 2  # pixels of a PNG for each pixel of the layout, so that text is sharp in print


def write(page: Page, path: str | Path) -> Path:
    """Write a page as one HTML file, or its charts, and return the path.

    A path that ends in .png, .svg or .pdf takes the first chart; the others go beside it, with
    their names added to the path's ("report-pareto.png").

    Raises:
        UserError: where the path cannot be written; an existing file is then left as it was.
    """
    path = Path(path)
    if path.suffix.lower() in FORMATS:
        return write_pictures(page.all_charts, path)
    text = _render(page)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise UserError(
            f"{path}: the report cannot be written: {error.strerror or error}"
        ) from None
    return path


def _render(page: Page) -> str:
    """Return a page as HTML, with figures, tables, transcripts and the two looks as its data."""
    from plotly.offline import get_plotlyjs

    data = {
        "figures": {
            c.name: c.figure.update_layout(template=None).to_dict() for c in page.all_charts
        },
        "tables": {name: table.packed() for name, table in page.all_tables.items()},
        "looks": {"light": figures.template(), "dark": figures.template(dark=True)},
        "transcripts": page.transcripts,
    }
    style = html.asset("style.css")
    scripts = [html.asset("before.js"), get_plotlyjs(), *map(html.asset, ("table.js", "script.js"))]
    policy = html.security_policy(scripts, [style])
    template = html.environment("mechlab.report").get_template("page.html.j2")
    return template.render(
        page=page, data=html.safe_json(data), style=style, scripts=scripts, policy=policy
    )


def write_pictures(charts: Sequence[Chart], path: Path) -> Path:
    """Write each chart as a picture: the first as ``path``, the others beside it by their names.

    Raises:
        UserError: without Kaleido or Chromium, or where the path cannot be written.
    """
    try:
        kaleido = import_module("kaleido")
    except ImportError:
        raise UserError("pictures need Kaleido: pip install 'mechlab[export]'") from None
    if not charts:
        raise UserError(f"{path}: there is no figure to draw: nothing was played yet")
    names = [path, *(path.with_stem(f"{path.stem}-{chart.name}") for chart in charts[1:])]
    jobs = [_job(chart, name) for chart, name in zip(charts, names, strict=True)]
    from choreographer.errors import ChromeNotFoundError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()  # so that an unwritable path is reported before a browser is started
        kaleido.write_fig_from_object_sync(jobs, cancel_on_error=True, kopts={"mathjax": False})
    except OSError as error:
        raise UserError(f"{path}: figures cannot be written: {error.strerror or error}") from None
    except ChromeNotFoundError:
        raise UserError(
            f"{path}: pictures are drawn by Chromium, which was not found: install it "
            "(apt-get install chromium), or name one in the variable BROWSER_PATH"
        ) from None
    return path


def _job(chart: Chart, path: Path) -> dict[str, Any]:
    """Return what Kaleido draws: the figure for print, light, on white, with its title."""
    above = {"text": figures.plain(chart.title), "x": 0.01, "y": 0.98, "yanchor": "top"}
    look = {"template": figures.template(), "title": above, "margin_t": 64}
    figure = go.Figure(chart.figure).update_layout(**look, paper_bgcolor="white")
    size = {"width": _WIDTH, "height": chart.figure.layout.height + _TITLE, "scale": _SCALE}
    options = {"format": path.suffix[1:].lower(), **size}
    return {"fig": figure, "path": str(path), "opts": options}
