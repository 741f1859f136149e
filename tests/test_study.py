"""The study file: what it says, how it fails, and when two studies are the same."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution
from typer.testing import CliRunner

from mechlab.agents.emulated import stored
from mechlab.agents.population import Population
from mechlab.commands import app
from mechlab.errors import UserError
from mechlab.mechanism.candidate import Candidate
from mechlab.store import differences
from mechlab.study import Study, template

BASE = """
question = "What is the smallest bonus?"
population = "selfish"
mechanisms = ["sharing_bonus(rate=[0, 3000])"]
minimise = "rate"

[target]
efficiency = 0.9
relative_to = "sequential"
"""


def changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new, 1)


def error(text: str) -> str:
    with pytest.raises(UserError) as raised:
        Study.read(text, source="studies/x.toml")
    return str(raised.value)


def test_template_loads_and_fits_the_rule_of_sixty_lines():
    assert Study.read(template()).minimise == "rate"
    assert len(template().splitlines()) < 60


@pytest.mark.parametrize("path", sorted(Path("studies").glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_studies_load(path):
    assert Study.load(path).name == path.stem
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("population", "poplation", "unknown field 'poplation': did you mean 'population'?"),
        ('"selfish"', '"selfis"', "population: unknown agent 'selfis': did you mean 'selfish'?"),
        (
            "sharing_bonus",
            "sharing_bonu",
            "mechanisms[0]: unknown mechanism 'sharing_bonu': did you",
        ),
        ("rate=", "rat=", "mechanisms[0]: unknown parameter of sharing_bonus 'rat': did you mean"),
        ("3000", "9000", "mechanisms[0]: rate must be in [0, 5000] dollars per piece, got 9000"),
        ("[0, 3000]", "[3, 1]", "rate must be a range [low, high] with low < high, got [3, 1]"),
        ("[0, 3000]", "[0", "mechanisms[0]: a mechanism is written like"),
        (
            '"rate"',
            '"rat"',
            "minimise: unknown parameter of sharing_bonus 'rat': did you mean 'rate'?",
        ),
        ("0.9", "-0.9", "target.efficiency must be greater than 0, got -0.9"),
        ("0.9", '"high"', "target.efficiency must be a valid number, got 'high'"),
        ("0.9", "nan", "target.efficiency must be a finite number, got nan"),
        (
            "efficiency",
            "eficiency",
            "unknown field of target 'eficiency': did you mean 'efficiency'?",
        ),
        (
            '"sequential"',
            '"sequentiel"',
            "target.relative_to: unknown reference point 'sequentiel': did you mean",
        ),
        ("minimise", "smallest", "smallest: is now called minimise"),
        (
            "[target]",
            "[pilot]\n[target]\ntolerance = 0.01",
            "target.tolerance: a study with [pilot] has a tolerance of 0.07: leave it out",
        ),
        ('"sequential"', '"turns"', "target.relative_to: 'turns' is now called 'sequential'"),
        ('"sequential"', '"ceiling"', "target.relative_to: 'ceiling' is now called 'perfect'"),
        ("[target]", "game = 'x'\n[target]", "game: unknown game 'x'"),
        ("[target]", "seed = -1\n[target]", "seed must be greater than or equal to 0, got -1"),
        (
            "[target]",
            "condition = 'auto'\n[target]",
            "condition: unknown condition of sharing 'auto'",
        ),
        (
            "[target]",
            "[settings]\nround = 3\n[target]",
            "settings: unknown parameter of sharing 'round'",
        ),
        ("[target]", "[budget]\nepisodes = 0\n[target]", "budget.episodes must be greater than 0"),
        ('question = "What is the smallest bonus?"', "", "question is missing"),
        ("[target]", "[target", "not TOML:"),
    ],
)
def test_errors_name_file_field_rule_and_value(old, new, said):
    line = error(changed(old, new))
    assert line.startswith("studies/x.toml: ")
    assert said in line
    assert "\n" not in line


def test_a_mechanism_that_needs_flows_the_game_lacks():
    text = changed("[target]", 'game = "public_goods"\n[target]')
    text = text.replace("sharing_bonus(rate=[0, 3000])", "falsification_fine(rate=[0, 100])")
    line = error(text.replace("sequential", "perfect"))
    assert "mechanisms: falsification_fine(rate=0) needs the flows falsified" in line


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_unreadable_files(tmp_path, name):
    with pytest.raises(UserError, match="cannot be read"):
        Study.load(tmp_path / name)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        Study.load(tmp_path / "x.toml")


def test_unnamed_numbers_range_as_declared_and_switches_keep_their_default():
    free = Candidate.read("sharing_bonus + protocol").values
    assert free["rate"] == FloatDistribution(0, 5000)
    assert free["ask"] is True


def test_switches_can_be_searched():
    space = Candidate.read("protocol(ask=[true, false])").space
    assert space == {"ask": CategoricalDistribution((True, False))}


def test_parameters_of_one_name_carry_their_mechanism():
    both = Candidate.read("sharing_bonus + capped(answer_bonus(rate=10), limit=5)")
    assert list(both.space) == ["sharing_bonus.rate"]
    built = both.build({"sharing_bonus.rate": 7.0})
    assert str(built) == "sharing_bonus(rate=7) + capped(answer_bonus(rate=10), limit=5)"


def test_the_baseline_stands_first_whether_named_or_not():
    named = changed('["sharing', '["none", "sharing')
    assert list(Study.read(BASE).candidates) == ["none", "sharing_bonus"]
    assert list(Study.read(named).candidates) == ["none", "sharing_bonus"]


def test_candidates_that_share_a_name_go_by_their_text():
    twice = changed('["sharing', '["sharing_bonus(rate=[0, 10])", "sharing')
    assert list(Study.read(twice).candidates)[1:] == [
        "sharing_bonus(rate=[0, 10])",
        "sharing_bonus(rate=[0, 3000])",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("smallest bonus?", "least bonus?"),
        ("[target]", "[settings]\nrounds = 20\n[target]"),
        ("rate=[0, 3000]", "rate = [0.0, 3e3]"),
        ("[target]", "[budget]\nepisodes = 77\n[target]"),
        ('"selfish"', '"selfish*10"'),
    ],
)
def test_studies_that_ask_the_same_have_one_digest(old, new):
    assert Study.read(changed(old, new)).digest == Study.read(BASE).digest


def test_differences_name_the_fields():
    mine, other = Study.read(BASE), Study.read(changed("0.9", "0.8"))
    assert mine.digest != other.digest
    found = list(differences(mine.canonical, other.canonical))
    assert found == ["target.efficiency is 0.9 here and 0.8 there"]


def test_another_fit_of_the_same_name_is_another_study(tmp_path):
    def study(ask: float) -> Study:
        fit = stored()
        fit["models"]["o3"]["parameters"]["ask"] = ask
        (tmp_path / "fit.json").write_text(json.dumps(fit))
        return Study.read(changed('"selfish"', f'"fit:{tmp_path}/fit.json#o3"'))

    mine, other = study(0.9), study(0.8)
    (found,) = differences(mine.canonical, other.canonical)
    assert found.startswith("agents.fit:")
    assert found.endswith("#o3(draw=0).ask is 0.9 here and 0.8 there")


def test_a_new_study_never_overwrites(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "mine.toml is written" in CliRunner().invoke(app, ["new", "mine"]).output
    assert Study.load("mine.toml").name == "mine"
    again = CliRunner().invoke(app, ["new", "mine"])
    assert isinstance(again.exception, UserError)
    assert str(again.exception) == "mine.toml: cannot be written: File exists"


def test_episodes_that_would_take_minutes_are_refused_before_they_are_built():
    huge = "agents = 1000\nrounds = 10000\npieces = 30000\nhand = 30"
    with pytest.raises(UserError, match=r"agents \* agents \* rounds must be at most"):
        Study.read(changed("[target]", f"[settings]\n{huge}\n[target]"))


@pytest.mark.parametrize("population", ["o3*99999999", "o3*999999999 + perfect*999999999"])
def test_groups_that_are_too_large_are_refused_before_they_are_built(population):
    with pytest.raises(UserError, match="the game is set to 10"):
        Study.read(changed('"selfish"', f'"{population}"'))


LINES = [line for line in template().splitlines() if line and not line.startswith("#")]
MUTANTS = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["true", "[]", "{}", "''", "nan", "10" * 40, "'o3*99999999'", "['o3']"]),
    st.sampled_from([f'"sharing_bonus{text}"' for text in ("(", "(rate)", "*9", " + " * 99)]),
    st.text("()[]*+=,'o3 sharing_bonus0.9", max_size=60).map(repr),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(LINES) - 1), MUTANTS, st.sampled_from(["value", "line", "twice"]))
def test_a_mutated_study_is_valid_or_refused_in_one_line(number, mutant, how):
    key = LINES[number].partition("=")[0]
    new = {"value": f"{key}= {mutant}", "line": mutant, "twice": f"{LINES[number]}\n{mutant}"}[how]
    text = "\n".join([*LINES[:number], new, *LINES[number + 1 :]])
    try:
        study = Study.read(text)
    except UserError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert len(study.group.members) == study.played.agents <= 1000
        assert len(study.digest) == 64


NAMES = ["sharing_bonus", "royalty", "protocol", "capped", "o3", "logit", "llm:m", "fit:x", "none"]
SIGNS = ["(", ")", "[", "]", "*", "+", ",", "=", " ", "rate", "share", "limit", "lambda", "0.5"]
WRITTEN = st.lists(
    st.sampled_from([*NAMES, *SIGNS, "9" * 9, "-1", "true", "nan", "'"]), max_size=12
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    WRITTEN.map("".join), st.sampled_from([Candidate.read, lambda text: Population.of(text, 10)])
)
def test_any_mechanism_or_population_is_read_or_refused_in_one_line(text, read):
    try:
        read(text)
    except UserError as error:
        assert len(str(error).splitlines()) == 1


JSON = st.sampled_from([None, True, -1, 1e400, float("nan"), "", "x" * 99, [], {}, [[1]], 10**400])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mutated_fit_is_valid_or_refused_in_one_line(tmp_path_factory, data):
    fit = at = stored()
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not (isinstance(at[key], (dict, list)) and at[key]) or data.draw(st.integers(0, 3)) == 0:
            break
        at = at[key]
    at[key] = data.draw(JSON)
    path = tmp_path_factory.mktemp("fit") / "fit.json"
    path.write_text(json.dumps(fit))
    try:
        Population.of(f"fit:{path}#o3", 10)
    except UserError as error:
        assert len(str(error).splitlines()) == 1
