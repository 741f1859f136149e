"""What an endpoint sends back, read: a model's output, or the fault that is reported instead.

Nothing in it is trusted: a count of tokens that cannot be right is replaced by an estimate.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from mechlab.llm._output import ModelOutput, Usage
from mechlab.llm._retry import CallFailed, Fault, fault_kind, one_line
from mechlab.llm._tokens import count_tokens, prompt_tokens
from mechlab.llm.dialogue import Message

_UNREADABLE = (ValueError, AttributeError, TypeError, KeyError, IndexError, RecursionError)
_MOST_TOKENS = 20_000_000  # of one call: twice the largest context window there is
_MOST_DOLLARS = 1000  # of one call: the dearest model fills a million tokens for some hundreds
_TIERS = ("default", "flex", "batch", "priority", "fast")  # of service, as OpenAI names them
_LONGEST_TOKEN = 128  # characters: no tokenizer in use has a longer one


def parse_output(body: bytes, sent: list[Message]) -> ModelOutput:
    """Read the body of an endpoint's response to the messages of a request.

    Raises:
        CallFailed: if it is not what the API promises, or reports an error. The detail is as long
            as the endpoint makes it, and may hold whatever the endpoint repeats.
    """
    text = body.decode(json.detect_encoding(body), "replace")  # whatever its header says
    try:
        response = json.loads(text)
        if response.get("choices"):
            return _output(response, sent)
        error = _reported(response)
    except _UNREADABLE as reason:
        error = Fault("garbled", f"no chat completion: {type(reason).__name__}: {text}")
    raise CallFailed(error or Fault("garbled", f"no chat completion: {text}"))


def _reported(part: dict[str, Any]) -> Fault | None:
    """Return the error in a part of a response: some gateways send their upstream's with a 200."""
    error = part.get("error")
    if not error:
        return None
    fields = error if isinstance(error, dict) else {"message": error}
    status = int(str(fields.get("code"))) if str(fields.get("code")).isdecimal() else 0
    kind = fault_kind(status if 400 <= status < 600 else 500, fields)
    return Fault(kind, _text(fields.get("message")))


def _output(body: dict[str, Any], sent: list[Message]) -> ModelOutput:
    choice = body["choices"][0]
    finish, message = _text(choice.get("finish_reason")), choice.get("message")
    error = _reported(choice)
    if error or finish.lower() == "error":  # the endpoint failed while the model wrote
        kind = error.kind if error and error.kind != "refused" else "server"
        raise CallFailed(Fault(kind, error.detail if error else "finish_reason: error"))
    if message is None and finish:  # withheld, or nothing was written: the reason says which
        message = {}
    content, parts = _text(message.get("content")), _thinking(message.get("content"))
    fields = ("reasoning_content", "reasoning", "thinking")
    reasoning = next((_text(message[name]) for name in fields if message.get(name)), "") or parts
    counts = body["usage"] if isinstance(body.get("usage"), dict) else {}
    tier = next((name for name in _TIERS if name == body.get("service_tier")), "")
    usage = replace(_usage(counts, sent, reasoning + content), cost=_cost(counts), tier=tier)
    return ModelOutput(content, reasoning, _text(message.get("refusal")), finish, usage)


def _text(value: Any) -> str:
    """Return a text that can be encoded: half a surrogate pair becomes a question mark."""
    if isinstance(value, list):  # parts
        return "".join(_text(part) for part in value)
    if isinstance(value, dict):
        return _text(value.get("text"))
    return str(value or "").encode("utf-8", "replace").decode()


def _thinking(content: Any) -> str:
    """Return what was reasoned, where a content has parts of that type."""
    parts = content if isinstance(content, list) else []
    return "".join(_text(part.get("thinking")) for part in parts if isinstance(part, dict))


def _usage(counts: dict[str, Any], sent: list[Message], written: str) -> Usage:
    """Return the tokens of what was sent and written: the most that counts can mean.

    Cached tokens may stand beside those of the prompt, and reasoning beside those of the answer.
    What an endpoint does not count, or counts as nobody can, is estimated.
    """
    cached_too = _details(counts, "prompt").get("cached_tokens")
    given = {
        "prompt_tokens": counts.get("prompt_tokens"),
        "completion_tokens": counts.get("completion_tokens"),
        "total_tokens": counts.get("total_tokens"),
        "cached_tokens": cached_too or counts.get("prompt_cache_hit_tokens"),
        "reasoning_tokens": _details(counts, "completion").get("reasoning_tokens"),
    }
    prompt, answer, total, cached, reasoning = (_count(value) for value in given.values())
    prompt_text = "".join(message["content"] for message in sent)
    texts = {"prompt_tokens": prompt_text, "completion_tokens": written}
    fewest = {name: -(-len(text) // _LONGEST_TOKEN) for name, text in texts.items()}
    doubts = [name for name, value in given.items() if value is not None and _count(value) < 0]
    doubts += [name for name, least in fewest.items() if 0 <= _count(given[name]) < least]
    doubts += ["cached_tokens"] * (cached > prompt >= 0)
    if prompt < fewest["prompt_tokens"]:
        prompt = max(prompt_tokens(sent), fewest["prompt_tokens"])
    if answer < fewest["completion_tokens"]:
        answer = max(count_tokens(written), fewest["completion_tokens"])
    prompt += cached if cached > prompt else 0
    answer = max(answer, total - prompt, answer + reasoning if reasoning > answer else 0)
    counted = not doubts and None not in (given["prompt_tokens"], given["completion_tokens"])
    doubt = ", ".join(f"{name} = {_shown(given[name])}" for name in doubts)
    return Usage(prompt, max(0, cached), answer, counted, doubt)


def _cost(counts: dict[str, Any]) -> float | None:
    """Return the US dollars that an endpoint says were charged; None where that cannot be right.

    It may be a number, or a total in a table; where a gateway used the caller's own key, what the
    provider behind it charges comes on top.
    """
    cost, details = counts.get("cost"), counts.get("cost_details")
    charges = [cost.get("total_cost") if isinstance(cost, dict) else cost]
    if counts.get("is_byok") and isinstance(details, dict):
        charges.append(details.get("upstream_inference_cost") or 0)
    numbers = [c for c in charges if isinstance(c, int | float) and not isinstance(c, bool)]
    possible = len(numbers) == len(charges) and all(0 <= c < _MOST_DOLLARS / 2 for c in numbers)
    return float(sum(numbers)) if possible else None


def _details(counts: dict[str, Any], kind: str) -> dict[str, Any]:
    details = counts.get(f"{kind}_tokens_details")
    return details if isinstance(details, dict) else {}


def _shown(value: Any) -> str:
    """Return a number in short, and of anything else, which may repeat a key, the type."""
    return one_line(repr(value), 40) if isinstance(value, int | float) else type(value).__name__


def _count(value: Any) -> int:
    """Return a count of tokens; -1 for what cannot be one."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if number and 0 <= value <= _MOST_TOKENS else -1
