"""What a run has used up, what it may use up, and the prices of models' tokens."""

from __future__ import annotations

import asyncio
import math
import re
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from mechlab.errors import OutOfBudget, UserError, unknown
from mechlab.llm._output import Usage
from mechlab.llm.settings import Caps, is_local
from mechlab.recipe import Part, parse_toml, read_text
from mechlab.statistics import counted

_FEW_CALLS = 20  # below these the mean price of a call is too uncertain to plan with
_FEW_TURNS = 20  # below these a share of turns says nothing
_USERS_TABLE = Path("prices.toml")  # in the working directory; comes before ours


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
        return cls(1, usage.total, dollars or 0.0)

    def __add__(self, other: Spending) -> Spending:
        dollars = self.dollars + other.dollars
        return Spending(self.calls + other.calls, self.tokens + other.tokens, dollars)

    def __sub__(self, other: Spending) -> Spending:
        return self + Spending(-other.calls, -other.tokens, -other.dollars)

    def __str__(self) -> str:
        counts = f"{counted(self.calls, 'call')}, {counted(self.tokens, 'token')}"
        return f"{counts}, ${self.dollars:,.2f}"


class Budget:
    """Keeps the spending of a run below its caps, except for calls that are under way.

    Attributes:
        caps: the most that it may spend.
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
        self.caps = caps
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
        self._check()
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
        if not self._affords(calls):
            return self._short(calls)
        try:
            self._check()
        except OutOfBudget as reached:
            return str(reached)
        return ""

    def _affords(self, calls: int) -> bool:
        """Whether so many calls have room beside those reserved, at the mean price so far."""
        spent, caps, more = self.spending, self.caps, self._reserved + calls
        if caps.calls is not None and spent.calls + more > caps.calls:
            return False
        if (caps.tokens is None and caps.dollars is None) or not calls:
            return True
        if spent.calls < _FEW_CALLS:  # the price of a call is not known: one episode goes ahead
            return not self._reserved
        growth = 1.0 + more / spent.calls
        tokens, dollars = spent.tokens * growth, spent.dollars * growth
        return tokens <= (caps.tokens or math.inf) and dollars <= (caps.dollars or math.inf)

    def _short(self, calls: int) -> str:
        caps = {name: cap for name, cap in self.caps.model_dump().items() if cap is not None}
        text = ", ".join(f"{cap:,} {name}" for name, cap in caps.items())
        lacking = f"leaves no room for an episode of {counted(calls, 'call')}"
        return f"the cap of {text} {lacking} ({self.spending})"

    def _check(self) -> None:
        spent, caps = self.spending, self.caps
        reached = ""
        if caps.calls is not None and spent.calls + self.under_way >= caps.calls:
            reached = counted(caps.calls, "call")
        elif caps.tokens is not None and spent.tokens >= caps.tokens:
            reached = counted(caps.tokens, "token")
        elif caps.dollars is not None and spent.dollars >= caps.dollars:
            reached = f"${caps.dollars:,.2f}"
        if reached:
            raise OutOfBudget(f"the cap of {reached} is reached ({spent})")


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
                f"{self.invalid} of {self.turns} turns without a valid answer exceed the limit of "
                f"{self.limit:.0%}; the last, of {name}: {reason}"
            )


class Rates(Part):
    """US dollars for a million tokens: of prompts, of their cached part, of answers."""

    prompt: float = Field(ge=0)
    cached: float = Field(ge=0)
    answer: float = Field(ge=0)

    def of(self, usage: Usage) -> float:
        """Return the price of a call, in US dollars."""
        fresh = usage.prompt - usage.cached
        parts = fresh * self.prompt + usage.cached * self.cached + usage.answer * self.answer
        return parts / 1e6


class Price(Rates):
    """The rates of a model, and those of tiers of service that differ.

    Attributes:
        flex, batch, priority: rates of these tiers, None where they are not known.
    """

    flex: Rates | None = None
    batch: Rates | None = None
    priority: Rates | None = None

    def of(self, usage: Usage, tier: str = "") -> float:
        """Return the price of a call in a tier of service, in US dollars.

        A tier without rates of its own is charged in full; if that could be too little, as it may
        be for ``priority``, the price is nan.

        >>> price = Price(prompt=2, cached=1, answer=10, flex=Rates(prompt=1, cached=1, answer=5))
        >>> usage = Usage(prompt=1_000_000, cached=500_000, answer=0)
        >>> price.of(usage), price.of(usage, "flex"), price.of(usage, "priority")
        (1.5, 1.0, nan)
        """
        dearer = tier in ("priority", "fast")  # OpenAI's older and newer name for it
        rates = self.priority if dearer else {"flex": self.flex, "batch": self.batch}.get(tier)
        if rates is not None:
            return rates.of(usage)
        return math.nan if dearer else super().of(usage)


_NOTHING = Rates(prompt=0, cached=0, answer=0)
_FREE = Price(prompt=0, cached=0, answer=0, priority=_NOTHING)
_TABLE = TypeAdapter(dict[str, Price])
# What follows a model's name in that of a snapshot: 2025-04-14, 20250514, @20250514, latest.
_SNAPSHOT = re.compile(r"(?:-\d{4}-\d{2}-\d{2}|[-@]\d{8}|-latest)$")


def price_of(model: str, url: str) -> Price | None:
    """Return the price of a model at an endpoint, None if it is unknown; zero on this machine.

    A name that stands in no table has the price of the name without its maker ("openai/gpt-4.1"),
    without the date of a snapshot ("gpt-4.1-2025-04-14"), or without both. A deployment with a
    name of its own has the price of the model that a ``prices.toml`` calls its ``base``.

    Raises:
        UserError: for a ``prices.toml`` that cannot be read.
    """
    if is_local(url):
        return _FREE
    users, bases = _users_table()
    table = {**_packaged_table(), **users}
    price = _find(bases.get(model, model), table)
    if price is None and model in bases:
        raise UserError(f"{_USERS_TABLE}: {model}.base: {unknown('model', bases[model], table)}")
    return price


def _find(model: str, table: Mapping[str, Price]) -> Price | None:
    bare = model.rsplit("/", 1)[-1]
    names = (model, bare, _SNAPSHOT.sub("", model), _SNAPSHOT.sub("", bare))
    return next((table[name] for name in names if name in table), None)


def unknown_price(*models: str, tier: str = "") -> str:
    """Say that the prices of models, or their rates in a tier, are unknown; and how to add them.

    >>> unknown_price("some-model")[:49]
    'the price of some-model is not in the table: add '
    """
    if tier:
        models = tuple(f"{model} in the tier {tier!r}" for model in models)
        return (
            f"the rates of {' and of '.join(models)} are not in the table: add the model with "
            f"{tier} = {{ prompt = ..., cached = ..., answer = ... }} to a file {_USERS_TABLE} in "
            "this directory, or ask for no tier"
        )
    tables = " and ".join(f'["{model}"]' for model in models)
    return (
        f"the price of {' and of '.join(models)} is not in the table: add {tables} with prompt, "
        f"cached and answer, in US dollars for a million tokens, to a file {_USERS_TABLE} in this "
        "directory; for a deployment, base with the model's name is enough"
    )


@cache
def _packaged_table() -> dict[str, Price]:
    text = (files("mechlab") / "data" / "prices.toml").read_text(encoding="utf-8")
    return _TABLE.validate_python(tomllib.loads(text))


def _users_table() -> tuple[dict[str, Price], dict[str, str]]:
    """Return the user's prices, and the base models of deployments, each by name."""
    if not _USERS_TABLE.exists():
        return {}, {}
    try:
        table = parse_toml(read_text(_USERS_TABLE), str(_USERS_TABLE))
        bases = {name: entry["base"] for name, entry in table.items() if _is_base(entry)}
        prices = {name: entry for name, entry in table.items() if name not in bases}
        return _TABLE.validate_python(prices), bases
    except ValidationError as errors:
        wrong = errors.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise UserError(
            f"{_USERS_TABLE}: {where}: {wrong['msg']}, got {wrong['input']!r}"
        ) from None


def _is_base(entry: Any) -> bool:
    return isinstance(entry, dict) and list(entry) == ["base"] and isinstance(entry["base"], str)
