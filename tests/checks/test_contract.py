"""Every registered mechanism is checked in every game that it fits, and refused by the others."""

import json
import re
import subprocess
import sys

import pytest

from mechlab.checks import CHECKS, check
from mechlab.errors import UserError
from mechlab.games.base import GAMES
from mechlab.mechanism import MECHANISMS, parse

SMALL = {
    "sharing": {"agents": 4, "pieces": 20, "hand": 5, "rounds": 5, "needed": 2},
    "grants": {"agents": 4, "family": 5, "rounds": 5, "needed": 2},
    "public_goods": {"rounds": 3},
    "commons": {"rounds": 4},
    "matrix": {"rounds": 3},
}
PAIRS = [(game, mechanism) for game in GAMES for mechanism in MECHANISMS]


def fits(game, mechanism):
    return parse(mechanism).needs <= GAMES.get(game).fields


@pytest.mark.parametrize(("game", "mechanism"), [p for p in PAIRS if not fits(*p)])
def test_a_mechanism_that_does_not_fit_is_refused_with_what_it_needs(game, mechanism):
    with pytest.raises(UserError, match=f"{mechanism}.* needs the flows .* game '{game}' lacks"):
        check(mechanism, game)


@pytest.mark.slow
@pytest.mark.parametrize(("game", "mechanism"), [p for p in PAIRS if fits(*p)])
def test_a_mechanism_is_checked_where_it_fits(game, mechanism):
    found = check(mechanism, game, settings=SMALL[game])
    assert [verdict.name for verdict in found] == list(CHECKS)
    data = found.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    for verdict, plain in zip(found, data["verdicts"], strict=True):
        assert verdict.words.endswith(".")
        assert "nan" not in re.findall(r"\w+", verdict.words)
        if verdict.holds is False and verdict.name in (
            "budget_balance",
            "incentive_compatibility",
            "farming_1",
        ):
            again = plain["replay"]["finding"]
            assert again in [pytest.approx(value) for value in verdict.values.values()]
    if found.mechanism.balanced:
        assert found["budget_balance"].holds
    # What is paid for waste is never less for two than for one: the second may do nothing.
    assert found["farming_2"].values["taken"] >= found["farming_2"].values["taken_honestly"]


def test_every_check_is_there_for_whoever_imports_the_room_alone():
    code = "from mechlab.checks import CHECKS; print(*CHECKS)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [
        *("budget_balance", "individual_rationality", "incentive_compatibility", "misreporting"),
        *("farming_1", "farming_2", "selfish_group", "equilibria", "replicator", "acts"),
    ]
