"""Calls to one model: from the store if they are known, else under budget, limit and retries."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from mechlab.errors import UserError
from mechlab.llm._output import (
    PROMPT_REFUSED,
    RESPONSE_FORMATS,
    InvalidAnswer,
    ModelOutput,
    Usage,
    ignores_schema,
    messages_again,
    parse_answer,
    problem,
    request_body,
    strict_schema,
)
from mechlab.llm._retry import CallFailed, EndpointError, Fault, wait_before_retry
from mechlab.llm._store import CALLS, FAULTS, FORMATS, CallStore, canonical_json, digest, now
from mechlab.llm.agent import LiveAgent
from mechlab.llm.budget import Spending
from mechlab.llm.dialogue import Message
from mechlab.llm.prices import dollars_of, price_of, unknown_price
from mechlab.llm.settings import Endpoint, Live

if TYPE_CHECKING:
    from mechlab.llm._client import Client  # half a second, which only calls need

# Seconds of patience with an endpoint that has never answered, where nothing shows that there is
# one: a wrong URL should be told at once. One that says to wait, or that it fails, is there.
_FIRST_PATIENCE, _NO_SIGN = 15.0, ("connection", "timeout", "garbled")
_QUIET, _AGAIN = 5.0, 60.0  # seconds of waiting that need no word, and between two words of it
_LOG = logging.getLogger("mechlab")


class ReplayMiss(UserError):
    """A call that is not in the store was needed, and none may be made."""


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        messages, schema: the prompt, and what the answer has to fit.
        seed, agent, turn, attempt: the replicate, which tells apart calls with equal messages.
        known: keys of calls that are in the store.
        link: receives the attempt and the call's key once the output is there.
    """

    messages: list[Message]
    schema: type[BaseModel]
    seed: str
    agent: int
    turn: int
    known: set[str]
    link: Callable[[int, str], None] = lambda attempt, key: None
    attempt: int = 0


class Model:
    """The model of an agent, which can be called unless its endpoint has no client.

    Raises:
        UserError: for a cap in dollars on a model without a price.
    """

    def __init__(
        self,
        agent: LiveAgent,
        live: Live,
        endpoint: Endpoint,
        client: Client | None,
        store: CallStore,
    ) -> None:
        options = live.options_of(agent.options)
        self.name, self._model, self._url = agent.name, agent.model, endpoint.url
        self._parameters = live.request(options)
        self._tier = str(self._parameters.get("service_tier", ""))
        self._price = price_of(agent.model, endpoint.url)
        self._patience = live.endpoint(endpoint.name).patience
        self._client, self._store = client, store
        self._stated = options.response_format or ""
        self._format = ""  # the response format that the endpoint takes, if known
        self._first = asyncio.Lock()  # the first call goes alone: it finds the format, or a mistake
        self._first_errors: list[EndpointError] = []
        self._doubted = False  # whether it was said that counts of tokens cannot be right
        self._word_at = -math.inf  # when was last said what is waited for
        if live.caps.dollars is not None and dollars_of(Usage(), self._price, self._tier) is None:
            why = unknown_price(agent.model, tier=self._tier if self._price else "")
            raise UserError(f"a cap in dollars needs prices: {why}")

    async def answer(self, call: Call) -> tuple[BaseModel | None, str]:
        """Return the valid answer to a call, else None, and why it is not valid ("" if it is).

        An answer that is not valid goes back to the model once, with the reason, unless a filter
        kept the prompt from it.

        Raises:
            ReplayMiss: if it is not in the store and none may be made.
            OutOfBudget: if a cap is reached.
            EndpointError: if the endpoint refuses it, or every attempt met a fault.
            StorageError: if the store cannot be written.
        """
        reason = ""
        for attempt in range(2):
            output = await self._output(replace(call, attempt=attempt))
            try:
                return parse_answer(output, call.schema), ""
            except InvalidAnswer as error:
                reason = f"{error}; {error.advice}" if error.advice else str(error)
                if output.finish == PROMPT_REFUSED:
                    break
                again = messages_again(output, str(error), call.schema)
                call = replace(call, messages=[*call.messages, *again])
        return None, reason

    async def _output(self, call: Call) -> ModelOutput:
        key = self._key(call)
        if key in call.known:
            call.link(call.attempt, key)
            return ModelOutput.load(await self._store.output(key))
        if self._client is None:
            where = f"agent {call.agent}, turn {call.turn}, seed {call.seed}"
            raise ReplayMiss(f"{self._store.url} holds no answer of {self.name} for {where}")
        start = monotonic()
        with self._store.budget.call():
            format, output = await self._send(call, key)
        call.link(call.attempt, key)
        return await self._record(call, key, format, output, monotonic() - start)  # charged at once

    def _key(self, call: Call) -> str:
        """Name a call by everything that matters, and by its replicate."""
        parameters, schema = canonical_json(self._parameters), strict_schema(call.schema)
        shared = digest(self._url, self._model, parameters, canonical_json(schema))
        parts = (part for m in call.messages for part in (m["role"], digest(m["content"])))
        replicate = map(str, (call.seed, call.agent, call.turn, call.attempt))
        return digest(shared, *parts, *replicate)

    async def _send(self, call: Call, key: str) -> tuple[str, ModelOutput]:
        """Return the response format by which a call was sent, and its output."""
        if not self._format:
            before = len(self._first_errors)
            async with self._first:
                if len(self._first_errors) > before:  # while this call waited for the first one
                    raise self._first_errors[-1]
                if not self._format:
                    return await self._find_format(call, key)
        try:
            return self._format, await self._with_retries(call, key, self._format)
        except CallFailed as failure:
            raise self._error(failure.fault) from None

    async def _find_format(self, call: Call, key: str) -> tuple[str, ModelOutput]:
        """Send a call with its schema by each response format until the endpoint takes one.

        What another worker found comes first. Where an endpoint takes a schema and lets the model
        write something else, all later calls have it in words.
        """
        model = digest(self._url, self._model)
        noted = self._stated or await self._store.response_format(model)
        start = RESPONSE_FORMATS.index(noted) if noted else 0
        first = None
        for format in RESPONSE_FORMATS[start : start + 1 if self._stated else None]:
            try:
                output = await self._with_retries(call, key, format)
            except CallFailed as failure:
                first = first or failure.fault  # it says most: later formats ask for less
                if failure.fault.may_reject_format:
                    continue
                break
            if output.finish != PROMPT_REFUSED:  # which says nothing about the format
                self._format = format
                if not noted:
                    good = "text" if ignores_schema(output, call.schema) else format
                    row = {"model": model, "format": good, "at": now()}
                    await asyncio.shield(self._store.put(FORMATS, row))
                    self._format = await self._store.response_format(model)
            return format, output
        assert first is not None
        self._first_errors.append(self._error(first))
        raise self._first_errors[-1]

    async def _with_retries(self, call: Call, key: str, format: str) -> ModelOutput:
        body = request_body(format, call.schema, call.messages)
        request = {"model": self._model, **self._parameters, **body}
        start, faults, doubtful = monotonic(), 0, not self._format
        while True:
            try:
                return await self._attempt(request, key)
            except CallFailed as failure:
                fault = failure.fault
                if fault.kind == "filtered":  # by mistake too: the turn is empty, the study goes on
                    detail = f"the provider's filter refused the prompt: {fault.detail}"
                    return ModelOutput("", refusal=detail, finish=PROMPT_REFUSED)
                wait, waited = wait_before_retry(fault, faults), monotonic() - start
                absent = not self._format and fault.kind in _NO_SIGN
                patience = min(_FIRST_PATIENCE, self._patience) if absent else self._patience
                if doubtful and fault.may_reject_format and not fault.names_format:
                    wait, doubtful = 0.0, False  # it may have another cause: it has to come twice
                elif not fault.retried or waited + wait >= patience:
                    raise
                self._say(fault, wait, waited, patience)
            await asyncio.sleep(wait)
            faults += 1

    def _say(self, fault: Fault, wait: float, waited: float, patience: float) -> None:
        """Say what is waited for, where it takes long enough to wonder."""
        if waited + wait >= _QUIET and monotonic() - self._word_at >= _AGAIN:
            self._word_at = monotonic()
            _LOG.warning(
                "waiting for %s at %s (%s: %s): the next attempt is in %.0f s; "
                "a call is given up after %.0f s of faults",
                *(self.name, self._url, fault.kind, fault.detail, wait, patience),
            )

    async def _attempt(self, request: dict[str, Any], key: str) -> ModelOutput:
        """Send a request once; a fault is written down before anything is done about it."""
        assert self._client is not None
        limit = self._client.limit
        async with limit as cuts:
            try:
                output = await self._client.send(request)
            except CallFailed as failure:
                fault = failure.fault
                if fault.kind == "rate_limit":
                    limit.throttle(max(0.0, fault.wait), cuts)
                if fault.billable:
                    self._store.spend(Spending(calls=1))
                row = {"kind": fault.kind, "detail": fault.detail, "seconds": fault.seconds}
                await asyncio.shield(self._store.put(FAULTS, {"key": key, **row, "at": now()}))
                raise
        limit.succeed()
        return output

    async def _record(
        self, call: Call, key: str, format: str, output: ModelOutput, seconds: float
    ) -> ModelOutput:
        """Write a call down as it was sent, and return the output that now stands in the store."""
        dollars = dollars_of(output.usage, self._price, self._tier)
        if dollars is None:
            self._store.budget.unpriced.add(self._model)
        self._store.spend(Spending.of(output.usage, dollars))
        self._doubt(output.usage)
        sent = request_body(format, call.schema, call.messages)["messages"]
        messages = [(message["role"], digest(message["content"])) for message in sent]
        texts = {id: message["content"] for (_, id), message in zip(messages, sent, strict=True)}
        by: dict[str, str] = {"type": format}
        if format == "json_schema":
            schema = canonical_json(strict_schema(call.schema))
            by["json_schema"] = digest(schema)
            texts[by["json_schema"]] = schema
        self._store.put_texts(texts)
        row = {
            "key": key,
            "seed": call.seed,
            "endpoint": self._url,
            "model": self._model,
            "request": canonical_json({**self._parameters, "response_format": by}),
            "messages": canonical_json(messages),
            "output": output.dump(),
            "problem": problem(output, call.schema),
            "dollars": dollars,
            "seconds": seconds,
            "at": now(),
        }
        earlier = await asyncio.shield(self._store.put(CALLS, row))
        return ModelOutput.load(earlier[key]) if key in earlier else output

    def _doubt(self, usage: Usage) -> None:
        """Say, once, that the endpoint's counts of tokens cannot be right."""
        if usage.doubt and not self._doubted:
            self._doubted = True
            _LOG.warning(
                "%s at %s counts tokens as cannot be right (%s): of two readings the larger is "
                "taken, and an estimate where there is none",
                *(self.name, self._url, usage.doubt),
            )

    def _error(self, fault: Fault) -> EndpointError:
        what = "brought nothing but faults, the last" if fault.retried else "refused the request"
        return EndpointError(
            f"{self.name} at {self._url} {what}: {fault.kind}: {fault.detail}; "
            "all answers so far are kept, and the same command goes on from there"
        )
