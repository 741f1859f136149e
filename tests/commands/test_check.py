"""``mechlab check`` as its users meet it."""

import json
import sys

import pytest

from mechlab.commands import main


@pytest.fixture
def check(monkeypatch, capsys):
    """Run the command; returns (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mechlab", "check", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


def test_json_is_one_object_and_nothing_else(check):
    code, out, err = check("sharing_bonus(rate=0.5)", "--game", "public_goods", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["mechanism"] == "sharing_bonus(rate=0.5)"
    assert found["settings"]["multiplier"] == 1.6
    verdicts = {verdict["name"]: verdict for verdict in found["verdicts"]}
    # A token costs 1 - 1.6 / 4 and is paid 0.5.
    margin = verdicts["incentive_compatibility"]["values"]["margin"]
    assert margin == pytest.approx(0.5 - 0.6)
    assert verdicts["incentive_compatibility"]["replay"]["finding"] == pytest.approx(margin)
    assert verdicts["misreporting"]["holds"] is None


def test_people_read_signs_words_and_how_to_see_it_again(check):
    code, out, _ = check("sharing_bonus(rate=0.5)", "--game", "public_goods", "--set", "rounds=2")
    assert code == 0
    assert "fails incentive_compatibility: honest giving pays more than anything else" in out
    assert "show it again: python -c 'from mechlab.checks import" in out
    assert 'settings={"rounds": 2}' in out


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        (["sharing_bonu"], "did you mean 'sharing_bonus'"),
        (["royalty(share=2)"], "share must be in [0, 1]"),
        (["none", "--game", "matri"], "did you mean 'matrix'"),
        (["none", "--set", "round=3"], "did you mean 'rounds'"),
        (["none", "--set", "rounds"], "--set takes NAME=VALUE"),
        (["none", "--only", "budget_balanc"], "did you mean 'budget_balance'"),
        (["answer_bonus", "--game", "matrix"], "needs the flows answered"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(check, arguments, mistake):
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert mistake in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
