"""What episodes would cost: counts that follow from the rules, prices from the table."""

import math

import pytest

from mechlab.agents.population import Population
from mechlab.games.base import make_game
from mechlab.llm.estimate import estimate
from mechlab.llm.settings import Live
from mechlab.mechanism import parse

GAME = make_game("sharing", {"agents": 4, "rounds": 3})


def of(population, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.test/v1")
    group = Population.of(population, GAME.agents)
    return estimate(GAME, group, parse("none"), "baseline", Live())


def test_each_live_agent_makes_a_call_a_round(monkeypatch):
    assert of("llm:o3", monkeypatch).calls == 4 * 3
    assert of("llm:o3*2 + perfect*2", monkeypatch).calls == 2 * 3
    offline = of("perfect", monkeypatch)
    assert (offline.calls, offline.tokens, offline.dollars) == (0, 0, 0)


def test_the_price_follows_from_the_tokens_and_the_table(monkeypatch):
    """o3 costs five times as much as gpt-4.1-mini for prompts, cached prompts and answers alike."""
    dear, cheap = of("llm:o3", monkeypatch), of("llm:gpt-4.1-mini", monkeypatch)
    assert dear.tokens == cheap.tokens > 12 * 500
    assert dear.dollars == pytest.approx(5 * cheap.dollars)
    assert 0.5e-6 * dear.tokens < dear.dollars < 8e-6 * dear.tokens


def test_what_nobody_knows_the_price_of_is_undefined(monkeypatch):
    found = of("llm:nobody*1 + llm:o3*3", monkeypatch)
    assert math.isnan(found.dollars) and found.unpriced == ("nobody",)


def test_a_price_of_ones_own_comes_before_ours(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rates = "prompt = 0.0\ncached = 0.0\nanswer = 0.0\n"
    (tmp_path / "prices.toml").write_text(f'["nobody"]\n{rates}["o3"]\n{rates}')
    found = of("llm:nobody*1 + llm:o3*3", monkeypatch)
    assert (found.dollars, found.unpriced) == (0.0, ())
