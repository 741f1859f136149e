"""One request to one endpoint: the model's output, or the fault that came instead."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from math import nan
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from httpx2 import AsyncClient, InvalidURL, Response
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncAzureOpenAI,
    AsyncOpenAI,
)

from mechlab.llm._output import ModelOutput
from mechlab.llm._rate_limit import RateLimit
from mechlab.llm._response import parse_output
from mechlab.llm._retry import CallFailed, EndpointError, Fault, fault_kind, one_line
from mechlab.llm.settings import AZURE_VERSION, Endpoint, EndpointSettings

_POOL = 8  # calls at once over one pool: few enough that probing its idle connections costs nothing


class Client:
    """The ``openai`` client of one endpoint, without its retries, as every fault is recorded.

    To be used within one event loop. Its connections lie in several small pools: a pool probes all
    its idle connections twice a call, so one large pool would slow down as calls are added.

    Attributes:
        limit: on calls under way.
    """

    def __init__(self, endpoint: Endpoint, settings: EndpointSettings) -> None:
        self.endpoint, self.timeout = endpoint, settings.timeout
        self.limit = RateLimit(settings.concurrency)
        self._under_way: Counter[AsyncOpenAI] = Counter()  # calls, by pool

    async def send(self, request: dict[str, Any]) -> ModelOutput:
        """Send a request.

        Raises:
            CallFailed: if no output came.
            EndpointError: if there is a proxy that cannot be used.
        """
        start = monotonic()
        try:
            async with asyncio.timeout(self.timeout):
                # Not `chat.completions.create`: validating the types of a whole request and
                # response takes as long as all else that the client does.
                with self._pool() as client:
                    response = await client.post(
                        "/chat/completions",
                        cast_to=Response,
                        body=request,
                        options={"follow_redirects": False},  # prompts go where the user said
                    )
            output = parse_output(response.content, request["messages"])
            return output.redacted(self.endpoint.redact)
        except (TimeoutError, APITimeoutError):
            fault = Fault("timeout", f"no answer in {self.timeout:g} s")
        except APIStatusError as error:
            fault = self._status(error)
        except (APIConnectionError, ExceptionGroup, OSError) as error:
            cause, proxy = error.__cause__ or error, _proxy_of(self.endpoint.url)
            way = f" (through {proxy})" if proxy else ""
            fault = Fault("connection", self._line(f"{type(cause).__name__}: {cause}") + way)
        except CallFailed as failure:
            fault = replace(failure.fault, detail=self._line(failure.fault.detail))
        raise CallFailed(replace(fault, seconds=monotonic() - start))

    async def close(self) -> None:
        """Close all connections."""
        for client in self._under_way:
            await client.close()

    @contextmanager
    def _pool(self) -> Iterator[AsyncOpenAI]:
        """Give the first pool with room, so that no more are open than calls need."""
        client = next((c for c, calls in self._under_way.items() if calls < _POOL), None)
        client = client or _connect(self.endpoint.key or "none", self.endpoint.url)
        self._under_way[client] += 1
        try:
            yield client
        finally:
            self._under_way[client] -= 1

    def _status(self, error: APIStatusError) -> Fault:
        status = error.status_code
        message = error.body.get("message") if isinstance(error.body, dict) else error.body
        if target := error.response.headers.get("location"):
            message = f"it redirects to {target}; prompts are sent to the base URL alone"
        detail = self._line(f"{status}: {message or error.message}")
        if status == 404 and not urlsplit(self.endpoint.url).path:
            detail += f" (is the base URL {self.endpoint.url}/v1?)"
        wait = _retry_after(error.response.headers)
        return Fault(fault_kind(status, error.body), detail, wait=wait, status=status)

    def _line(self, text: str) -> str:
        return one_line(self.endpoint.redact(text))


def _connect(key: str, url: str) -> AsyncOpenAI:
    """Return a client of a base URL; one with a version is of Azure's older API.

    Raises:
        EndpointError: if a proxy is set that cannot be used.
    """
    base, _, version = url.partition(AZURE_VERSION)
    common: dict[str, Any] = {"api_key": key, "base_url": base, "max_retries": 0, "timeout": None}
    try:
        if getproxies():
            AsyncClient()  # fails as openai's would, but leaves nothing that is closed by a task
        return AsyncAzureOpenAI(**common, api_version=version) if version else AsyncOpenAI(**common)
    except ImportError:
        reason = "SOCKS needs the package socksio: pip install socksio, or unset the variable"
    except (ValueError, InvalidURL):
        reason = "it must be written like http://127.0.0.1:3128"
    proxy = _proxy_of(url) or "a proxy in the environment"
    raise EndpointError(f"{proxy} cannot be used: {reason}")


def _proxy_of(url: str) -> str:
    """Return the proxy of requests to a URL without a password in it, "" for none."""
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    proxies = getproxies()
    name = next((name for name in (scheme, "all") if proxies.get(name)), "")
    if not name or proxy_bypass(host):
        return ""
    kind, _, rest = proxies[name].rpartition("://")
    address = f"{kind or 'http'}://{rest.rpartition('@')[2]}"
    return one_line(f"the proxy {address} of {name.upper()}_PROXY")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read how long an endpoint asks to wait, in seconds or as a date; nan if it does not."""
    wait = headers.get("retry-after", "")
    with suppress(ValueError):
        if "retry-after-ms" in headers:
            return abs(float(headers["retry-after-ms"])) / 1000.0
        return abs(float(wait))
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(wait).timestamp() - time())
    return nan
