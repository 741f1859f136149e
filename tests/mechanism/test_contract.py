"""The contract of a mechanism, for every registered one and for compositions of them, unasked."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlab.errors import UserError
from mechlab.flows import FIELDS, Amounts, Flows
from mechlab.games.base import GAMES
from mechlab.mechanism import MECHANISMS, Capped, Stack, Vocabulary, check_fit, parse
from mechlab.parameters import parameters
from tests.draws import CLASSES, KINDS, busy, flows, over

few = settings(max_examples=25)
every_kind = pytest.mark.parametrize("kind", KINDS)
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)


def numbers(cls):
    """The parameters that are numbers."""
    known = parameters(cls)
    return {n: p for n, p in known.items() if not isinstance(p.default, (bool, str))}


def close(a, b, scale):
    """Whether two payments are equal but for the rounding of sums of that scale."""
    return np.allclose(a, b, rtol=1e-9, atol=1e-9 * (1.0 + scale))


def at_ends(cls):
    """The default instance, and one at each end of each range."""
    yield cls()
    for name, known in parameters(cls).items():
        ends = (False, True) if isinstance(known.default, bool) else (known.low, known.high)
        yield from (cls(**{name: end}) for end in ends if end is not None)


@every_kind
@few
@given(data=st.data())
def test_payments_are_finite_one_an_agent_and_episode(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    paid = mechanism.payments(seen)
    assert paid.shape == (seen.episodes, seen.agents)
    assert paid.dtype == np.float64
    assert np.isfinite(paid).all()


@every_kind
@few
@given(data=st.data())
def test_payments_are_pure(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    arrays = [array for part in (seen, seen.past) for _, array in part.arrays()]
    for array in arrays:
        array.flags.writeable = False  # writing to the flows raises
    first, again = mechanism.payments(seen), mechanism.payments(seen)
    assert np.array_equal(first, again)
    assert not any(np.shares_memory(first, array) for array in arrays)


@every_kind
@few
@given(data=st.data())
def test_declared_balance_holds_in_every_episode(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    paid = mechanism.payments(seen)
    if mechanism.balanced:
        assert close(paid.sum(axis=1), 0.0, np.abs(paid).sum())


@every_kind
@few
@given(data=st.data())
def test_declared_anonymity_holds_under_any_renumbering(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    order = np.array(data.draw(st.permutations(range(seen.agents))))

    def renumbered(name, array):
        return array[:, order] if name == "produced" else array[:, order][:, :, order]

    paid = mechanism.payments(seen)
    if mechanism.anonymous:
        after = mechanism.payments(over(seen, renumbered))
        assert close(after, paid[:, order], np.abs(paid).max(initial=0.0))


@every_kind
@few
@given(data=st.data())
def test_an_episode_is_paid_on_itself_alone(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    paid = mechanism.payments(seen)
    for b in range(seen.episodes):
        alone = over(seen, lambda _, array, b=b: array[b : b + 1])
        assert close(mechanism.payments(alone), paid[b : b + 1], np.abs(paid[b]).max())


@every_kind
@few
@given(data=st.data())
def test_reads_only_the_flows_that_it_needs(kind, data):
    mechanism, seen = data.draw(KINDS[kind]), data.draw(flows())
    assert mechanism.needs <= set(FIELDS)
    blind = over(seen, lambda n, array: array if n in mechanism.needs else array * np.nan)
    assert np.array_equal(mechanism.payments(blind), mechanism.payments(seen))


@every_class
def test_reads_every_flow_that_it_needs(cls):
    for name in cls().needs:
        lost = over(busy(), lambda n, array, name=name: array * np.nan if n == name else array)
        assert not np.array_equal(cls().payments(lost), cls().payments(busy()))


@every_kind
@few
@given(data=st.data())
def test_its_specification_reads_back_as_the_same_mechanism(kind, data):
    mechanism = data.draw(KINDS[kind])
    assert parse(str(mechanism)) == mechanism
    assert hash(parse(str(mechanism))) == hash(mechanism)
    assert pickle.loads(pickle.dumps(mechanism)) == mechanism


@every_class
def test_agents_are_told_of_payments_where_there_are_any(cls):
    for plain in at_ends(cls):
        variants = (plain, Capped(plain, 5.0), Capped(plain, 0.0), Stack.of(plain, plain))
        for mechanism in variants:
            pays = bool(mechanism.payments(busy()).any())
            assert bool(mechanism.rule(Vocabulary())) == pays, mechanism


@every_class
def test_it_speaks_in_whole_sentences_and_in_the_nouns_of_the_game(cls):
    foreign = Vocabulary(
        "berry", "berries", "hand", "handed", "to a hungry one", "begged", "pie", "~"
    )
    for mechanism in at_ends(cls):
        for sentence in filter(None, (mechanism.rule(foreign), *mechanism.instructions(foreign))):
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith(".")
            ours = ("piece", "information", "send", "sent", "request", "task", "$")
            assert not [word for word in ours if word in sentence.lower()]


@every_class
def test_it_advises_hides_and_shows_only_what_there_is(cls):
    for mechanism in at_ends(cls):
        assert mechanism.advises <= {"ask", "answer", "submit"}
        assert len(mechanism.instructions(Vocabulary())) == len(mechanism.advises)
        assert mechanism.hides <= {"board", "notices", "thoughts"}
        assert mechanism.shows <= {"record"}


@every_class
def test_every_number_has_a_unit_and_a_range_to_search(cls):
    for known in numbers(cls).values():
        assert known.unit
        assert known.low is not None and known.high is not None
        assert known.low < known.high


@every_class
def test_it_works_at_both_ends_of_every_range(cls):
    for mechanism in at_ends(cls):
        assert np.isfinite(mechanism.payments(busy())).all()


@every_class
def test_it_refuses_what_is_just_outside_its_ranges(cls):
    for name, known in parameters(cls).items():
        outside = ["all", None, [1.0], math.nan, math.inf]
        if name in numbers(cls):
            whole = isinstance(known.default, int)
            below = known.low - 1 if whole else math.nextafter(known.low, -math.inf)
            above = known.high + 1 if whole else math.nextafter(known.high, math.inf)
            outside += [below, above, True]
        for value in outside:
            with pytest.raises(UserError, match=f"^{name} must be "):
                cls(**{name: value})


@every_class
def test_it_says_what_it_is(cls):
    assert MECHANISMS.get(cls.name) is cls
    assert cls.version >= 1
    assert "Source:" in cls.__doc__
    assert ">>>" in cls.__doc__


@every_class
@pytest.mark.parametrize("name", list(GAMES))
def test_it_pays_on_what_really_happens_in_a_game(cls, name):
    game = GAMES.get(name)()
    mechanism = cls()
    if not mechanism.needs <= game.fields:
        with pytest.raises(UserError, match="needs the flows"):
            check_fit(mechanism, game.fields, name, game.vocabulary)
        return
    check_fit(mechanism, game.fields, name, game.vocabulary)
    behaviour = game.behaviour([game.references["perfect"]] * game.agents)
    state = game.start(np.arange(4, dtype=np.uint64), game.conditions[0])
    now, past = (Amounts.zeros(4, game.agents) for _ in range(2))
    for round in range(3):
        now.clear()
        game.play(state, round, behaviour, now)
        paid = mechanism.payments(Flows.over(now, past, round, game.unit))
        past.add(now)
        assert np.isfinite(paid).all()
        assert not mechanism.balanced or close(paid.sum(axis=1), 0.0, np.abs(paid).sum())
