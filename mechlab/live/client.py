"""One request to one endpoint: a reply, or the fault that came instead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import Any

from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI

from mechlab.live.endpoint import Endpoint
from mechlab.live.faults import Fault, Faulty, kind_of, plain
from mechlab.live.reply import Reply, read_reply


class Client:
    """The ``openai`` client of one endpoint, without retries of its own: each fault is to be known.

    To be used within one event loop.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.endpoint, self.timeout = endpoint, timeout
        self._client = AsyncOpenAI(
            api_key=endpoint.key or "none", base_url=endpoint.url, max_retries=0, timeout=None
        )

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
                text = await self._client.post("/chat/completions", cast_to=str, body=request)
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
        await self._client.close()

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
