"""Figures as pictures, through Kaleido and a Chromium of the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from mechlab import figures
from mechlab.errors import UserError
from mechlab.report.chart import Chart

FORMATS = (".png", ".svg", ".pdf")
_WIDTH, _TITLE = 900, 34  # pixels: of a picture, and added to its height
_SCALE = 2  # points of a PNG a pixel


def write_figures(charts: Sequence[Chart], path: Path) -> Path:
    """Write each chart as a picture: the first as ``path``, the others beside it by their names.

    Raises:
        UserError: without Kaleido or a Chromium, or where the path cannot be written.
    """
    kaleido = _kaleido()
    if not charts:
        raise UserError(f"{path}: there is no figure to draw: nothing was played yet")
    names = [path, *(path.with_stem(f"{path.stem}-{chart.name}") for chart in charts[1:])]
    jobs = [
        {"fig": _picture(chart), "path": str(name), "opts": _options(chart, path)}
        for chart, name in zip(charts, names, strict=True)
    ]
    from choreographer.errors import ChromeNotFoundError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()  # an unwritable path is found before a browser is started
        kaleido.write_fig_from_object_sync(jobs, cancel_on_error=True, kopts={"mathjax": False})
    except OSError as error:
        raise UserError(f"{path}: figures cannot be written: {error.strerror or error}") from None
    except ChromeNotFoundError:
        raise UserError(
            f"{path}: pictures are drawn by Chromium, and none was found: install it "
            "(apt-get install chromium), or name one in the variable BROWSER_PATH"
        ) from None
    return path


def _kaleido() -> Any:
    try:
        return import_module("kaleido")
    except ImportError:
        raise UserError("pictures need Kaleido: pip install 'mechlab[export]'") from None


def _picture(chart: Chart) -> go.Figure:
    """Return the figure on paper: light, on white, under its title."""
    above = {"text": figures.plain(chart.title), "x": 0.01, "y": 0.98, "yanchor": "top"}
    return go.Figure(chart.figure).update_layout(
        template=figures.template(), title=above, margin_t=64, paper_bgcolor="white"
    )


def _options(chart: Chart, path: Path) -> dict[str, Any]:
    height = chart.figure.layout.height + _TITLE
    return {"format": path.suffix[1:].lower(), "width": _WIDTH, "height": height, "scale": _SCALE}
