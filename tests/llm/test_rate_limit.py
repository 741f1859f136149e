"""The limit on calls under way: lowered by a 429, raised by quiet, moved by nothing else."""

import asyncio
from time import monotonic

import pytest

from mechlab.llm._rate_limit import RateLimit


async def calls(limiter, count, seconds=0.001):
    """Make calls at once; return the most that were under way."""
    busiest = 0

    async def one():
        nonlocal busiest
        async with limiter:
            busiest = max(busiest, limiter.under_way)
            await asyncio.sleep(seconds)
        limiter.succeed()

    await asyncio.gather(*(one() for _ in range(count)))
    return busiest


def test_quiet_doubles_the_limit_in_each_round_of_calls():
    async def play():
        limiter = RateLimit(64)
        assert await calls(limiter, 16) == 16
        return await calls(limiter, 200), limiter

    busiest, limiter = asyncio.run(play())
    assert busiest == limiter.limit == 64
    assert limiter.under_way == 0


def test_a_limit_that_is_not_felt_is_not_raised():
    limiter = RateLimit(64)
    asyncio.run(calls(limiter, 3))
    assert limiter.limit == 16


async def refused(limiter, count, wait=0.0):
    """Begin calls at once, all of which meet a 429."""
    places = [await limiter.__aenter__() for _ in range(count)]
    for begun in places:
        limiter.throttle(wait, begun)
        await limiter.__aexit__(None, None, None)


def test_calls_begun_at_once_lower_it_once_and_quiet_then_raises_it_slowly():
    limiter = RateLimit(64)
    asyncio.run(refused(limiter, 16))
    assert limiter.limit == pytest.approx(0.8 * 16)
    asyncio.run(calls(limiter, 200))
    assert 20 < limiter.limit < 32  # by one in a round of calls: 200 calls are some 12 rounds


def test_a_429_of_a_call_begun_since_lowers_it_again():
    limiter = RateLimit(64)
    asyncio.run(refused(limiter, 16))
    asyncio.run(refused(limiter, 12))
    assert limiter.limit == pytest.approx(0.8 * 12)


def test_it_falls_below_the_calls_that_were_too_many():
    """Four calls were too many, so neither sixteen nor four are right."""
    limiter = RateLimit(64)
    asyncio.run(refused(limiter, 4))
    assert limiter.limit == pytest.approx(0.8 * 4)


def test_the_wait_that_an_endpoint_asks_for_holds_all_calls_back():
    async def play():
        limiter = RateLimit(64)
        begun = monotonic()
        await refused(limiter, 1, wait=0.15)
        await calls(limiter, 5)
        return monotonic() - begun

    assert asyncio.run(play()) >= 0.15


def test_it_never_falls_below_one():
    limiter = RateLimit(1)
    asyncio.run(refused(limiter, 1))
    assert asyncio.run(calls(limiter, 3)) == 1


def test_a_cancelled_call_leaves_its_place():
    async def play():
        limiter = RateLimit(1)
        async with limiter:
            waiting = asyncio.create_task(calls(limiter, 1))
            await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await calls(limiter, 2)
        return limiter.under_way

    assert asyncio.run(play()) == 0


def test_it_serves_as_many_as_a_server_bears(server):
    """A server with three places: all calls are answered, and most meet no 429."""
    from mechlab.llm.session import live_session
    from mechlab.simulation import simulate
    from tests.llm.test_driver import SMALL

    server.behaviour.most = 3
    server.behaviour.latency = lambda rng: 0.05
    server.behaviour.retry_after = "0.05"
    with live_session():
        simulate(population="llm:m", settings=SMALL, episodes=4)
    assert server.done["good"] == 4 * 12
    assert server.done["429"] < server.done["good"] / 2
