"""The search finds the smallest incentives that theory knows in closed form, to 1%."""

from pathlib import Path

import pytest

from mechlab.search.run import search
from mechlab.study import Study

STUDIES = Path(__file__).parents[2] / "studies"

SHIPPED = {
    "public_goods_threshold": 1 - 1.6 / 4,
    "prisoners_dilemma_threshold": max(5 - 3, 1 - 0),
    "stag_hunt_threshold": 3 - 0,
    "commons_threshold": 1 - 2 / 5,
}


def found(study, tmp_path):
    result = search(study, f"sqlite:///{tmp_path}/record.db")
    assert result.best.status == "certified"
    return result.best


@pytest.mark.parametrize(
    "name",
    [
        "public_goods_threshold",
        *(pytest.param(name, marks=pytest.mark.slow) for name in list(SHIPPED)[1:]),
    ],
)
def test_the_closed_form_is_found_to_a_hundredth(name, tmp_path):
    best = found(Study.load(STUDIES / f"{name}.toml"), tmp_path)
    low, high = best.interval
    assert low <= SHIPPED[name] <= high
    assert best.size == pytest.approx(SHIPPED[name], rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("game", "settings", "most", "threshold"),
    [
        ("public_goods", {"agents": 10, "multiplier": 3.0}, 2, 1 - 3 / 10),
        ("public_goods", {"agents": 2, "multiplier": 1.5, "rounds": 3}, 1, 1 - 1.5 / 2),
        ("matrix", {"table": "4,4 2.5,6; 6,2.5 3,3"}, 5, 6 - 4),
        ("matrix", {"table": "3,3 -2,3.5; 3.5,-2 1,1"}, 5, 1 + 2),
        ("commons", {"agents": 10, "growth": 4.0}, 1, 1 - 4 / 10),
    ],
)
def test_other_games_too(game, settings, most, threshold, tmp_path):
    study = Study(
        question="where?",
        game=game,
        settings=settings,
        population="selfish",
        mechanisms=(f"sharing_bonus(rate=[0, {most}])",),
        smallest="rate",
        target={"efficiency": 0.9, "tolerance": 0.01},
        seed=1,
    )
    best = found(study, tmp_path)
    assert best.interval[0] <= threshold <= best.interval[1]
    assert best.size == pytest.approx(threshold, rel=0.01)
