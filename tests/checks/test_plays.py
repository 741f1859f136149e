"""Plays: groups written in a few words, and commands that show a finding again."""

import shlex
import subprocess
import sys

import pytest

from mechlab.checks._plays import members
from mechlab.checks._rounds import sampled_groups
from mechlab.errors import UserError
from mechlab.games import PublicGoods
from tests.checks.games import SMALL, one


@pytest.mark.slow
def test_what_fails_can_be_shown_again_by_its_command():
    verdict = one("budget_balance", "sharing_bonus(rate=10)", PublicGoods())
    python, *rest = shlex.split(verdict.play.command)
    assert python == "python"
    ran = subprocess.run([sys.executable, *rest], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == verdict.values["largest_sum"] == 4 * 20 * 10


def test_a_selfish_group_is_played_again_by_a_run():
    play = one("selfish_group", "sharing_bonus(rate=0.7)", PublicGoods(rounds=3)).play
    assert play.command == (
        "mechlab run --game public_goods --population selfish "
        "--mechanism 'sharing_bonus(rate=0.7)' --episodes 4 --set rounds=3"
    )


def test_groups_are_written_like_populations_and_wrong_names_are_refused():
    assert members(SMALL, "ask&submit*2 + honest*2")[0].row["ask"] == 1.0
    assert members(SMALL, "erratic1*4")[0] != members(SMALL, "erratic1*4")[1]
    assert members(SMALL, "erratic1*4") == members(SMALL, "erratic1*4")
    with pytest.raises(UserError, match="did you mean 'ask'"):
        members(SMALL, "aks*4")
    for group in sampled_groups(SMALL):
        assert len(members(SMALL, group)) == 4
