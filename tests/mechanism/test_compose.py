"""Stacks, caps and specifications of mechanisms; each mechanism has tests of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms import (
    Hidden,
    NoMechanism,
    Protocol,
    Royalty,
    SharingBonus,
    TeamShare,
    WithholdingFine,
)
from mechlab.errors import UserError
from mechlab.mechanism import (
    Capped,
    Mechanism,
    Stack,
    Vocabulary,
    parse,
)
from tests.draws import KINDS, flows

any_mechanism = st.one_of(*KINDS.values())


def refusal(spec):
    with pytest.raises(UserError) as error:
        parse(spec)
    assert "\n" not in str(error.value)
    return str(error.value)


@given(flows(), st.lists(any_mechanism, min_size=1, max_size=3))
def test_a_stack_pays_what_its_parts_pay_together(seen, parts):
    paid = Stack.of(*parts).payments(seen)
    total = sum(part.payments(seen) for part in parts)
    scale = sum(np.abs(part.payments(seen)).max(initial=0.0) for part in parts)
    assert np.allclose(paid, total, atol=1e-9 * (1 + scale))


@given(flows(), any_mechanism, st.floats(0, 1e5))
def test_a_cap_changes_only_what_exceeds_it(seen, inner, limit):
    free, paid = inner.payments(seen), Capped(inner, limit).payments(seen)
    within = np.abs(free) <= limit
    assert np.array_equal(paid[within], free[within])
    assert np.array_equal(paid[~within], np.sign(free[~within]) * limit)


def test_a_stack_is_all_that_its_parts_are():
    stack = Stack.of(Royalty(), Protocol(ask=False), Hidden(board=False))
    assert stack.needs == {"credit"}
    assert stack.advises == {"answer", "submit"}
    assert stack.hides == {"notices", "thoughts"}
    assert stack.balanced and stack.anonymous
    assert stack.instructions(Vocabulary()) == Protocol(ask=False).instructions(Vocabulary())
    assert not Stack.of(Royalty(), SharingBonus()).balanced
    assert not Stack.of(Royalty(), WithholdingFine(rebate=0.5)).balanced


def test_stacks_are_flat_and_never_empty():
    a, b, c = SharingBonus(), Protocol(), Hidden()
    assert Stack.of(Stack.of(a, b), c) == Stack.of(a, Stack.of(b, c)) == Stack.of(a, b, c)
    with pytest.raises(ValueError, match="at least one mechanism"):
        Stack.of()


def test_the_same_step_is_told_once():
    assert Stack.of(Protocol(), Protocol()).instructions(Vocabulary()) == Protocol().instructions(
        Vocabulary()
    )


def test_a_capped_mechanism_is_what_it_caps_but_for_its_balance():
    capped = Capped(Stack.of(Royalty(), Protocol(), Hidden()), limit=500)
    assert (capped.needs, capped.advises, capped.hides) == (
        {"credit"},
        {"ask", "answer", "submit"},
        {"board", "notices", "thoughts"},
    )
    assert capped.anonymous and not capped.balanced
    assert "$500" in capped.rule(Vocabulary())


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf"), True, "5"])
def test_a_cap_is_a_finite_amount(limit):
    with pytest.raises(UserError, match=r"^limit must be in .* dollars per agent and round, got"):
        Capped(SharingBonus(), limit=limit)


@pytest.mark.parametrize(
    ("spec", "built"),
    [
        ("none", NoMechanism()),
        (" sharing_bonus( rate = 1e3 ) ", SharingBonus(rate=1000)),
        ("sharing_bonus(rate=1000,)", SharingBonus(rate=1000)),
        ("protocol(ask=true, answer=False)", Protocol(ask=True, answer=False)),
        ("royalty + protocol + hidden", Stack.of(Royalty(), Protocol(), Hidden())),
        ("capped(royalty, limit=5)", Capped(Royalty(), 5)),
        ("capped(royalty + team_share, limit=5)", Capped(Stack.of(Royalty(), TeamShare()), 5)),
        ("capped(capped(royalty, limit=9), limit=5)", Capped(Capped(Royalty(), 9), 5)),
    ],
)
def test_a_specification_is_read_as_it_is_meant(spec, built):
    assert parse(spec) == built


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "   ",
        "3",
        "'royalty'",
        "royalty(",
        "royalty(0.1)",
        "royalty(share=)",
        "royalty(share=0.1 0.2)",
        "(royalty)",
        "royalty*2",
        "royalty(share={[]: 1})",
        "royalty(share=0.1, share=0.2)",
        "royalty(**{'share': 0.1})",
        "royalty(*[0.1])",
        "royalty - protocol",
        "royalty, protocol",
        "royalty\nprotocol",
        "royalty; protocol",
        "x = royalty",
        "mechanisms.royalty",
        "royalty()(share=0.1)",
        "__import__('os').system('true')",
        "capped",
        "capped()",
        "capped(royalty)",
        "capped(limit=5)",
        "capped(royalty, 5)",
        "capped(royalty, protocol, limit=5)",
        "royalty\0",
        "\udcff",
        "(" * 1000,
        "capped(" * 5000,
    ],
)
def test_what_is_no_specification_is_answered_with_how_one_is_written(spec):
    assert refusal(spec).startswith("a mechanism is written like 'sharing_bonus(rate=1000)")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("sharing_bonu", "unknown mechanism 'sharing_bonu': did you mean 'sharing_bonus'?"),
        ("capped(royal, limit=5)", "unknown mechanism 'royal': did you mean 'royalty'?"),
        ("royalty(shares=1)", "unknown parameter of royalty 'shares': did you mean 'share'?"),
        (
            "capped(royalty, limits=5)",
            "unknown parameter of capped 'limits': did you mean 'limit'?",
        ),
        ("royalty(share=share)", "share must be in [0, 1] of credited production, got 'share'"),
        ("royalty(share=1/10)", "share must be in [0, 1] of credited production, got '1/10'"),
        ("royalty(share=1.5)", "share must be in [0, 1] of credited production, got 1.5"),
        ("sharing_bonus(rate=-3.0)", "rate must be in [0, 5000] dollars per piece, got -3.0"),
        ("sharing_bonus(rate=1e999)", "rate must be in [0, 5000] dollars per piece, got inf"),
        ("protocol(ask=1)", "ask must be in {true, false}, got 1"),
        ("capped(royalty, limit=-5)", "limit must be in [0, inf) dollars per agent and round"),
    ],
)
def test_a_wrong_name_or_value_is_answered_with_the_rule(spec, says):
    assert refusal(spec).startswith(says)


@given(st.text() | st.text("royalty(share=0.1)+,capped limit{}[]'\\"))
def test_any_text_is_a_mechanism_or_the_users_mistake(spec):
    try:
        assert isinstance(parse(spec), Mechanism)
    except UserError as error:
        assert "\n" not in str(error)


def test_parts_can_be_built_from_what_is_written_out_of_them():
    written = []

    def make(name, values):
        written.append((name, values))
        return NoMechanism()

    built = parse("capped(royalty(share=[0, 0.5]) + protocol(ask=[true, False]), limit=5)", make)
    assert built == Capped(Stack.of(NoMechanism(), NoMechanism()), 5)
    assert written == [("royalty", {"share": [0, 0.5]}), ("protocol", {"ask": [True, False]})]


@given(st.floats(0, 5000))
def test_every_number_survives_being_written_down(rate):
    assert parse(str(SharingBonus(rate=rate))).rate == rate
