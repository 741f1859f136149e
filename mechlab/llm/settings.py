"""What a user sets of live agents: the ``[live]`` table of a study, options in brackets, endpoints.

An agent's options come first, then the study's, then the endpoint's own defaults.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mechlab.errors import UserError
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

    >>> PromptOptions().history
    'state'
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
        """The parameters that each request carries, whatever its response format."""
        prompt = {"endpoint", "response_format", *PromptOptions.model_fields}
        return self.model_dump(exclude=prompt, exclude_none=True)

    @property
    def chosen(self) -> dict[str, Any]:
        """What was set, by name."""
        return self.model_dump(exclude_unset=True)


class EndpointSettings(Part):
    """Where an endpoint is, and how it is called; what is not set is that of the ``[live]`` table.

    Attributes:
        url: its base URL; read from the environment if it is not given.
        key_variable: the environment variable that holds its key (never the key itself).
        extra: further fields of each request, as this endpoint knows them, beside the table's.
        concurrency, timeout, patience: as in the table.

    >>> EndpointSettings(url="http://127.0.0.1:8080/v1/").url
    'http://127.0.0.1:8080/v1'
    """

    url: str = ""
    key_variable: str = ""
    extra: dict[str, Any] = Field(default={})
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    timeout: float | None = Field(default=None, gt=0)
    patience: float | None = Field(default=None, gt=0)

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
        return any(cap is not None for cap in self.model_dump().values())


class Live(Part):
    """The ``[live]`` table: everything about live agents that a study may set.

    Attributes:
        endpoints: where endpoints are and how they are called, by name; others are read from the
            environment.
        options: of all live agents that do not say otherwise.
        extra: further fields of each request to any endpoint.
        caps: what all calls of a run may use up.
        invalid_limit: the largest share of turns without a valid answer.
        concurrency: most calls to an endpoint at once.
        timeout: seconds that a call may take.
        patience: seconds after which a call that meets only faults is given up.

    >>> Live(caps={"calls": 100}).caps.calls
    100
    """

    endpoints: dict[str, EndpointSettings] = Field(default={})
    options: ModelOptions = ModelOptions()
    extra: dict[str, Any] = Field(default={})
    caps: Caps = Caps()
    invalid_limit: float = Field(default=0.2, ge=0, le=1)
    concurrency: int = Field(default=64, ge=1, le=1000)
    timeout: float = Field(default=300.0, gt=0)
    patience: float = Field(default=1800.0, gt=0)

    @property
    def canonical(self) -> dict[str, Any]:
        """All that the evidence depends on."""
        own = {name: endpoint.canonical for name, endpoint in self.endpoints.items()}
        fields = self.model_dump(mode="json", include={"options", "extra"})
        return {**fields, "endpoints": {name: each for name, each in own.items() if each}}

    def request(self, endpoint: str) -> dict[str, Any]:
        """Return the further fields of each request to an endpoint.

        >>> live = Live(extra={"seed": 1}, endpoints={"groq": {"extra": {"service_tier": "flex"}}})
        >>> live.request("groq"), live.request("openai")
        ({'seed': 1, 'service_tier': 'flex'}, {'seed': 1})
        """
        return {**self.extra, **self._of(endpoint).extra}

    def concurrency_of(self, endpoint: str) -> int:
        """Return the most calls to an endpoint at once."""
        return self._of(endpoint).concurrency or self.concurrency

    def timeout_of(self, endpoint: str) -> float:
        """Return the seconds that a call to an endpoint may take."""
        return self._of(endpoint).timeout or self.timeout

    def patience_of(self, endpoint: str) -> float:
        """Return the seconds after which a call to an endpoint is given up."""
        return self._of(endpoint).patience or self.patience

    @property
    def episodes_at_once(self) -> int:
        """Episodes that keep all endpoints busy, as each has one call under way at most."""
        return max(self.concurrency, *(self.concurrency_of(name) for name in self.endpoints), 1)

    def _of(self, endpoint: str) -> EndpointSettings:
        return self.endpoints.get(endpoint, EndpointSettings())


@dataclass(frozen=True)
class Endpoint:
    """An endpoint with its key, which is never shown.

    Attributes:
        name: its name in populations.
        url: its base URL.
        key: the key to it; "" where none is needed.

    >>> Endpoint("openai", OPENAI, "sk-5ecret")
    Endpoint(name='openai', url='https://api.openai.com/v1')
    >>> Endpoint("openai", OPENAI, "sk-5ecret").redact("bad key sk-5ecret")
    'bad key [key]'
    """

    name: str
    url: str
    key: str = field(repr=False)

    def redact(self, text: str) -> str:
        """Return a text from the endpoint without the key, which it might repeat.

        The key is found over line breaks and in JSON's escapes, of any depth. A key that can be no
        secret, such as those that local servers tell one to use, stays: it may be a word.
        """
        if not _is_secret(self.key) or not self._repeated(text):
            return text
        redacted = _key_pattern(self.key).sub("[key]", text)
        return "[key]" if self._repeated(redacted) else redacted

    def _repeated(self, text: str) -> bool:
        if "\\u" not in text and any(c not in text for c in reversed(self.key)):
            return False  # of most texts this is seen at once: the end of a key is random
        return self.key in _unescaped(text)


_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
# What may split a key: white space, its escapes, and backslashes that begin no escape of a letter.
_BETWEEN = r"(?:\s|\\+(?:[nrtbf]|u00(?:[01][0-9a-fA-F]|20)|(?![\\u])))*"


def _unescaped(text: str) -> str:
    """Return a text without JSON's escapes, backslashes and white space.

    >>> _unescaped("\\\\u0073k-\\n5e cre7")
    'sk-5ecre7'
    """
    if "\\u" in text:
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "\\" in text:
        for escape in ("\\n", "\\r", "\\t", "\\b", "\\f", "\\"):  # faster than a pattern
            text = text.replace(escape, "")
    return "".join(text.split())


@cache
def _is_secret(key: str) -> bool:
    """Return whether a key is too long and too varied to be a word, or one that anybody may know.

    >>> [_is_secret(key) for key in ("none", "EMPTY", "12345678", "placeholder", "sk-5ecre7")]
    [False, False, False, False, True]
    """
    varied, letter = len(set(key)), any(c.isalpha() for c in key)
    mixed = letter and any(c.isdigit() for c in key)
    return (mixed and len(key) >= 8 and varied >= 6) or (letter and len(key) >= 16 and varied >= 8)


@cache
def _key_pattern(key: str) -> re.Pattern[str]:
    """Return a pattern of a key, with each character as it is or escaped, split at any place."""
    ascii = (rf"(?:{re.escape(c)}|(?<!\\)\\+u(?i:{ord(c):04x}))" for c in key)
    return re.compile(_BETWEEN.join(ascii))


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
    key = variables.get(variable, "").strip()
    if need_key and not key and not is_local(url):
        raise UserError(
            f"endpoint {name!r} ({url}): {variable} is not set, in the environment or .env"
        )
    if need_key and not re.fullmatch(r"[!-\[\]-~]*", key):
        raise UserError(
            f"endpoint {name!r} ({url}): {variable} must hold a key of visible ASCII "
            f"characters without a backslash, but one of its {len(key)} characters is no such"
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
    """Return a base URL without a closing slash; refuse what is no http URL or holds a password.

    >>> _checked_url("https://x.openai.azure.com/openai/?api-version=2024-10-21")
    'https://x.openai.azure.com/openai?api-version=2024-10-21'
    """
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
