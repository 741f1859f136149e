"""From a model's reply to an answer that fits its schema, or the reason why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from mechlab.llm.dialogue import Message
from mechlab.llm.output import Reply
from mechlab.llm.retry import plain

FORMS = ("schema", "object", "text")  # how a schema is conveyed: the first that an endpoint takes

_TAG = "(?:think|thinking|thought|reasoning)"
# Some servers leave out the opening tag, and some models never close theirs.
_THOUGHT = re.compile(rf"\s*(?:<{_TAG}>(.*?)(?:</{_TAG}>|\Z)|([^{{]*?)</{_TAG}>)", re.S | re.I)
_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.S | re.I)


class Invalid(Exception):
    """A reply holds no valid answer; the message says why, in one line for the model and people."""


def read_answer(reply: Reply, schema: type[BaseModel]) -> BaseModel:
    """Return the answer that a reply holds.

    Reasoning tags and code fences are taken off, and text around the one JSON object is passed
    over; nothing is mended.

    Raises:
        Invalid: where there is none.

    >>> class Bid(BaseModel):
    ...     price: int
    >>> read_answer(Reply("<think>7?</think>```json\\n{\\"price\\": 7}\\n```"), Bid)
    Bid(price=7)
    """
    if reply.refusal:
        raise Invalid(f"refusal: {plain(reply.refusal)}")
    first: ValidationError | None = None
    for candidate in _candidates(reply.content):
        try:
            return schema.model_validate_json(candidate)
        except ValidationError as error:
            if first is None or first.errors()[0]["type"] == "json_invalid":
                first = error
    if first is None:
        raise Invalid("empty: there was no answer")
    cut = "cut off at the limit of tokens; " if reply.finish == "length" else ""
    raise Invalid(f"{cut}{_why(first)}")


def thoughts_of(reply: Reply) -> str:
    """Return the private thoughts of an answer, "" where it has none."""
    for candidate in _candidates(reply.content):
        try:
            answer = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            return str(answer.get("thoughts", ""))
    return ""


def reasoning_of(reply: Reply) -> str:
    """Return what a model thought before it answered, wherever its endpoint puts it."""
    return reply.reasoning or apart(reply.content)[1]


def apart(content: str) -> tuple[str, str]:
    """Part an answer from the reasoning that stands in tags before it.

    Tags within the answer are part of it.

    >>> apart("hm</think> {}")
    ('{}', 'hm')
    """
    thoughts, start = [], 0
    while found := _THOUGHT.match(content, start):
        thoughts.append((found[1] or found[2] or "").strip())
        start = found.end()
    return content[start:].strip(), "\n".join(thoughts)


def _candidates(content: str) -> Iterator[str]:
    """Return the parts of a text that may be the answer, the most literal first."""
    said, thoughts = apart(content)
    if thoughts and content.strip():
        yield content.strip()
    if said:
        yield said
    fenced = _FENCE.findall(said)
    if len(fenced) == 1:
        yield fenced[0]
    start = said.find("{")
    if start >= 0:
        try:
            _, end = json.JSONDecoder().raw_decode(said, start)
        except (ValueError, RecursionError):
            return
        if end - start < len(said) and "{" not in said[end:]:  # of two objects none is chosen
            yield said[start:end]


def _why(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    told = (f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in found[:3])
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return plain("; ".join(told), 400) + more


def again(reply: Reply, why: str) -> list[Message]:
    """Return what is added to the messages to ask for a valid answer once more."""
    said = reply.content or reply.refusal or "(nothing)"
    ask = f"That could not be read: {why}. Answer again: one JSON object that fits the schema."
    return [{"role": "assistant", "content": said}, {"role": "user", "content": ask}]


def conveyed(form: str, schema: type[BaseModel], messages: list[Message]) -> dict[str, Any]:
    """Return messages and response format of a request that conveys the schema in this form."""
    if form == "schema":
        wanted = {"name": schema.__name__, "schema": strict_schema(schema), "strict": True}
        kind = {"type": "json_schema", "json_schema": wanted}
        return {"messages": messages, "response_format": kind}
    first, *rest = messages
    text = f"{first['content']}\n\n{_in_words(schema)}"  # in the part that stays the same
    told = {"messages": [{**first, "content": text}, *rest]}
    return {**told, "response_format": {"type": "json_object"}} if form == "object" else told


@lru_cache
def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema as structured output has it: closed objects, all fields required.

    >>> class Bid(BaseModel):
    ...     price: int = 3
    >>> strict_schema(Bid)["required"], strict_schema(Bid)["additionalProperties"]
    (['price'], False)
    """
    closed: dict[str, Any] = _closed(schema.model_json_schema())
    return closed


@lru_cache
def _in_words(schema: type[BaseModel]) -> str:
    written = json.dumps(strict_schema(schema))
    return f"Answer with one JSON object, and nothing else, that fits this JSON schema: {written}"


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: value for name, value in node.items() if name not in ("default", "discriminator")}
    kept = {"anyOf" if name == "oneOf" else name: _closed(value) for name, value in kept.items()}
    if kept.get("type") == "object" and "properties" in kept:
        kept["additionalProperties"] = False
        kept["required"] = list(kept["properties"])
    return kept
