from mechanisms import AnswerBonus
from mechlab.flows import Flows
from mechlab.mechanism import Vocabulary


def test_pays_for_answers_and_not_for_unasked_giving():
    flows = Flows.of(given=[[[0, 5], [7, 0]]], answered=[[[0, 2], [0, 0]]])
    assert AnswerBonus(rate=300).payments(flows).tolist() == [[600.0, 0.0]]


def test_agents_are_told_that_asking_comes_first():
    rule = AnswerBonus(rate=300).rule(Vocabulary())
    assert "$300" in rule
    assert "that another agent has requested from you" in rule
