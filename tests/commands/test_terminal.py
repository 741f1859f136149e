"""Lines of commands count in the singular and the plural, and give units."""

import io
import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mechlab.agents.population import Population
from mechlab.analysis.replication import Replication
from mechlab.commands import _terminal
from mechlab.commands._live_options import LiveOptions
from mechlab.commands.thoughts import _agreement_words, _Judgement
from mechlab.errors import OutOfBudget, UserError
from mechlab.llm.budget import Spending
from mechlab.llm.estimate import Estimate
from mechlab.llm.judge import Agreement
from mechlab.report import comparison, replication
from mechlab.search.pareto import Place
from mechlab.search.plan import Plan
from mechlab.simulation import simulate

COUNTS = st.one_of(st.sampled_from([0, 1, 2]), st.integers(0, 10**9))
SECONDS = st.floats(0, 1e8)
NO_NOUNS = {"is", "its", "was", "has", "s", "days"}  # after a number: "1 s", "of which 1 is"


def check_counts(text):
    """Check that 1 has a singular, another count a plural, and that times and money have units."""
    for number, noun in re.findall(r"(?<![\d.,$-])(\d[\d,]*) (?:[a-z-]+ )??([a-z]+s)\b", text):
        assert number != "1" or noun in NO_NOUNS, text
    for number, noun in re.findall(r"(?<![\d.,$-])(\d[\d,]*) (?:stored |model )?(\w+)", text):
        assert number == "1" or noun not in {
            *("agent", "call", "day", "episode", "figure", "simulation", "thought", "time"),
            *("token", "turn", "pair", "round"),
        }, text
    assert not re.search(r"\d seconds?|\d,\d+ s\b|\bnan\b|\binf\b", text)


@pytest.mark.parametrize(
    "text", ["1 episodes", "1 held-out figures", "2 episode", "0 call", "314,219 s", "nan%"]
)
def test_wrong_counts_are_noticed(text):
    with pytest.raises(AssertionError):
        check_counts(text)


@pytest.fixture(scope="module")
def shown():
    """Return what something prints on both streams."""

    def of(show):
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patched:
            for name in ("OUT", "ERR"):
                patched.setattr(_terminal, name, _terminal.SafeConsole(file=out, width=1000))
            show()
        return out.getvalue()

    return of


ESTIMATES = st.builds(
    Estimate,
    calls=COUNTS.map(float),
    tokens=COUNTS.map(float),
    dollars=st.floats(0, 1e6),
    seconds=SECONDS,
    unpriced=st.sampled_from([(), ("m",), ("m", "n")]),
    measured=COUNTS,
)
ONE = Estimate(1.0, 1.0, 0.0, 1.0, (), 1)


@given(ESTIMATES, st.lists(COUNTS, min_size=6, max_size=6), SECONDS, st.floats(0, 1) | st.just(1.0))
@example(ONE, [1] * 6, 86_401.0, 0.01)
@example(Estimate(), [0] * 6, 0.0, float("nan"))
def test_a_plan_counts_and_gives_units(shown, estimate, counts, seconds, resolution):
    repeats, episodes, explore, low, high, turns = counts
    ends = {"certified": repeats, "out_of_budget": low}
    plan = Plan(
        *("study", repeats, episodes, explore, low, (low, high), ends, turns),
        *(estimate, seconds, resolution),
    )
    check_counts(shown(lambda: _terminal.print_plan(plan)))
    check_counts(shown(lambda: _terminal.print_estimate(estimate, as_json=False)))


@given(COUNTS, COUNTS, st.floats(0, 1e6), st.sets(st.sampled_from("ab")))
@example(1, 1, 1.0, set())
def test_spending_counts_and_has_a_dollar_sign(calls, tokens, dollars, unpriced):
    text = _terminal.spending(Spending(calls, tokens, dollars), unpriced)
    check_counts(text)
    assert "$" in text


@given(SECONDS)
@example(1.0)
@example(60.0)
@example(86_400.0)
def test_a_duration_has_units_and_no_long_number(seconds):
    text = _terminal.duration(seconds)
    assert re.fullmatch(r"under a second|(\d+ days?)?( ?\d\d? (h|min|s)){0,2}", text)
    check_counts(text)


@given(st.sampled_from([1, 2, 7]), st.sampled_from([1, 2, 5]))
def test_a_run_counts(shown, episodes, agents):
    played = simulate("matrix", "selfish", episodes=episodes)
    check_counts(shown(lambda: _terminal.print_run(played, played.summary)))
    options = LiveOptions({}, episodes, None, False, False, False)

    def play():
        raise OutOfBudget("the cap of 1 call is reached")

    options.until_cap(play)
    check_counts(options.stopped)
    with pytest.raises(UserError) as error:
        Population.of(f"o3*{agents}", 10)
    check_counts(str(error.value))


@given(COUNTS, COUNTS, COUNTS)
@example(1, 1, 1)
def test_a_judgement_counts(n, defecting, invalid):
    agreement = Agreement(n, 0.5, 0.5, (0.0, 1.0))
    check_counts(_agreement_words(_Judgement("llm:m", defecting, invalid, agreement)))


@given(st.integers(0, 9))
def test_ties_count(others):
    names = [f"m{k}" for k in range(others + 1)]
    places = [
        Place(name, (0.0, 1.0), 1, len(names), tuple(n for n in names if n != name))
        for name in names
    ]
    check_counts(comparison._order(places))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_replication_counts(count):
    from mechlab.analysis.replication import replicate

    some = replicate(episodes=2).replicas
    of = {kind: [r for r in some if r.measured == kind][:count] for kind in (True, False)}
    result = Replication((*of[True], *of[False]), 2, 0)
    check_counts(replication._headline(result))
    check_counts(replication._rule(result))
    assert replication._pattern("tasks", Counter(met=1)) == "tasks: 1 of 1 met."
