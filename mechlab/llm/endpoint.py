"""Endpoints: where a model is served, and the key to it, which is never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mechlab.errors import UserError
from mechlab.llm.settings import Place, checked_url

OPENAI = "https://api.openai.com/v1"
HERE = ("localhost", "127.0.0.1", "::1")  # this machine


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served.

    Attributes:
        name: its name in populations.
        url: its base URL.
        key: the key to it; "" where none is needed.

    >>> Endpoint("openai", "https://api.openai.com/v1", "sk-secret")
    Endpoint(name='openai', url='https://api.openai.com/v1')
    >>> Endpoint("openai", "https://api.openai.com/v1", "sk-secret").hide("bad key sk-secret")
    'bad key [key]'
    """

    name: str
    url: str
    key: str = field(repr=False)

    def hide(self, text: str) -> str:
        """Return a text of the endpoint's without the key, which it might repeat."""
        return text.replace(self.key, "[key]") if self.key else text


def find_endpoint(name: str, places: Mapping[str, Place], *, need_key: bool = True) -> Endpoint:
    """Find an endpoint: in the study, else as NAME_BASE_URL; its key in NAME_API_KEY.

    Variables are read from the environment, then from the file ``.env`` of the working directory.

    Raises:
        UserError: where no URL or no key is to be found. On this machine no key is needed.
    """
    variables = _variables()
    prefix = name.upper().replace("-", "_")
    place = places.get(name)
    if place is None:
        place = Place(url=_url(name, f"{prefix}_BASE_URL", variables))
    variable = place.key_variable or f"{prefix}_API_KEY"
    key = (variables.get(variable) or "").strip()
    if need_key and not key and urlsplit(place.url).hostname not in HERE:
        raise UserError(
            f"endpoint {name!r} ({place.url}): {variable} is not set, in the environment or .env"
        )
    return Endpoint(name, place.url, key)


def _url(name: str, variable: str, variables: Mapping[str, str]) -> str:
    written = variables.get(variable) or (OPENAI if name == "openai" else "")
    if not written:
        raise UserError(
            f"unknown endpoint {name!r}: set {variable}, or [live.endpoints.{name}] in the study"
        )
    try:
        return checked_url(written)
    except UserError as error:
        raise UserError(f"{variable}: {error}") from None


def _variables() -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        written = dotenv_values(".env")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f".env: cannot be read: {type(error).__name__}") from None
    return {name: value for name, value in {**written, **os.environ}.items() if value}
