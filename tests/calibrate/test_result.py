"""Residuals of published figures, and how a fit is stored."""

import json
import math

import pytest

from mechlab.agents.base import AGENTS
from mechlab.calibrate import FigureFit, Residual
from mechlab.calibrate.published import published
from mechlab.errors import UserError

FIGURE = next(f for f in published() if f.model == "o3" and f.measure)


def test_a_saved_fit_is_json_with_null_for_what_is_undefined(tmp_path):
    cells = (
        Residual(FIGURE, 35.0, fitted=True),
        Residual(FIGURE, math.nan, fitted=False, reason="why"),
    )
    fit = FigureFit({"o3": AGENTS.get("o3")}, cells, seed=0, episodes=5)
    rows = json.loads(fit.save(tmp_path / "fit.json").read_text())["models"]["o3"]["figures"]
    assert rows[0]["inside"] is True
    assert rows[1]["ours"] is None
    assert fit.inside == 1.0


def test_an_unwritable_path_is_named(tmp_path):
    with pytest.raises(UserError, match="absent"):
        FigureFit({}, (), 0, 1).save(tmp_path / "absent" / "fit.json")


def test_the_factor_is_the_same_for_twice_and_for_half():
    assert Residual(FIGURE, 2 * FIGURE.target, True).factor == pytest.approx(2.0)
    assert Residual(FIGURE, FIGURE.target / 2, True).factor == pytest.approx(2.0)
    assert math.isnan(Residual(FIGURE, 0.0, True).factor)
