"""Figures as pictures, drawn by Kaleido and Chromium; and what is said where they are missing."""

import shutil
import sys

import numpy as np
import pytest

from mechlab import figures
from mechlab.errors import UserError
from mechlab.report import _write
from mechlab.report._page import Chart

MAGIC = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", _write.FORMATS)
def test_each_format_has_every_figure(tmp_path, suffix):
    pytest.importorskip("kaleido", reason="needs the extra 'export'")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
        pytest.skip("needs Chromium")
    charts = [chart("first"), chart("second")]
    path = _write.write_pictures(charts, tmp_path / f"some{suffix}")
    named = {path, *(tmp_path / f"some-{chart.name}{suffix}" for chart in charts[1:])}
    assert set(tmp_path.iterdir()) == named
    for file in named:
        assert file.read_bytes()[:4] == MAGIC[suffix]


def chart(name):
    figure = figures.lorenz({"even": np.ones((1, 4))})
    return Chart(name, "<b>Equality</b>", figure, "all have the same", "none")


def test_without_kaleido_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)  # importing it fails
    with pytest.raises(UserError, match=r"pip install 'mechlab\[export\]'"):
        _write.write_pictures([chart("one")], tmp_path / "x.png")


def test_nowhere_to_write_is_one_line(tmp_path):
    pytest.importorskip("kaleido", reason="needs the extra 'export'")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        _write.write_pictures([chart("one")], tmp_path / "file" / "x.png")
