"""What episodes would cost: counts that follow from the rules, prices from the table."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.games.base import make_game
from mechlab.llm._tokens import count_tokens, token_ends
from mechlab.llm.estimate import estimate, prompt_cost, rehearse
from mechlab.llm.session import live_session
from mechlab.llm.settings import Live, PromptOptions
from mechlab.mechanism import parse
from mechlab.simulation import play, scenario

SETTINGS = {"agents": 4, "rounds": 3}


def of(population, monkeypatch, episodes=1, **live):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.test/v1")
    asked = scenario("sharing", population, episodes=episodes, settings=SETTINGS)
    return estimate([asked], Live(**live), "sqlite:///none.db")


def test_each_live_agent_makes_a_call_a_round(monkeypatch):
    assert of("llm:o3", monkeypatch).calls == 4 * 3
    assert of("llm:o3", monkeypatch, episodes=7).calls == 7 * 4 * 3
    assert of("llm:o3*2 + perfect*2", monkeypatch).calls == 2 * 3
    offline = of("perfect", monkeypatch)
    assert (offline.calls, offline.tokens, offline.dollars) == (0, 0, 0)


def test_the_price_follows_from_the_tokens_and_the_table(monkeypatch):
    """o3 costs five times as much as gpt-4.1-mini for prompts, cached prompts and answers alike."""
    dear, cheap = of("llm:o3", monkeypatch), of("llm:gpt-4.1-mini", monkeypatch)
    assert dear.tokens == cheap.tokens > 12 * 500
    assert dear.dollars == pytest.approx(5 * cheap.dollars)
    assert 0.5e-6 * dear.tokens < dear.dollars < 8e-6 * dear.tokens


def test_a_tier_that_is_asked_for_has_its_own_price(monkeypatch):
    full, flex = (of("llm:o3", monkeypatch, extra=e) for e in ({}, {"service_tier": "flex"}))
    assert flex.dollars == pytest.approx(full.dollars / 2)


def test_what_nobody_knows_the_price_of_is_undefined(monkeypatch):
    found = of("llm:nobody*1 + llm:o3*3", monkeypatch)
    assert math.isnan(found.dollars) and found.unpriced == ("nobody",)


def test_a_price_of_ones_own_comes_before_ours(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rates = "prompt = 0.0\ncached = 0.0\nanswer = 0.0\n"
    (tmp_path / "prices.toml").write_text(f'["nobody"]\n{rates}["o3"]\n{rates}')
    found = of("llm:nobody*1 + llm:o3*3", monkeypatch)
    assert (found.dollars, found.unpriced) == (0.0, ())


def test_an_episode_of_the_sharing_game_has_as_many_tokens_as_its_tokenizer_counts():
    """With o200k_base: 755,428 tokens of prompts and 49,624 of answers."""
    rules = parse("sharing_bonus(rate=1000)")
    sent, cached, answer = rehearse(make_game("sharing"), rules, PromptOptions(), "baseline").tokens
    assert sent == pytest.approx(755_428, rel=0.01)
    assert answer == pytest.approx(49_624, rel=0.02)
    assert 0.5 * sent < cached < sent


def test_a_prefix_that_no_provider_caches_is_not_counted_as_cached():
    def cached(words):
        prompts = [[{"role": "user", "content": "word " * words + end}] for end in "ab"]
        return prompt_cost(prompts).tokens[1]

    assert cached(1000) == 0
    assert 1100 <= cached(1100) <= 1101


@given(st.text())
def test_tokens_of_any_text_cover_it_once(text):
    ends = token_ends(text)
    assert ends == sorted(set(ends))
    assert (ends[-1:] or [0]) == [len(text)]
    assert count_tokens(text) == len(ends) <= len(text)


def test_stored_calls_correct_the_estimate(server):
    """The server counts more tokens than there are, and so do models that reason."""
    server.behaviour.usage = {"prompt_tokens": 9000, "completion_tokens": 1234}
    small = {"agents": 3, "rounds": 2, "pieces": 6, "hand": 2, "needed": 2}
    asked = scenario("sharing", "llm:m-1", episodes=2, settings=small)
    url = "sqlite:///calls.db"
    before = estimate([asked], Live(), url)
    with live_session(url=url) as session:
        play(asked)
        spent = session.budget.spending
    after = estimate([asked], Live(), url)
    assert (before.measured, after.measured) == (0, 12)
    assert after.calls == before.calls == spent.calls
    assert after.tokens > 2 * before.tokens
    # Rehearsed agents say other things than the server's.
    assert after.tokens == pytest.approx(spent.tokens, rel=0.25)
    assert after.seconds < before.seconds
    assert json.dumps(after.as_json())
