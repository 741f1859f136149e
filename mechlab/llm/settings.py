"""What a user sets of live agents: the ``[live]`` table of a study, options in brackets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mechlab.errors import UserError
from mechlab.llm._secrets import without_key
from mechlab.recipe import Part

OPENAI = "https://api.openai.com/v1"
AZURE_VERSION = "?api-version="  # in a base URL: Azure's older API, whose keys go into `api-key`
_LOCAL = ("localhost", "127.0.0.1", "::1")


class PromptOptions(Part):
    """How agents are told of the game: the published variants of the prompt.

    Attributes:
        history: ``state`` sends the present state; ``full`` also all that happened before, as the
            published study does.
        framing: ``company`` (the published prompt), ``plain`` (no company), ``neutral`` (neutral
            names, points for dollars), ``team`` (a team objective).
        persona: ``competitive`` (to maximise one's own revenue) or ``uncooperative`` (to obstruct)
            in place of the group's objective.
        answers: ``short`` limits the length of texts and lists in the schema of an answer, for
            small models that never stop writing. The endpoint must support such limits:
            llama-server does, strict structured output of OpenAI does not.
    """

    history: Literal["state", "full"] = "state"
    framing: Literal["company", "plain", "neutral", "team"] = "company"
    persona: Literal["none", "competitive", "uncooperative"] = "none"
    answers: Literal["free", "short"] = "free"


class ModelOptions(PromptOptions):
    """How one live agent is prompted and sampled; what is not set is left to the endpoint.

    Attributes:
        endpoint: name of the endpoint that serves the model.
        response_format: how the schema of answers is sent: by ``json_schema``, else in words, with
            ``json_object`` or as ``text``; what is not set is found out by the first call.
        temperature, top_p, max_tokens, max_completion_tokens, reasoning_effort: as in the API.

    >>> ModelOptions(temperature=0.5).request
    {'temperature': 0.5}
    """

    endpoint: str = Field(default="openai", pattern=r"^[A-Za-z][\w-]*$")
    response_format: Literal["json_schema", "json_object", "text"] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None

    @property
    def request(self) -> dict[str, Any]:
        """The parameters of the model that are set."""
        prompt = {"endpoint", "response_format", *PromptOptions.model_fields}
        return self.model_dump(exclude=prompt, exclude_none=True)

    @property
    def chosen(self) -> dict[str, Any]:
        """What was set, by name."""
        return self.model_dump(exclude_unset=True)


class CallSettings(Part):
    """How endpoints are called.

    Attributes:
        extra: further fields of each request.
        concurrency: most calls to an endpoint at once.
        timeout, patience: seconds that a call may take, and after which it is given up where it
            meets only faults.
    """

    extra: dict[str, Any] = Field(default={})
    concurrency: int = Field(default=64, ge=1, le=1000)
    timeout: float = Field(default=300.0, gt=0)
    patience: float = Field(default=1800.0, gt=0)


class EndpointSettings(CallSettings):
    """Where an endpoint is, and how it is called; what is not set is that of the ``[live]`` table.

    Attributes:
        url: its base URL; read from the environment if it is not given.
        key_variable: the environment variable that holds its key (never the key itself).

    >>> EndpointSettings(url="http://127.0.0.1:8080/v1/").url
    'http://127.0.0.1:8080/v1'
    """

    url: str = ""
    key_variable: str = ""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return _checked_url(url)

    @property
    def canonical(self) -> dict[str, Any]:
        """What is set of it that the evidence depends on."""
        how = {"concurrency", "timeout", "patience"}
        fields = self.model_dump(mode="json", exclude=how, exclude_defaults=True)
        return {"key_variable": self.key_variable, **fields} if fields else {}

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

    @property
    def stated(self) -> bool:
        """Whether there is any cap."""
        return bool(self.model_dump(exclude_none=True))


class Live(CallSettings):
    """The ``[live]`` table: everything about live agents that a study may set.

    Attributes:
        endpoints: where endpoints are and how they are called, by name; others are read from the
            environment.
        options: of all live agents that do not say otherwise.
        caps: what all calls of a run may use up.
        invalid_limit: the largest share of turns without a valid answer.

    >>> Live(caps={"calls": 100}).caps.calls
    100
    """

    endpoints: dict[str, EndpointSettings] = Field(default={})
    options: ModelOptions = ModelOptions()
    caps: Caps = Caps()
    invalid_limit: float = Field(default=0.2, ge=0, le=1)

    @property
    def canonical(self) -> dict[str, Any]:
        """All that the evidence depends on."""
        own = {name: endpoint.canonical for name, endpoint in self.endpoints.items()}
        fields = {"options": self.options.model_dump(mode="json"), "extra": self.extra}
        return {**fields, "endpoints": {name: each for name, each in own.items() if each}}

    def endpoint(self, name: str) -> EndpointSettings:
        """Return the settings of an endpoint: its own before those of the table.

        >>> live = Live(extra={"seed": 1}, endpoints={"groq": {"extra": {"service_tier": "flex"}}})
        >>> live.endpoint("groq").extra, live.endpoint("openai").extra
        ({'seed': 1, 'service_tier': 'flex'}, {'seed': 1})
        """
        own = self.endpoints.get(name, EndpointSettings())
        unset = CallSettings.model_fields.keys() - own.model_fields_set
        table = {field: getattr(self, field) for field in unset}
        return own.model_copy(update={**table, "extra": {**self.extra, **own.extra}})

    def options_of(self, agent: ModelOptions) -> ModelOptions:
        """Return all options of an agent: its own before the study's."""
        return self.options.model_copy(update=agent.chosen)

    def request(self, options: ModelOptions) -> dict[str, Any]:
        """Return the parameters that each request of an agent with these options carries."""
        return {**self.endpoint(options.endpoint).extra, **options.request}

    @property
    def episodes_at_once(self) -> int:
        """Episodes that keep all endpoints busy, as each has one call under way at most."""
        return max([self.concurrency, *(self.endpoint(n).concurrency for n in self.endpoints)])


@dataclass(frozen=True)
class Endpoint:
    """An endpoint by its name in populations, with its key ("": none is needed), never shown.

    >>> Endpoint("openai", OPENAI, "sk-5ecret")
    Endpoint(name='openai', url='https://api.openai.com/v1')
    >>> Endpoint("openai", OPENAI, "sk-5ecret").redact("bad key sk-5ecret")
    'bad key [key]'
    """

    name: str
    url: str
    key: str = field(repr=False)

    def redact(self, text: str) -> str:
        """Return a text from the endpoint without the key, which it might repeat."""
        return without_key(text, self.key)


def find_endpoint(
    name: str, endpoints: Mapping[str, EndpointSettings], *, need_key: bool = True
) -> Endpoint:
    """Find an endpoint in the study, else under NAME_BASE_URL, and its key under NAME_API_KEY.

    Variables are read from the environment, then from the file ``.env`` of the working directory.

    Raises:
        UserError: where there is no URL, or no key, or one that no header can hold or that could
            not be recognised in what is stored. On this machine no key is needed.
    """
    variables = _variables()
    prefix = name.upper().replace("-", "_")
    settings = endpoints.get(name, EndpointSettings())
    url = settings.url or _url(name, f"{prefix}_BASE_URL", variables)
    variable = settings.key_variable or f"{prefix}_API_KEY"
    key, where = variables.get(variable, "").strip(), f"endpoint {name!r} ({url}): {variable}"
    if need_key and not key and not is_local(url):
        raise UserError(f"{where} is not set, in the environment or .env")
    if need_key and not re.fullmatch(r"[!-\[\]-~]*", key):
        raise UserError(
            f"{where} must hold a key of visible ASCII characters without a backslash, but the "
            f"{len(key)}-character text in it has others"
        )
    return Endpoint(name, url, key)


def is_local(url: str) -> bool:
    """Return whether an endpoint is on this machine.

    >>> is_local("http://127.0.0.1:8080/v1"), is_local(OPENAI)
    (True, False)
    """
    return urlsplit(url).hostname in _LOCAL


def _url(name: str, variable: str, variables: Mapping[str, str]) -> str:
    url = variables.get(variable) or (OPENAI if name == "openai" else "")
    if not url:
        raise UserError(
            f"unknown endpoint {name!r}: set {variable}, or [live.endpoints.{name}] in the study"
        )
    try:
        return _checked_url(url)
    except UserError as error:
        raise UserError(f"{variable}: {error}") from None


def _checked_url(url: str) -> str:
    """Return a base URL without a closing slash; refuse what is no http URL or holds a password."""
    try:
        parts = urlsplit(url.strip())
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or half an IPv6 address
        right = False
    if not right:
        raise UserError("a base URL is written like https://api.openai.com/v1")
    base, _, version = url.strip().partition(AZURE_VERSION)
    if parts.username or parts.password or "?" in base or not re.fullmatch(r"[\w.-]*", version):
        raise UserError(
            "a base URL holds no user, password or query, except ?api-version=... of Azure: keys "
            "are read from variables"
        )
    return base.rstrip("/") + (AZURE_VERSION + version if version else "")


def _variables() -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        file = dotenv_values(".env")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f".env: cannot be read: {type(error).__name__}") from None
    return {name: value for name, value in {**file, **os.environ}.items() if value}
