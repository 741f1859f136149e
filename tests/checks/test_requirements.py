"""Requirements of a study's answer, and the audit that every answer carries."""

import pytest

from mechlab.checks import finding
from mechlab.checks.requirements import REQUIREMENTS, Requirement, audit
from mechlab.errors import UserError
from mechlab.games import Commons, Matrix, PublicGoods, Sharing
from mechlab.mechanism import parse
from mechlab.search import search
from mechlab.search.trials import play_outcome
from mechlab.study import Study


def missed(requirement, spec, game):
    return Requirement.read(requirement).missed_by(parse(spec), game)


def test_a_deviator_gains_what_the_table_says():
    found = audit(parse("tournament(prize=0.802)"), PublicGoods())
    assert found.gain == pytest.approx(44 - 32 - 0.802 / 4)
    assert found.play.deviation == "idle"
    assert finding(found.play) == pytest.approx(-found.gain / 20)  # of each token
    assert "a deviator gains $11.80 a round (idle)" in found.words(PublicGoods())
    assert audit(parse("contract(price=2.5, quota=1)"), Matrix()).gain == pytest.approx(-0.5)
    assert audit(parse("sharing_bonus(rate=1.05)"), Commons()).gain == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("requirement", "met", "broken", "by"),
    [
        ("no_profitable_deviation", "sharing_bonus(rate=0.61)", "sharing_bonus(rate=0.59)", 0.2),
        ("budget_balanced", "royalty(share=0.5)", "sharing_bonus(rate=0.5)", 0.5 * 80),
        ("not_farmable", "royalty(share=0.5)", "none", 0),
    ],
)
def test_each_requirement_is_missed_by_the_number_that_breaks_it(requirement, met, broken, by):
    game = PublicGoods()
    assert missed(requirement, met, game) == 0
    assert missed(requirement, broken, game) == pytest.approx(by, rel=0.2)
    assert missed(f"{requirement}(at_most={by + 60})", broken, game) == 0


def test_what_can_be_farmed_is_missed_by_the_price_of_waste():
    game = Sharing(agents=4, pieces=40, rounds=4)
    assert missed("not_farmable", "sharing_bonus(rate=7)", game) == pytest.approx(7)
    assert missed("not_farmable", "royalty(share=0.5)", game) == 0
    assert missed("individually_rational", "royalty(share=0.5)", game) > 0
    assert missed("individually_rational", "sharing_bonus(rate=7)", game) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("balanced", "did you mean 'budget_balanced'"),
        ("budget_balanced(most=1)", "parameter of budget_balanced"),
        ("budget_balanced(at_most=-1)", "at_most must be in"),
        ("budget_balanced*2", "is written like"),
    ],
)
def test_what_is_no_requirement_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        Requirement.read(text)
    assert str(Requirement.read("budget_balanced")) in REQUIREMENTS


STUDY = """
question = "How much?"
game = "matrix"
settings = { table = "stag_hunt" }
population = "perfect"
mechanisms = ["sharing_bonus(rate=[0, 10])"]
minimise = "rate"
require = ["no_profitable_deviation", "budget_balanced(at_most=7)"]
[target]
efficiency = 0.9
"""


def test_a_dose_that_lacks_a_property_reaches_nothing():
    study = Study.read(STUDY.replace("stag_hunt", "prisoners_dilemma"))
    reached = {
        rate: play_outcome(study, parse(f"sharing_bonus(rate={rate})"), range(2))["attainment"]
        for rate in (1.9, 2.1, 3.6)  # who defects gains; nobody does; more than 7 is paid
    }
    assert reached == {1.9: [0.0, 0.0], 2.1: [1.0, 1.0], 3.6: [0.0, 0.0]}
    with pytest.raises(UserError, match="require: unknown requirement 'balanced'"):
        Study.read(STUDY.replace("budget_balanced(at_most=7)", "balanced"))


def test_an_answer_carries_its_audit(tmp_path):
    result = search(Study.read(STUDY), f"sqlite:///{tmp_path}/study.db")
    assert result.best.status == "certified"
    assert result.best.size == 0  # both hunt the stag, and neither gains by leaving
    assert result.audit.gain == pytest.approx(-1)
    assert result.audit.as_json()["unmet"] == {}
