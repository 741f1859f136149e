"""How many calls to an endpoint may be under way at once: a limit that adapts."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

_START = 16  # calls at once before anything is known: most endpoints bear them
_CUT = 0.8  # of the calls under way, at a 429: a gentle cut, as the calls may exceed it by few


class RateLimit:
    """A limit on calls under way, first come, first served.

    A 429 lowers the limit below the calls that are under way, unless the call was begun before the
    last cut: the limit that it met is gone. Any 429 holds all calls back for as long as the
    endpoint asks. Successful calls raise the limit: it doubles in each round of calls until the
    first 429, and then grows by one. Nothing else moves it. To be used within one event loop:
    ``async with`` gives what ``throttle`` takes.

    Attributes:
        limit, most: the present limit, and what it never passes.
        under_way: calls that count against it.
    """

    def __init__(self, most: int) -> None:
        self.most, self.limit, self.under_way = most, float(min(_START, most)), 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._cuts, self._closed_until = 0, 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> int:
        if not self._waiting and self._has_room():
            self.under_way += 1
            return self._cuts
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn came meanwhile
                self._leave()
            raise
        return self._cuts

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def succeed(self) -> None:
        """Note a call that went well."""
        step = 1.0 / self.limit if self._cuts else 1.0
        if self.under_way >= self.limit - 1.0:  # the limit was felt, so more may be better
            self.limit = min(float(self.most), self.limit + step)
            self._wake()

    def throttle(self, wait: float, cuts: int) -> None:
        """Note a 429 that asks to wait some seconds; ``async with`` gave its call the ``cuts``."""
        self._closed_until = max(self._closed_until, monotonic() + wait)
        if cuts == self._cuts:
            self.limit = max(1.0, min(self.limit, self.under_way) * _CUT)
            self._cuts += 1

    def _has_room(self) -> bool:
        return self.under_way < int(self.limit) and monotonic() >= self._closed_until

    def _leave(self) -> None:
        self.under_way -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._has_room():
            turn = self._waiting.popleft()
            if not turn.done():
                self.under_way += 1
                turn.set_result(None)
        closed = self._closed_until - monotonic()
        if self._waiting and closed > 0.0 and self._timer is None:  # no call may be left to wake us
            self._timer = asyncio.get_running_loop().call_later(closed, self._reopen)

    def _reopen(self) -> None:
        self._timer = None
        self._wake()
