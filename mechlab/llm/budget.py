"""What a run has used up, and what it may use up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from mechlab.errors import OutOfBudget, UserError
from mechlab.llm._output import Usage
from mechlab.llm.settings import Caps
from mechlab.statistics import counted

_FEW_CALLS = 20  # below these the mean price of a call is too uncertain to plan with
_FEW_TURNS = 20  # below these a share of turns says nothing


@dataclass(frozen=True)
class Spending:
    """Calls made, their tokens (of prompts and answers) and their price in US dollars.

    >>> Spending(1, 10, 0.5) + Spending(2, 5, 0.25)
    Spending(calls=3, tokens=15, dollars=0.75)
    """

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0

    @classmethod
    def of(cls, usage: Usage, dollars: float | None) -> Spending:
        """Return the spending of one answered call; without a known price it adds no dollars."""
        return cls(1, usage.prompt + usage.answer, dollars or 0.0)

    def __add__(self, other: Spending) -> Spending:
        dollars = self.dollars + other.dollars
        return Spending(self.calls + other.calls, self.tokens + other.tokens, dollars)

    def __sub__(self, other: Spending) -> Spending:
        return self + Spending(-other.calls, -other.tokens, -other.dollars)

    def __str__(self) -> str:
        return ", ".join(_amounts(vars(self)))


def _amounts(spent: Mapping[str, float]) -> list[str]:
    """Return amounts of calls, tokens and dollars in words."""
    return [
        f"${amount:,.2f}" if name == "dollars" else counted(int(amount), name.removesuffix("s"))
        for name, amount in spent.items()
    ]


class Budget:
    """Keeps the spending of a run below its caps, except for calls that are under way.

    Attributes:
        mine: spending of this process.
        others: spending before, and by other processes of the same run.
        under_way: calls that were begun and are not yet charged.
        unpriced: models of calls without a known price.

    >>> budget = Budget(Caps(calls=1))
    >>> budget.charge(Spending(calls=1, tokens=10))
    >>> with budget.call():
    ...     pass
    Traceback (most recent call last):
    mechlab.errors.OutOfBudget: the cap of 1 call is reached (1 call, 10 tokens, $0.00)
    """

    def __init__(self, caps: Caps) -> None:
        self._caps: dict[str, float] = caps.model_dump(exclude_none=True)
        self.mine, self.others, self.under_way = Spending(), Spending(), 0
        self.unpriced: set[str] = set()
        self._reserved = 0  # calls that episodes under way still need
        self._gate, self._changed = asyncio.Lock(), asyncio.Event()

    @property
    def spending(self) -> Spending:
        """The spending of the run so far."""
        return self.mine + self.others

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call with all its attempts in this context; charge it as soon as that is left.

        Raises:
            OutOfBudget: if a cap is reached, counting calls under way as calls.
        """
        if reached := self._reached():
            raise OutOfBudget(reached)
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def charge(self, spending: Spending) -> None:
        """Add the spending of a call."""
        self.mine += spending
        self._changed.set()

    @asynccontextmanager
    async def episode(self, calls: int) -> AsyncIterator[Callable[[], None]]:
        """Play an episode that needs so many calls, once the caps leave room for all of it.

        So the budget goes into episodes that are finished, the first ones first. Yields a function
        to call at each of the episode's calls.

        Raises:
            OutOfBudget: if there is no room, and no episode under way that could leave some.
        """
        async with self._gate:  # in the order in which they come
            while not self._affords(calls):
                if not self._reserved:
                    raise OutOfBudget(self._short(calls))
                self._changed.clear()
                await self._changed.wait()
            self._reserved += calls
        left = calls

        def release_one() -> None:
            nonlocal left
            if left:
                left, self._reserved = left - 1, self._reserved - 1

        try:
            yield release_one
        finally:
            self._reserved -= left
            self._changed.set()

    def refusal(self, calls: int) -> str:
        """Return why an episode of so many calls has no room after all spending, "" if it has."""
        return self._reached() if self._affords(calls) else self._short(calls)

    def _affords(self, calls: int) -> bool:
        """Whether so many calls have room beside those reserved, at the mean price so far."""
        spent, more = self.spending, self._reserved + calls
        if spent.calls + more > self._caps.get("calls", math.inf):
            return False
        others = self._caps.keys() - {"calls"}
        if not (others and calls):
            return True
        if spent.calls < _FEW_CALLS:  # the price of a call is not known: one episode goes ahead
            return not self._reserved
        growth = 1.0 + more / spent.calls
        return all(getattr(spent, name) * growth <= self._caps[name] for name in others)

    def _short(self, calls: int) -> str:
        caps = " and ".join(_amounts(self._caps))
        leave = "the cap of {} leaves" if len(self._caps) == 1 else "the caps of {} leave"
        episode = f"an episode of {counted(calls, 'call')}"
        return f"{leave.format(caps)} no room for {episode} ({self.spending})"

    def _reached(self) -> str:
        """Return which cap is reached, counting calls under way as calls; "" if none is."""
        spent = self.spending
        used = {**vars(spent), "calls": spent.calls + self.under_way}
        for name, cap in self._caps.items():
            if used[name] >= cap:
                return f"the cap of {_amounts({name: cap})[0]} is reached ({spent})"
        return ""


class TooManyInvalidTurns(UserError):
    """More turns than permitted brought no valid answer."""


@dataclass
class InvalidTurns:
    """Counts the turns of a run and those without a valid answer, up to a limit of their share."""

    limit: float
    turns: int = 0
    invalid: int = 0

    def note(self, name: str, reason: str) -> None:
        """Note a turn of a model, and why it brought no valid answer ("" if it did).

        Raises:
            TooManyInvalidTurns: if their share exceeds the limit.
        """
        self.turns += 1
        self.invalid += bool(reason)
        if reason and self.invalid > self.limit * max(self.turns, _FEW_TURNS):
            raise TooManyInvalidTurns(
                f"{self.invalid:,} of {counted(self.turns, 'turn')} brought no valid answer, which "
                f"exceeds the limit of {100 * self.limit:g}%; the last, of {name}: {reason}"
            )
