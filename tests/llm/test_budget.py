"""Budgets, the share of invalid turns, and prices."""

import asyncio
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.errors import OutOfBudget, UserError
from mechlab.llm._output import Usage
from mechlab.llm.budget import Budget, InvalidTurns, Spending, TooManyInvalidTurns
from mechlab.llm.prices import Price, price_of
from mechlab.llm.settings import OPENAI, Caps


async def episodes(budget, count, calls, tokens=100):
    """Play episodes at once, each of so many calls; return what each came to."""

    async def one():
        try:
            async with budget.episode(calls) as release_one:
                for _ in range(calls):
                    with budget.call():
                        await asyncio.sleep(0)
                    release_one()
                    budget.charge(Spending(1, tokens, 0.0))
        except OutOfBudget as out:
            return str(out)
        return "finished"

    return await asyncio.gather(*(one() for _ in range(count)))


def test_a_cap_in_calls_goes_into_whole_episodes_the_first_ones_first():
    budget = Budget(Caps(calls=25))
    first, second, *others = asyncio.run(episodes(budget, 5, calls=10))
    assert (first, second) == ("finished", "finished")
    assert all("leaves no room for an episode of 10 calls" in one for one in others)
    assert budget.spending.calls == 20


def test_a_cap_in_tokens_is_judged_by_the_mean_call_once_that_is_known():
    budget = Budget(Caps(tokens=6_000))
    done = asyncio.run(episodes(budget, 10, calls=20))
    assert done.count("finished") == 3
    assert budget.spending.tokens == 6_000


def test_calls_under_way_count_against_a_cap():
    budget = Budget(Caps(calls=1))
    with budget.call(), pytest.raises(OutOfBudget, match="the cap of 1 call is"), budget.call():
        pass
    assert budget.under_way == 0


@pytest.mark.parametrize(
    ("caps", "calls", "words"),
    [
        ({"calls": 1}, 2, "the cap of 1 call leaves no room for an episode of 2 calls "),
        ({"calls": 0}, 1, "the cap of 0 calls leaves no room for an episode of 1 call "),
        (
            {"calls": 1200, "tokens": 1, "dollars": 0.5},
            2000,
            "the caps of 1,200 calls and 1 token and $0.50 leave no room for an episode of 2,000",
        ),
    ],
)
def test_a_cap_without_room_says_so_in_the_singular_and_the_plural(caps, calls, words):
    assert Budget(Caps(**caps)).refusal(calls).startswith(words)


def test_what_other_processes_spent_counts_too():
    budget = Budget(Caps(dollars=1.0))
    budget.others = Spending(3, 100, 1.0)
    with pytest.raises(OutOfBudget, match=r"the cap of \$1.00"), budget.call():
        pass


def test_a_share_of_invalid_turns_needs_some_turns():
    turns = InvalidTurns(0.25)
    for _ in range(5):  # five of twenty, whatever the other fifteen will be
        turns.note("llm:m", "empty")
    with pytest.raises(TooManyInvalidTurns, match=r"6 of 6 .* limit of 25%; the last, of llm:m"):
        turns.note("llm:m", "empty")
    with pytest.raises(TooManyInvalidTurns, match=r"^1 of 1 turn brought no .* limit of 0%; the"):
        InvalidTurns(0.0).note("llm:m", "empty")


def test_prices_are_those_of_the_table_and_of_the_users_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    usage = Usage(prompt=1_000_000, cached=400_000, answer=100_000)
    # o3, OpenAI's list of 2025: $2 in, $0.50 cached, $8 out for a million tokens.
    assert price_of("o3", OPENAI).of(usage) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
    assert price_of("openai/o3", OPENAI) == price_of("o3", OPENAI)
    assert price_of("nobody", OPENAI) is None
    (tmp_path / "prices.toml").write_text("[nobody]\nprompt = 1\ncached = 1\nanswer = 0\n")
    assert price_of("nobody", OPENAI).of(usage) == 1.0
    (tmp_path / "prices.toml").write_text("[nobody]\nprompt = -1\ncached = 1\nanswer = 0\n")
    with pytest.raises(UserError, match=r"prices.toml: nobody.prompt"):
        price_of("nobody", OPENAI)


@pytest.mark.parametrize(
    "name",
    ["gpt-4.1-2025-04-14", "openai/gpt-4.1-2025-04-14", "gpt-4.1@20250414", "gpt-4.1-latest"],
)
def test_a_snapshot_has_the_price_of_its_family(name):
    assert price_of(name, OPENAI) == price_of("gpt-4.1", OPENAI) is not None


@pytest.mark.parametrize("name", ["gpt-4.1-turbo", "ft:gpt-4.1-2025-04-14:me::1", "gpt-4.1-2025"])
def test_another_model_has_not_the_price_of_a_family(name):
    assert price_of(name, OPENAI) is None


def test_a_snapshot_with_a_price_of_its_own_keeps_it():
    usage = Usage(prompt=1_000_000)
    assert price_of("gpt-4o-2024-05-13", OPENAI).of(usage) == 5.0
    assert price_of("gpt-4o-2024-08-06", OPENAI).of(usage) == 2.5


@given(st.text(), st.sampled_from(["", "-2025-04-14", "-latest", "@20250101"]))
def test_a_name_of_any_text_has_a_price_or_none(name, ending):
    assert isinstance(price_of(name + ending, OPENAI), Price | None)


def test_tiers_have_their_own_rates():
    """OpenAI's list of 2026 for o3: flex is half the price, priority 1.75 times as much."""
    usage, price = Usage(prompt=600_000, cached=200_000, answer=100_000), price_of("o3", OPENAI)
    full = price.of(usage)
    assert price.of(usage, "flex") == pytest.approx(full / 2)
    assert price.of(usage, "priority") == price.of(usage, "fast") == pytest.approx(1.75 * full)
    assert price.of(usage, "default") == price.of(usage, "unheard") == full


def test_a_tier_without_rates_is_never_charged_too_little():
    price, usage = Price(prompt=1, cached=1, answer=1), Usage(prompt=1_000_000)
    assert price.of(usage, "flex") == price.of(usage, "batch") == 1.0
    assert isnan(price.of(usage, "priority"))


def test_a_deployment_has_the_price_of_its_base_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "prices.toml"
    table.write_text('["my-deployment"]\nbase = "gpt-4.1-2025-04-14"\n')
    assert price_of("my-deployment", OPENAI) == price_of("gpt-4.1", OPENAI)
    table.write_text('["my-deployment"]\nbase = "gpt-4.11"\n')
    with pytest.raises(UserError, match=r"my-deployment.base: unknown model .* 'gpt-4.1'"):
        price_of("my-deployment", OPENAI)
    table.write_text('["my-deployment"]\nbase = 7\n')
    with pytest.raises(UserError, match=r"prices.toml: my-deployment"):
        price_of("my-deployment", OPENAI)


def test_on_this_machine_models_cost_nothing():
    assert price_of("anything", "http://localhost:1/v1").of(Usage(prompt=10**9)) == 0.0
