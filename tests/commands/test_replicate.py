"""``mechlab replicate`` in a narrow terminal: whole words, and all figures that are missed."""

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from mechlab.analysis.replication import Replica, Replication
from mechlab.calibrate.published import published
from mechlab.commands import _terminal
from mechlab.commands.replicate import _print_misfits
from mechlab.statistics import Summary

LONGEST = max(published(), key=lambda figure: len(f"{figure.model}{figure.condition}"))


@pytest.mark.parametrize("width", [80, 200])
def test_words_stay_whole_and_what_is_met_is_left_out(width, monkeypatch):
    metrics = dict.fromkeys(f.metric for f in published())
    figures = [replace(LONGEST, metric=metric, target=0.5, ci95=math.nan) for metric in metrics]
    missed = [Replica(f, 9.0, True, summary=Summary(9.0, 0.1, (8.9, 9.1), 20)) for f in figures]
    met = replace(missed[0], ours=0.5)
    out = io.StringIO()
    monkeypatch.setattr(_terminal, "OUT", Console(file=out, width=width))
    found = Replication((*missed, met), 20, 0)
    _print_misfits(found)
    words = out.getvalue().split()
    assert met not in found.misfits and len(found.misfits) > 5
    for replica in found.misfits:
        assert set(replica.figure.metric.split("_")) <= set(words)
    assert words.count(f"{LONGEST.model},") == len(found.misfits)
    assert all(len(line) <= width for line in out.getvalue().splitlines())
