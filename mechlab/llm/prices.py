"""The prices of models' tokens: our table, and a user's own before it."""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from mechlab.errors import UserError, unknown
from mechlab.llm._output import Usage
from mechlab.llm.settings import is_local
from mechlab.recipe import Part, parse_toml, read_text

_USERS_TABLE = Path("prices.toml")  # in the working directory; comes before ours


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
    """The rates of a model, and those of tiers of service that differ, None where not known."""

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


_FREE = Price(prompt=0, cached=0, answer=0, priority=Rates(prompt=0, cached=0, answer=0))
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
    name = bases.get(model, model)
    bare = name.rsplit("/", 1)[-1]
    names = (name, bare, _SNAPSHOT.sub("", name), _SNAPSHOT.sub("", bare))
    price = next((table[name] for name in names if name in table), None)
    if price is None and model in bases:
        raise UserError(f"{_USERS_TABLE}: {model}.base: {unknown('model', name, table)}")
    return price


def dollars_of(usage: Usage, price: Price | None, tier: str) -> float | None:
    """Return what a call cost that asked for a tier of service, None if it is not known.

    What the endpoint says that it charged comes first. If it says nothing, or nothing was charged
    for a model with a price, it is the rates of the tier that it says it gave, or that was asked
    for: a cap must hold.
    """
    listed = price.of(usage, usage.tier or tier) if price else math.nan
    return usage.cost if usage.cost or math.isnan(listed) else listed


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
    table = parse_toml(read_text(_USERS_TABLE), str(_USERS_TABLE))
    bases = {name: entry["base"] for name, entry in table.items() if _is_base(entry)}
    try:
        prices = {name: entry for name, entry in table.items() if name not in bases}
        return _TABLE.validate_python(prices), bases
    except ValidationError as errors:
        wrong = errors.errors()[0]
        text = f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}, got {wrong['input']!r}"
        raise UserError(f"{_USERS_TABLE}: {text}") from None


def _is_base(entry: Any) -> bool:
    return isinstance(entry, dict) and list(entry) == ["base"] and isinstance(entry["base"], str)
