"""What a model sent back, as it came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mechlab.llm.retry import Fault, Faulty, kind_of, plain

_UNREADABLE = (ValueError, AttributeError, TypeError, KeyError, IndexError, RecursionError)
LETTERS = 4  # of a prompt or an answer make about one token, where an endpoint does not count


@dataclass(frozen=True)
class Usage:
    """Tokens of a call; ``counted`` is false where they are an estimate from the letters.

    >>> Usage(100, 80, 20).total
    120
    """

    prompt: int = 0
    cached: int = 0
    answer: int = 0
    counted: bool = True

    @property
    def total(self) -> int:
        """Tokens of prompt and answer together."""
        return self.prompt + self.answer


@dataclass(frozen=True)
class Reply:
    """A model's reply.

    Attributes:
        content: what it said, "" where nothing. reasoning: what it thought before, where told.
        refusal: its refusal, "" where none. finish: why it ended (``stop``, ``length``, ...).
        usage: tokens used.
    """

    content: str
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage = field(default_factory=Usage)

    def dumped(self) -> str:
        """Return all of it as text that any database can hold (NUL and all)."""
        return json.dumps({**vars(self), "usage": vars(self.usage)})

    @classmethod
    def loaded(cls, text: str) -> Reply:
        """Read what ``dumped`` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "usage": Usage(**fields["usage"])})


def read_reply(text: str, asked: int) -> Reply:
    """Read the body of an endpoint's response; ``asked`` letters were sent.

    Raises:
        Faulty: where it is not what the API promises, or tells of an error.
    """
    try:
        body = json.loads(text)
        if body.get("choices"):
            return _reply(body, asked)
        _raise_told(body)
    except _UNREADABLE as error:
        detail = f"no chat completion: {type(error).__name__}: {plain(text, 80)!r}"
        raise Faulty(Fault("garbled", detail)) from None
    raise Faulty(Fault("garbled", f"no chat completion: {plain(text, 80)!r}"))


def _raise_told(body: dict[str, Any]) -> None:
    """Some gateways tell of an upstream error with status 200."""
    error = body.get("error")
    if error:
        told = error if isinstance(error, dict) else {"message": error}
        status = told.get("code")
        kind = kind_of(status) if isinstance(status, int) and status >= 400 else "server"
        raise Faulty(Fault(kind, plain(str(told.get("message")))))


def _reply(body: dict[str, Any], asked: int) -> Reply:
    choice = body["choices"][0]
    message = choice["message"]
    content = _text(message.get("content"))
    reasoning = _text(message.get("reasoning_content") or message.get("reasoning"))
    return Reply(
        content=content,
        reasoning=reasoning,
        refusal=_text(message.get("refusal")),
        finish=_text(choice.get("finish_reason")),
        usage=_usage(body.get("usage"), asked, len(content) + len(reasoning)),
    )


def _text(value: Any) -> str:
    """Return a text that can be encoded: half a surrogate pair becomes a question mark."""
    if isinstance(value, list):  # parts
        value = "".join(str(part.get("text", "")) for part in value)
    return str(value or "").encode("utf-8", "replace").decode()


def _usage(told: dict[str, Any] | None, asked: int, answered: int) -> Usage:
    if not told or told.get("prompt_tokens") is None:
        return Usage(asked // LETTERS, 0, answered // LETTERS, counted=False)
    details = told.get("prompt_tokens_details") or {}
    cached = details.get("cached_tokens") or told.get("prompt_cache_hit_tokens") or 0
    return Usage(int(told["prompt_tokens"]), int(cached), int(told.get("completion_tokens") or 0))
