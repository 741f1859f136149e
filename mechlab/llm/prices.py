"""What a model's tokens cost: a small table that the user can extend."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mechlab.errors import UserError
from mechlab.llm.endpoint import HERE, Endpoint
from mechlab.llm.output import Usage

OWN = Path("prices.toml")  # in the working directory; comes before ours


class Price(BaseModel):
    """US dollars for a million tokens: of prompts, of their cached part, of answers.

    >>> Price(prompt=2, cached=1, answer=10).of(Usage(prompt=1_000_000, cached=500_000, answer=0))
    1.5
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    prompt: float = Field(ge=0)
    cached: float = Field(ge=0)
    answer: float = Field(ge=0)

    def of(self, usage: Usage) -> float:
        """Return what a call cost, in US dollars."""
        fresh = usage.prompt - usage.cached
        parts = fresh * self.prompt + usage.cached * self.cached + usage.answer * self.answer
        return parts / 1e6


_TABLE = TypeAdapter(dict[str, Price])


def price_of(model: str, endpoint: Endpoint) -> Price | None:
    """Return a model's price, None where none is known; on this machine it is nothing.

    A name with a maker before it ("openai/gpt-4.1") has the price of the name alone, unless it
    stands in the table itself.

    Raises:
        UserError: for a ``prices.toml`` that cannot be read.
    """
    if urlsplit(endpoint.url).hostname in HERE:
        return Price(prompt=0, cached=0, answer=0)
    table = {**_ours(), **_own()}
    return table.get(model) or table.get(model.rsplit("/", 1)[-1])


def unknown_price(*models: str) -> str:
    """Say that the prices of models are not known, and how to make them known.

    >>> unknown_price("some-model")[:49]
    'the price of some-model is not in the table: add '
    """
    tables = " and ".join(f'["{model}"]' for model in models)
    return (
        f"the price of {' and of '.join(models)} is not in the table: add {tables} with prompt, "
        f"cached and answer, in US dollars for a million tokens, to a file {OWN} in this directory"
    )


@cache
def _ours() -> dict[str, Price]:
    text = (files("mechlab") / "data" / "prices.toml").read_text(encoding="utf-8")
    return _TABLE.validate_python(tomllib.loads(text))


def _own() -> dict[str, Price]:
    if not OWN.exists():
        return {}
    try:
        return _TABLE.validate_python(tomllib.loads(OWN.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{OWN}: cannot be read: {error}") from None
    except ValidationError as errors:
        wrong = errors.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise UserError(f"{OWN}: {where}: {wrong['msg']}, got {wrong['input']!r}") from None
