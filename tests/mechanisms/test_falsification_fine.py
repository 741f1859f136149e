from mechanisms import FalsificationFine
from mechlab.flows import Flows
from mechlab.mechanism import Vocabulary


def test_fines_falsified_pieces_and_no_honest_ones():
    seen = Flows.of(falsified=[[[0, 1, 2], [0, 0, 0], [0, 0, 0]]], given=[[[1] * 3] * 3])
    assert FalsificationFine(rate=500).payments(seen).tolist() == [[-1500.0, 0.0, 0.0]]


def test_agents_are_told_the_price_of_a_lie():
    rule = FalsificationFine(rate=500).rule(Vocabulary())
    assert rule == "You pay $500 for each altered piece of information that you send."
