"""One request to one endpoint: a reply, or the fault that came instead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import Any

from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI

from mechlab.llm.endpoint import Endpoint
from mechlab.llm.output import Reply, read_reply
from mechlab.llm.retry import Fault, Faulty, kind_of, plain

_POOL = 8  # calls at once over one pool of connections


@dataclass
class _Pool:
    """Connections, kept open from call to call, and the calls that are under way over them."""

    client: AsyncOpenAI
    under_way: int = 0

    def __enter__(self) -> AsyncOpenAI:
        self.under_way += 1
        return self.client

    def __exit__(self, *_: object) -> None:
        self.under_way -= 1


class Client:
    """The ``openai`` client of one endpoint, without retries of its own: each fault is to be known.

    To be used within one event loop. Its connections lie in several small pools: a pool
    probes all that are idle twice a call, so one for all would cost more the more calls there are.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.endpoint, self.timeout = endpoint, timeout
        self._pools: list[_Pool] = []

    async def send(self, request: dict[str, Any], letters: int) -> Reply:
        """Send a request whose messages have so many letters.

        Raises:
            Faulty: where no reply came.
        """
        begun = monotonic()
        try:
            async with asyncio.timeout(self.timeout):
                # Not `chat.completions.create`: going through the types of a whole request and
                # reply takes as long as all else that the client does.
                with self._pool() as client:
                    text = await client.post("/chat/completions", cast_to=str, body=request)
            return read_reply(self.endpoint.hide(text), letters)
        except (TimeoutError, APITimeoutError):
            fault = Fault("timeout", f"no answer in {self.timeout:g} s")
        except APIStatusError as error:
            fault = self._status(error)
        except APIConnectionError as error:
            cause = error.__cause__ or error
            fault = Fault("connection", self._line(f"{type(cause).__name__}: {cause}"))
        except Faulty as faulty:
            fault = faulty.fault
        raise Faulty(replace(fault, seconds=monotonic() - begun))

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools:
            await pool.client.close()

    def _pool(self) -> _Pool:
        """Return the first pool that has room, so that no more are open than calls need."""
        pool = next((pool for pool in self._pools if pool.under_way < _POOL), None)
        if pool is None:
            key, url = self.endpoint.key or "none", self.endpoint.url
            pool = _Pool(AsyncOpenAI(api_key=key, base_url=url, max_retries=0, timeout=None))
            self._pools.append(pool)
        return pool

    def _status(self, error: APIStatusError) -> Fault:
        status = error.status_code
        told = error.body.get("message") if isinstance(error.body, dict) else error.body
        wait = _retry_after(error.response.headers)
        detail = self._line(f"{status}: {told or error.message}")
        return Fault(kind_of(status), detail, wait=wait, status=status)

    def _line(self, text: str) -> str:
        return plain(self.endpoint.hide(text))


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read how long an endpoint asks to wait, in seconds or as a date; nan where it does not."""
    told = headers.get("retry-after", "")
    try:
        if "retry-after-ms" in headers:
            return abs(float(headers["retry-after-ms"])) / 1000.0
        return abs(float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time())
    except ValueError:
        return float("nan")
