"""A model's output, and the answer in it that fits a schema, or the reason why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from mechlab.llm._retry import one_line
from mechlab.llm.dialogue import Message

RESPONSE_FORMATS = ("json_schema", "json_object", "text")  # to send a schema by, in this order
PROMPT_REFUSED = "prompt_refused"  # how an output ends that never began: a filter was before it

_TAG = "(?:think|thinking|thought|reasoning)"
# Some servers leave out the opening tag, and some models never close theirs.
_REASONING = re.compile(rf"\s*(?:<{_TAG}>(.*?)(?:</{_TAG}>|\Z)|([^{{]*?)</{_TAG}>)", re.S | re.I)
_CUT = ("length", "max_tokens", "model_length")  # reasons to finish: of OpenAI, Gemini, Mistral
_FILTERS = ("content_filter", "safety", "prohibited", "blocklist", "spii", "recitation", "refusal")
_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.S | re.I)


@dataclass(frozen=True)
class Usage:
    """Tokens of a call.

    Attributes:
        prompt: of the prompt. cached: the part of them that came from the provider's cache.
        answer: of the answer, with all that was reasoned before it.
        counted: false if some are estimated from the texts.
        doubt: why the endpoint's own counts cannot be right, "" if they can.
        cost: US dollars that the endpoint says it charged, None if it says nothing.
        tier: of service that the endpoint says it gave, "" if it says nothing.
    """

    prompt: int = 0
    cached: int = 0
    answer: int = 0
    counted: bool = True
    doubt: str = ""
    cost: float | None = None
    tier: str = ""


@dataclass(frozen=True)
class ModelOutput:
    """What a model sent back.

    Attributes:
        reasoning: what it reasoned before, where the endpoint sends that apart.
        finish: why it ended (``stop``, ``length``, ...; ``PROMPT_REFUSED``: it never began).
    """

    content: str
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage = field(default_factory=Usage)

    def dump(self) -> str:
        """Return all of it as text that any database can hold (NUL and all)."""
        return json.dumps({**vars(self), "usage": vars(self.usage)})

    @classmethod
    def load(cls, text: str) -> ModelOutput:
        """Read what ``dump`` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "usage": Usage(**fields["usage"])})

    def redacted(self, redact: Callable[[str], str]) -> ModelOutput:
        """Return the output with each of its texts changed by a function."""
        texts = {name: redact(text) for name, text in vars(self).items() if name != "usage"}
        return ModelOutput(**texts, usage=self.usage)

    @property
    def all_reasoning(self) -> str:
        """What the model reasoned before it answered, wherever its endpoint puts it."""
        return self.reasoning or split_reasoning(self.content)[1]

    @property
    def thoughts(self) -> str:
        """The private thoughts in the answer, "" if it has none."""
        answer = next(_objects(self.content), {})
        return str(answer.get("thoughts", ""))


class InvalidAnswer(Exception):
    """An output holds no valid answer; the message says why, in one line for model and people."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice  # what a user can do about it


def parse_answer(output: ModelOutput, schema: type[BaseModel]) -> BaseModel:
    """Return the answer among the reasoning, fences and text of an output; nothing is repaired.

    Raises:
        InvalidAnswer: if there is none.

    >>> class Bid(BaseModel):
    ...     price: int
    >>> parse_answer(ModelOutput("<think>7?</think>```json\\n{\\"price\\": 7}\\n```"), Bid)
    Bid(price=7)
    """
    if output.refusal:
        raise InvalidAnswer(f"refusal: {one_line(output.refusal)}")
    first: ValidationError | None = None
    for candidate in _candidates(output.content):
        try:
            return schema.model_validate_json(candidate)
        except ValidationError as error:
            if first is None or first.errors()[0]["type"] == "json_invalid":
                first = error
    finish = output.finish.lower()
    if finish in _CUT:
        reason = _reason(first) if first else "there was no answer yet"
        advice = "raise max_completion_tokens or max_tokens, or lower reasoning_effort"
        raise InvalidAnswer(f"cut off at the limit of tokens; {reason}", advice)
    if any(word in finish for word in _FILTERS):
        raise InvalidAnswer(f"withheld by the filter of the endpoint: {one_line(output.finish)}")
    if first is None:
        ended = f", it ended with {one_line(output.finish)!r}" if finish not in ("", "stop") else ""
        raise InvalidAnswer(f"empty: there was no answer{ended}")
    raise InvalidAnswer(_reason(first))


def problem(output: ModelOutput, schema: type[BaseModel]) -> str:
    """Return why an output holds no valid answer, "" if it does."""
    try:
        parse_answer(output, schema)
    except InvalidAnswer as reason:
        return str(reason)
    return ""


def ignores_schema(output: ModelOutput, schema: type[BaseModel]) -> bool:
    """Return whether an output is whole, but nothing that the schema would have let a model write.

    >>> class Bid(BaseModel):
    ...     price: int
    >>> [ignores_schema(ModelOutput(text), Bid) for text in ("I bid 7.", '{"price": -1}', "")]
    [True, False, False]
    """
    finish = output.finish.lower()
    broken = finish in _CUT or any(word in finish for word in _FILTERS)
    if broken or output.refusal or not output.content.strip():
        return False
    fields = schema.model_fields.keys()
    return not any(fields == answer.keys() for answer in _objects(output.content))


def split_reasoning(content: str) -> tuple[str, str]:
    """Return an answer, tags within it included, and the reasoning in tags before it.

    >>> split_reasoning("hm</think> {}")
    ('{}', 'hm')
    """
    reasoning, start = [], 0
    while match := _REASONING.match(content, start):
        reasoning.append((match[1] or match[2] or "").strip())
        start = match.end()
    return content[start:].strip(), "\n".join(reasoning)


def messages_again(output: ModelOutput, reason: str, schema: type[BaseModel]) -> list[Message]:
    """Return the messages that ask once more for a valid answer, to follow those sent before.

    They hold the schema: some endpoints take a response format and show it to no model.
    """
    content = output.content or output.refusal or "(nothing)"
    ask = f"That could not be read: {reason}. {_in_words(schema)}"
    return [{"role": "assistant", "content": content}, {"role": "user", "content": ask}]


def request_body(format: str, schema: type[BaseModel], messages: list[Message]) -> dict[str, Any]:
    """Return messages and response format of a request that sends the schema in such a format."""
    if format == "json_schema":
        named = {"name": schema.__name__, "schema": strict_schema(schema), "strict": True}
        return {"messages": messages, "response_format": {"type": format, "json_schema": named}}
    first, *rest = messages
    text = f"{first['content']}\n\n{_in_words(schema)}"  # in the part that stays the same
    return {
        "messages": [{**first, "content": text}, *rest],
        **({"response_format": {"type": format}} if format != "text" else {}),
    }


@lru_cache
def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema that structured output needs: closed objects, all fields required.

    Docstrings are for developers and left out; descriptions of fields are for models.
    """
    full = schema.model_json_schema()
    for documented in (full, *full.get("$defs", {}).values()):
        documented.pop("description", None)
    closed: dict[str, Any] = edited(full, _closed)
    return closed


def edited(node: Any, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return a JSON schema with each schema in it changed by a function, the innermost first."""
    if isinstance(node, list):
        return [edited(item, edit) for item in node]
    if not isinstance(node, dict):
        return node
    named = ("properties", "$defs")  # whose keys are names of the user's, not words of JSON schema
    parts = {key: value if key in named else edited(value, edit) for key, value in node.items()}
    for key in parts.keys() & named:
        parts[key] = {name: edited(part, edit) for name, part in parts[key].items()}
    return edit(parts)


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: part for key, part in schema.items() if key not in ("default", "discriminator")}
    kept = {"anyOf" if key == "oneOf" else key: part for key, part in kept.items()}
    if kept.get("type") == "object" and "properties" in kept:
        kept |= {"additionalProperties": False, "required": list(kept["properties"])}
    return kept


def _candidates(content: str) -> Iterator[str]:
    """Yield the parts of a text that may be the answer, the most literal first."""
    text, reasoning = split_reasoning(content)
    if reasoning and content.strip():
        yield content.strip()
    if text:
        yield text
    fenced = _FENCE.findall(text)
    if len(fenced) == 1:
        yield fenced[0]
    with suppress(ValueError, RecursionError):
        start = text.index("{")
        _, end = json.JSONDecoder().raw_decode(text, start)
        if end - start < len(text) and "{" not in text[end:]:  # of two objects none is chosen
            yield text[start:end]


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects among the candidates."""
    for candidate in _candidates(content):
        with suppress(ValueError, RecursionError):
            if isinstance(answer := json.loads(candidate), dict):
                yield answer


def _reason(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_input=False)
    lines = (f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in errors[:3])
    more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
    return one_line("; ".join(lines), 400) + more


@lru_cache
def _in_words(schema: type[BaseModel]) -> str:
    text = json.dumps(strict_schema(schema))
    return f"Answer with one JSON object, and nothing else, that fits this JSON schema: {text}"
