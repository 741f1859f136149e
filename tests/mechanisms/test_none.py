from mechanisms import NoMechanism
from mechlab.mechanism import Vocabulary
from tests.draws import busy


def test_whatever_happens_pays_nothing_and_says_nothing():
    nothing = NoMechanism()
    assert not nothing.payments(busy()).any()
    assert nothing.rule(Vocabulary()) == ""
    assert not nothing.needs | nothing.advises | nothing.hides
