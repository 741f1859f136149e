"""Requests over real HTTP on loopback: how many connections they need."""

import asyncio

import pytest

from mechlab.llm._client import _POOL, Client
from mechlab.llm.settings import Endpoint
from tests.llm.conftest import KEY

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize("at_once", [1, _POOL, 2 * _POOL + 1])
def test_connections_lie_in_no_more_small_pools_than_calls_at_once_need(server, at_once):
    server.behaviour.latency = lambda rng: 0.05  # so that they really are under way at once

    async def ask():
        client = Client(Endpoint("test", server.url, KEY), timeout=600.0)
        for _ in range(2):
            await asyncio.gather(*(client.send(ASK, 5) for _ in range(at_once)))
        pools = [pool.under_way for pool in client._pools]
        await client.close()
        return pools

    assert asyncio.run(ask()) == [0] * -(-at_once // _POOL)
    assert server.busiest == at_once
    assert server.done == {"good": 2 * at_once}
