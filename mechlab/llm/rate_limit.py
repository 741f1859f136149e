"""How many calls to an endpoint may be under way at once: a limit that adapts."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from types import TracebackType

_START = 16  # calls at once before anything is known
_CUT = 0.8  # of the calls under way, at a 429


class Limiter:
    """A limit on calls under way, first come, first served.

    A 429 of a call that was begun under the present limit lowers it, below the calls that are
    under way; those of calls begun before do not, as the limit that they met is gone. Any 429 holds
    all calls back for as long as the endpoint asks. Quiet raises the limit: it doubles in each
    round of calls until the first 429, and from then on grows by one. Nothing else moves it. To be
    used within one event loop: ``async with`` gives what ``throttled`` takes.

    Attributes:
        most: the limit never passes this.
        limit: the present limit. under_way: calls that hold a place.

    >>> async def refused(calls):
    ...     limiter = Limiter(64)
    ...     places = [await limiter.__aenter__() for _ in range(calls)]
    ...     limiter.throttled(0.0, places[0])
    ...     return limiter.limit
    >>> asyncio.run(refused(10))
    8.0
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(min(_START, most))
        self.under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._eager = True  # no 429 yet
        self._cuts = 0  # a call is begun under the limit of this cut
        self._closed_until = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> int:
        if not self._waiting and self._free():
            self.under_way += 1
            return self._cuts
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._wake()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given a place meanwhile
                self._leave()
            raise
        return self._cuts

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def succeeded(self) -> None:
        """Note a call that went well."""
        step = 1.0 if self._eager else 1.0 / self.limit
        if self.under_way >= self.limit - 1.0:  # the limit was felt, so more may be better
            self.limit = min(float(self.most), self.limit + step)
            self._wake()

    def throttled(self, wait: float, begun: int) -> None:
        """Note a 429 that asks to wait so many seconds (0 where it does not say).

        Args:
            wait: these seconds.
            begun: what ``async with`` gave the call, which holds its place still.
        """
        self._closed_until = max(self._closed_until, monotonic() + wait)
        if begun == self._cuts:
            self.limit = max(1.0, min(self.limit, self.under_way) * _CUT)
            self._eager = False
            self._cuts += 1

    def _free(self) -> bool:
        return self.under_way < int(self.limit) and monotonic() >= self._closed_until

    def _leave(self) -> None:
        self.under_way -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._free():
            place = self._waiting.popleft()
            if not place.done():
                self.under_way += 1
                place.set_result(None)
        closed = self._closed_until - monotonic()
        if self._waiting and closed > 0.0 and self._alarm is None:  # no call may be left to wake us
            self._alarm = asyncio.get_running_loop().call_later(closed, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._wake()
