"""Requests over real HTTP on loopback: how many connections they need, and which way they take."""

import asyncio
import gc
import sys

import pytest

from mechlab.llm._client import _POOL, Client
from mechlab.llm._retry import CallFailed, EndpointError
from mechlab.llm.settings import Endpoint, EndpointSettings
from tests.llm.conftest import KEY

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize("at_once", [1, _POOL, 2 * _POOL + 1])
def test_connections_lie_in_no_more_small_pools_than_calls_at_once_need(server, at_once):
    async def ask():
        client = Client(Endpoint("test", server.url, KEY), EndpointSettings())
        for _ in range(2):
            await asyncio.gather(*(client.send(ASK) for _ in range(at_once)))
        pools = list(client._under_way.values())
        await client.close()
        return pools

    assert asyncio.run(ask()) == [0] * -(-at_once // _POOL)
    assert server.done == {"good": 2 * at_once}


def send(url, key=KEY):
    """Send one request; return its output, or the fault or error that came instead."""

    async def once():
        client = Client(Endpoint("test", url, key), EndpointSettings())
        try:
            return await client.send(ASK)
        except CallFailed as failure:
            return failure.fault
        except EndpointError as error:
            return str(error)
        finally:
            await client.close()

    return asyncio.run(once())


def test_azures_older_api_gets_its_version_and_its_key_in_a_header_of_its_own(server):
    host = server.url.removesuffix("/v1")
    output = send(f"{host}/openai?api-version=2024-10-21")
    assert output.content
    assert send(f"{host}/openai/deployments/m?api-version=2024-10-21").content
    assert send(f"{host}/openai?api-version=2024-10-22").status == 401
    assert server.done == {"good": 2, "401": 1}


def test_a_base_url_without_v1_is_told_so(server):
    fault = send(server.url.removesuffix("/v1"))
    assert fault.detail == f"404: no such path (is the base URL {server.url}?)"


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("socks5://me:s3cret@127.0.0.1:9", "the proxy socks5://127.0.0.1:9 of ALL_PROXY cannot be"),
        (
            "ftp://127.0.0.1:9",
            "the proxy ftp://127.0.0.1:9 of ALL_PROXY cannot be used: it must",
        ),
        ("http://[::1", "the proxy http://[::1 of ALL_PROXY cannot be used: it must be written"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch, caplog, proxy, message
):
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setattr("sys.modules", {**sys.modules, "socksio": None})
    error = send("http://192.0.2.1/v1")
    assert error.startswith(message)
    gc.collect()
    assert "s3cret" not in error
    assert not caplog.records  # of asyncio, of a client that was half made


@pytest.mark.parametrize("port", [9, 99999])
def test_a_proxy_that_is_dead_is_named(monkeypatch, port):
    monkeypatch.setenv("HTTP_PROXY", f"http://me:s3cret@127.0.0.1:{port}")
    fault = send("http://192.0.2.1/v1")
    assert fault.kind == "connection"
    assert fault.detail.endswith(f"(through the proxy http://127.0.0.1:{port} of HTTP_PROXY)")
    assert "s3cret" not in fault.detail
