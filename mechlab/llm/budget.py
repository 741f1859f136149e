"""What a run has used up, and what it may."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from mechlab.errors import OutOfBudget
from mechlab.llm.output import Usage
from mechlab.llm.settings import Caps

_KNOWN = 20  # calls after which their mean price is known well enough


@dataclass(frozen=True)
class Spent:
    """Calls made, their tokens (prompts and answers) and their price in US dollars.

    >>> Spent(1, 10, 0.5) + Spent(2, 5, 0.25)
    Spent(calls=3, tokens=15, dollars=0.75)
    """

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0

    @classmethod
    def of(cls, usage: Usage, dollars: float | None) -> Spent:
        """Return what one answered call used up; a call without a known price adds no dollars."""
        return cls(1, usage.total, dollars or 0.0)

    def __add__(self, other: Spent) -> Spent:
        dollars = self.dollars + other.dollars
        return Spent(self.calls + other.calls, self.tokens + other.tokens, dollars)

    def __sub__(self, other: Spent) -> Spent:
        return self + Spent(-other.calls, -other.tokens, -other.dollars)

    def __str__(self) -> str:
        return f"{self.calls:,} calls, {self.tokens:,} tokens, ${self.dollars:,.2f}"


class Account:
    """Keeps what a run has used up below its caps, but for calls that were under way.

    Attributes:
        caps: what it may use up.
        mine: what this process used up.
        others: what was used up before, and by other processes of the same run.
        under_way: calls that were begun and are not booked.

    >>> account = Account(Caps(calls=1))
    >>> account.book(Spent(calls=1, tokens=10))
    >>> with account.call():
    ...     pass
    Traceback (most recent call last):
    mechlab.errors.OutOfBudget: the cap of 1 calls is reached (1 calls, 10 tokens, $0.00)
    """

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.mine, self.others, self.under_way = Spent(), Spent(), 0
        self._promised = 0  # calls that episodes under way still need
        self._gate, self._news = asyncio.Lock(), asyncio.Event()

    @property
    def spent(self) -> Spent:
        """What the run has used up."""
        return self.mine + self.others

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call, with all its attempts, in this context; book it as soon as that is left.

        Raises:
            OutOfBudget: where a cap is reached, counting calls under way as calls.
        """
        self._check()
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def book(self, spent: Spent) -> None:
        """Book what a call used up."""
        self.mine += spent
        self._news.set()

    @asynccontextmanager
    async def episode(self, calls: int) -> AsyncIterator[Callable[[], None]]:
        """Play an episode that needs so many calls, once the caps leave room for all of it.

        So what may be used up goes into episodes that are finished, the first ones first. Yields
        what is to be called at each of its calls.

        Raises:
            OutOfBudget: where there is no room, and no episode under way that could leave some.
        """
        async with self._gate:  # in the order in which they come
            while not self._affords(calls):
                if not self._promised:
                    raise OutOfBudget(f"{self._short(calls)} ({self.spent})")
                self._news.clear()
                await self._news.wait()
            self._promised += calls
        left = calls

        def made() -> None:
            nonlocal left
            if left:
                left, self._promised = left - 1, self._promised - 1

        try:
            yield made
        finally:
            self._promised -= left
            self._news.set()

    def _affords(self, calls: int) -> bool:
        """Whether so many calls have room beside those promised, each as dear as those so far."""
        spent, caps, more = self.spent, self.caps, self._promised + calls
        if caps.calls is not None and spent.calls + more > caps.calls:
            return False
        if (caps.tokens is None and caps.dollars is None) or not calls:
            return True
        if spent.calls < _KNOWN:  # what a call costs is not known: one episode goes ahead
            return not self._promised
        each = more / spent.calls
        tokens, dollars = spent.tokens * (1.0 + each), spent.dollars * (1.0 + each)
        return tokens <= (caps.tokens or math.inf) and dollars <= (caps.dollars or math.inf)

    def _short(self, calls: int) -> str:
        set_caps = {n: v for n, v in self.caps.model_dump().items() if v is not None}
        written = ", ".join(f"{value:,} {name}" for name, value in set_caps.items())
        return f"the cap of {written} leaves no room for an episode of {calls:,} calls"

    def _check(self) -> None:
        spent, caps = self.spent, self.caps
        if caps.calls is not None and spent.calls + self.under_way >= caps.calls:
            raise self._out(f"{caps.calls:,} calls", spent)
        if caps.tokens is not None and spent.tokens >= caps.tokens:
            raise self._out(f"{caps.tokens:,} tokens", spent)
        if caps.dollars is not None and spent.dollars >= caps.dollars:
            raise self._out(f"${caps.dollars:,.2f}", spent)

    def _out(self, cap: str, spent: Spent) -> OutOfBudget:
        return OutOfBudget(f"the cap of {cap} is reached ({spent})")
