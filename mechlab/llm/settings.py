"""The ``[live]`` table of a study: endpoints, defaults of live agents, limits."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mechlab.errors import UserError
from mechlab.llm.dialogue import Telling
from mechlab.recipe import Part

_REQUESTED = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort")


class Options(Telling):
    """How one live agent is told and asked; what is not set is left to the endpoint.

    Attributes:
        endpoint: name of the endpoint that serves the model.
        temperature, top_p, max_tokens, max_completion_tokens, reasoning_effort: as in the API.

    >>> Options(temperature=0.5).requested
    {'temperature': 0.5}
    """

    endpoint: str = Field(default="openai", pattern=r"^[A-Za-z][\w-]*$")
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None

    @property
    def requested(self) -> dict[str, Any]:
        """What goes into each request."""
        given = ((name, getattr(self, name)) for name in _REQUESTED)
        return {name: value for name, value in given if value is not None}

    @property
    def chosen(self) -> dict[str, Any]:
        """What was set, by name."""
        return self.model_dump(exclude_unset=True)


class Place(Part):
    """Where an endpoint is, and which environment variable holds its key (never the key itself).

    >>> Place(url="http://127.0.0.1:8080/v1/").url
    'http://127.0.0.1:8080/v1'
    """

    url: str
    key_variable: str = ""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return checked_url(url)

    @field_validator("key_variable")
    @classmethod
    def _check_variable(cls, name: str) -> str:
        if name and not (name.isupper() and name.replace("_", "").isalnum()):
            # Whatever was written here may be a key: it is not repeated.
            raise UserError("names an environment variable, like GROQ_API_KEY, and holds no key")
        return name


class Caps(Part):
    """What a run may use up: calls, tokens (of prompts and answers) and US dollars."""

    calls: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    dollars: float | None = Field(default=None, ge=0)


class Live(Part):
    """Everything about live agents that a study may set.

    Attributes:
        endpoints: where endpoints are, by name; others are read from the environment.
        options: what holds for all live agents that do not say otherwise.
        extra: fields of the request beyond the options, as the endpoint knows them.
        caps: see there.
        invalid_limit: the largest share of turns without a valid answer.
        concurrency: most calls to an endpoint at once.
        timeout: seconds that a call may take.
        patience: seconds after which a call that meets only faults is given up.

    >>> Live(caps={"calls": 100}).caps.calls
    100
    """

    endpoints: dict[str, Place] = Field(default={})
    options: Options = Options()
    extra: dict[str, Any] = Field(default={})
    caps: Caps = Caps()
    invalid_limit: float = Field(default=0.2, ge=0, le=1)
    concurrency: int = Field(default=64, ge=1, le=1000)
    timeout: float = Field(default=300.0, gt=0)
    patience: float = Field(default=1800.0, gt=0)

    @property
    def canonical(self) -> dict[str, Any]:
        """All that the evidence depends on."""
        return self.model_dump(mode="json", include={"endpoints", "options", "extra"})


def checked_url(url: str) -> str:
    """Return the base URL of an endpoint without a closing slash.

    Raises:
        UserError: for what is no http URL, or holds a password.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError("a base URL is written like https://api.openai.com/v1")
    if parts.username or parts.password or parts.query:
        raise UserError("a base URL holds no user, password or query: keys are read from variables")
    return url.strip().rstrip("/")
