"""The command as its users meet it: what it prints, what it refuses, and how it ends."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mechlab.commands import main

MEASURES = [
    *("tasks", "group_revenue", "perfect", "sequential", "optimum", "efficiency", "optimality"),
    *("messages_per_task", "gini", "response_rate", "pipeline_efficiency"),
    *("spend", "subsidy", "net_revenue"),
]

SWEEP = Path(__file__).parents[2] / "studies/sweeps/bonus_on_what.toml"
STUDY = """
question = "How much?"
population = "selfish"
mechanisms = ["answer_bonus(rate=[0, 100])"]
minimise = "rate"
[target]
efficiency = 0.5
[budget]
episodes = 2000
"""


@pytest.fixture
def mechlab(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; returns (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mechlab", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


def test_run_json_has_the_contract_and_the_published_reference(mechlab):
    code, out, _ = mechlab(
        "run", "--population", "perfect", "--episodes", 200, "--seed", 0, "--json"
    )
    answer = json.loads(out)
    assert code == 0
    assert list(answer["measures"]) == MEASURES
    assert {name: answer[name] for name in ("game", "population", "mechanism", "condition")} == {
        "game": "sharing",
        "population": "perfect",
        "mechanism": "none",
        "condition": "baseline",
    }
    # Perfect: arXiv 2604.07821, table 1, 204.0 +- 2.3 tasks and 7.7 messages a task; sequential,
    # optimum: a scalar port of the released rules, 180.4 and 385.1 tasks at $10,000.
    assert 200 <= answer["measures"]["tasks"]["mean"] <= 206
    assert 7.3 <= answer["measures"]["messages_per_task"]["mean"] <= 8.1
    assert 1_760_000 <= answer["measures"]["sequential"]["mean"] <= 1_850_000
    assert 3_820_000 <= answer["measures"]["optimum"]["mean"] <= 4_000_000
    assert answer["measures"]["efficiency"] == {
        "mean": 1.0,
        "sd": 0.0,
        "ci95": [1.0, 1.0],
        "n": 200,
    }


def test_what_is_undefined_is_null_in_json(mechlab):
    _, out, _ = mechlab("run", "--population", "silent", "--episodes", 2, "--json")
    measures = json.loads(out)["measures"]
    assert measures["messages_per_task"] == {"mean": None, "sd": None, "ci95": [None, None], "n": 0}


def test_settings_reach_the_game(mechlab):
    _, out, _ = mechlab(
        *("run", "--population", "perfect", "--episodes", 2, "--set", "rounds=6", "--json"),
        *("--set", "reward=100", "--set", "unique=true"),
    )
    settings = json.loads(out)["settings"]
    assert (settings["rounds"], settings["reward"], settings["unique"]) == (6, 100.0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--population", "o4"], ["unknown agent 'o4'", "did you mean 'o3'?"]),
        (["run", "--population", "o3*5"], ["5 agents", "the game is set to 10"]),
        (
            ["run", "--population", "o3", "--mechanism", "sharing_bonu(rate=1)"],
            ["unknown mechanism 'sharing_bonu'", "did you mean 'sharing_bonus'?"],
        ),
        (
            ["run", "--population", "o3", "--mechanism", "sharing_bonus(rat=1)"],
            ["unknown parameter of sharing_bonus 'rat'", "did you mean 'rate'?"],
        ),
        (
            ["run", "--population", "o3", "--mechanism", "sharing_bonus(rate=-3)"],
            ["rate must be in [0, 5000] dollars per piece, got -3"],
        ),
        (["run", "--population", "o3", "--mechanism", "sharing_bonus("], ["is written like"]),
        (["run", "--population", "o3", "--condition", "auto"], ["unknown condition", "'auto'"]),
        (["run", "--population", "o3", "--game", "sharin"], ["did you mean 'sharing'?"]),
        (["run", "--population", "o3", "--set", "round=3"], ["did you mean 'rounds'?"]),
        (["run", "--population", "o3", "--set", "rounds"], ["NAME=VALUE", "'rounds'"]),
        (["sweep", SWEEP, "--set", "round=3"], ["did you mean 'rounds'?"]),
        (["sweep", SWEEP, "--episodes", "1"], ["episodes must be greater than 1, got 1"]),
        (["replicate", "--population", "llm:m"], ["stand-ins", "'llm:m'", "mechlab run"]),
        (["decompose", "--population", "o3", "--episodes", "1"], ["at least 2", "got 1"]),
        (["run", "--population", "o3", "--set", "rounds=0"], ["rounds must be", "got 0"]),
        (["run", "--population", "o3", "--episodes", "0"], ["--episodes"]),
        (
            ["run", "--population", "o3", "--mechanism", "hidden(board=false)"],
            ["notices", "thoughts"],
        ),
        (["run"], ["--population"]),
        (["list", "mechanism"], ["did you mean 'mechanisms'?"]),
        (["serch"], ["serch"]),
        (["search", "absent.toml"], ["absent.toml"]),
        (["plan", "absent.toml"], ["absent.toml"]),
        (["report", "absent.toml"], ["absent.toml"]),
        (["new", "a/b/c"], ["a/b/c"]),
        (["calibrate", "absent.csv"], ["absent.csv"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(mechlab, arguments, said):
    code, out, err = mechlab(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(words in err for words in said), err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minimise", "minimize", ["study.toml", "minimize", "did you mean 'minimise'?"]),
        ("efficiency = 0.5", "efficiency = -1", ["study.toml", "target.efficiency", "-1"]),
        ("rate=[0, 100]", "rate=[0, 9000]", ["study.toml", "[0, 5000]", "9000"]),
        ("answer_bonus", "answer_bons", ["study.toml", "did you mean 'answer_bonus'?"]),
        ('"selfish"', '"selfis"', ["study.toml", "population", "did you mean 'selfish'?"]),
        ("[budget]", "[budget", ["study.toml", "not TOML"]),
    ],
)
def test_a_mistake_in_a_study_names_file_field_rule_and_value(mechlab, tmp_path, old, new, said):
    (tmp_path / "study.toml").write_text(STUDY.replace(old, new))
    code, out, err = mechlab("search", "study.toml")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(words in err for words in said), err


def test_search_answers_reports_and_goes_on_from_its_record(mechlab, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    code, out, err = mechlab("search", "study.toml", "--json")
    answer = json.loads(out)
    assert code == 0, err
    assert set(answer) == {
        *("study", "status", "mechanism", "params", "size", "estimand", "attainment", "effect"),
        *("evidence", "assumptions", "reused"),
        *("efficiency", "spend", "audit", "target"),
        *("confidence", "episodes", "calls", "cost_usd", "storage", "report"),
        *("ranking", "pareto"),
    }
    # Selfish agents give for any bonus above 0, and for none at 0: answering is worth 0.9 of
    # perfect play, so the smallest sufficient rate lies just above 0.
    assert answer["status"] == "certified"
    assert answer["attainment"]["bounds"][0] >= answer["target"]["efficiency"]
    low, high = answer["size"]["interval"]
    assert low is None or 0 <= low <= high  # no end without a dose that showed it
    assert answer["size"]["value"] == high <= 100
    assert Path(answer["report"]).stat().st_size > 1_000_000  # plotly.js and the data, in one file
    again = json.loads(mechlab("search", "study.toml", "--json")[1])
    assert again == answer


def test_an_unwritable_report_is_refused_and_the_record_kept(mechlab, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "file").write_text("")
    code, _, err = mechlab("search", "study.toml", "-o", "file/report.html")
    assert (code, err.count("\n")) == (2, 1)
    assert "file/report.html" in err
    assert mechlab("report", "study.toml", "-o", "report.html")[0] == 0


def test_a_changed_study_is_refused_and_nothing_stored_is_touched(mechlab, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    mechlab("search", "study.toml", "--json")
    record = tmp_path / ".mechlab" / "study.db"
    with sqlite3.connect(record) as before:
        kept = list(before.iterdump())
    (tmp_path / "study.toml").write_text(STUDY.replace("[0, 100]", "[0, 200]"))
    code, _, err = mechlab("search", "study.toml")
    assert (code, err.count("\n")) == (2, 1)
    assert "200" in err
    with sqlite3.connect(record) as after:
        assert list(after.iterdump()) == kept


def test_new_writes_a_study_that_plans_and_never_overwrites(mechlab, tmp_path):
    assert mechlab("new", "question")[0] == 0
    text = (tmp_path / "question.toml").read_text()
    code, out, _ = mechlab("plan", "question.toml", "--json")
    assert code == 0
    assert json.loads(out)["episodes"] > 0
    assert mechlab("new", "question")[0] == 2
    assert (tmp_path / "question.toml").read_text() == text


@pytest.mark.parametrize("kind", ["games", "mechanisms", "populations", "measures"])
def test_list_names_every_plug_in(mechlab, kind):
    rows = json.loads(mechlab("list", kind, "--json")[1])[kind]
    out = mechlab("list", kind)[1]
    assert rows
    assert all(row["name"] in out and row["what"] for row in rows)


def test_python_m_mechlab_is_the_command():
    ran = subprocess.run(
        [sys.executable, "-m", "mechlab", "--help"], capture_output=True, text=True, check=True
    )
    assert "search" in ran.stdout
