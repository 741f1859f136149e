"""Calls to one model: from the store if they are known, else under budget, limit and retries."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isnan, nan
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
    request_body,
    strict_schema,
)
from mechlab.llm._rate_limit import RateLimit
from mechlab.llm._retry import CallFailed, EndpointError, Fault, wait_before_retry
from mechlab.llm._store import CALLS, FAULTS, FORMATS, CallStore, canonical_json, digest, now
from mechlab.llm.budget import Budget, Price, Spending
from mechlab.llm.dialogue import Message

if TYPE_CHECKING:
    from mechlab.llm._client import Client  # half a second, which only calls need

# Seconds of patience with an endpoint that has never answered, where nothing shows that there is
# one: a wrong URL should be told at once. One that says to wait, or that it fails, is there.
_FIRST_PATIENCE, _NO_SIGN = 15.0, ("connection", "timeout", "garbled")
_QUIET, _AGAIN = 5.0, 60.0  # seconds of waiting that need no word, and between two words of it
_LOG = logging.getLogger("mechlab")


Link = Callable[[int, str], None]


class ReplayMiss(UserError):
    """A call that is not in the store was needed, and none may be made."""


@dataclass(frozen=True)
class Route:
    """The way to a model: all that its calls share.

    Attributes:
        name: how the model is written in populations.
        model: its name at the endpoint.
        parameters: of each request.
        client: of its endpoint; None if no call may be made.
        url: of its endpoint.
        limit: of its endpoint, on calls under way.
        price: None if it is unknown.
        patience: seconds after which a call that meets only faults is given up.
        response_format: by which schemas are sent; "": the first that the endpoint takes.
    """

    name: str
    model: str
    parameters: dict[str, Any]
    client: Client | None
    url: str
    limit: RateLimit
    price: Price | None
    patience: float
    response_format: str = ""

    @property
    def tier(self) -> str:
        """The tier of service that is asked for, "" for the standard one."""
        return str(self.parameters.get("service_tier", ""))

    @property
    def priced(self) -> bool:
        """Whether the rates of the tier that is asked for are known."""
        return self.price is not None and not isnan(self.price.of(Usage(), self.tier))


@dataclass(frozen=True)
class Call:
    """One call: its messages, the schema of the answer, and its replicate.

    Attributes:
        seed, agent, turn, attempt: the replicate, which tells apart calls with equal messages.
    """

    messages: list[Message]
    schema: type[BaseModel]
    seed: str
    agent: int
    turn: int
    attempt: int = 0

    def problem(self, output: ModelOutput) -> str:
        """Return why an output holds no valid answer, "" if it does."""
        try:
            parse_answer(output, self.schema)
        except InvalidAnswer as reason:
            return str(reason)
        return ""


class Model:
    """A model that can be called.

    Args:
        route: the way to it.
        store: of calls.
        budget: of the run.
    """

    def __init__(self, route: Route, store: CallStore, budget: Budget) -> None:
        self._route, self._store, self._budget = route, store, budget
        self._format = ""  # the response format that the endpoint takes, if known
        self._digests: dict[type[BaseModel], str] = {}  # of what all calls with a schema share
        self._first = asyncio.Lock()  # the first call goes alone: it finds the format, or a mistake
        self._first_errors: list[EndpointError] = []
        self._doubted = False  # whether it was said that counts of tokens cannot be right
        self._word_at = -math.inf  # when was last said what is waited for

    async def answer(
        self, call: Call, known: set[str], link: Link = lambda attempt, key: None
    ) -> tuple[BaseModel | None, str]:
        """Return the valid answer to a call, else None, and why it is not valid ("" if it is).

        An answer that is not valid goes back to the model once, with the reason, unless a filter
        kept the prompt from it. The arguments and errors are those of ``generate``.
        """
        reason = ""
        for attempt in range(2):
            output = await self.generate(replace(call, attempt=attempt), known, link)
            try:
                return parse_answer(output, call.schema), ""
            except InvalidAnswer as error:
                reason = f"{error}; {error.advice}" if error.advice else str(error)
                if output.finish == PROMPT_REFUSED:
                    break
                again = messages_again(output, str(error), call.schema)
                call = replace(call, messages=[*call.messages, *again])
        return None, reason

    async def generate(
        self, call: Call, known: set[str], link: Link = lambda attempt, key: None
    ) -> ModelOutput:
        """Return the output of a call.

        Args:
            call: the call.
            known: keys of calls that are in the store.
            link: receives the attempt and the call's key once the output is there.

        Raises:
            ReplayMiss: if it is not in the store and none may be made.
            OutOfBudget: if a cap is reached.
            EndpointError: if the endpoint refuses it, or every attempt met a fault.
            StorageError: if the store cannot be written.
        """
        ids = [digest(message["content"]) for message in call.messages]
        key = self._key(call, ids)
        if key in known:
            link(call.attempt, key)
            return ModelOutput.load(await self._store.output(key))
        if self._route.client is None:
            where = f"agent {call.agent}, turn {call.turn}, seed {call.seed}"
            raise ReplayMiss(f"{self._store.url} holds no answer of {self._route.name} for {where}")
        start = monotonic()
        with self._budget.call():
            format, output = await self._send(call, key)
        link(call.attempt, key)
        return await self._record(call, key, format, output, monotonic() - start)  # charged at once

    def _key(self, call: Call, ids: list[str]) -> str:
        """Name a call by everything that matters, and by its replicate."""
        roles = (message["role"] for message in call.messages)
        messages = (part for pair in zip(roles, ids, strict=True) for part in pair)
        if call.schema not in self._digests:
            schema = canonical_json(strict_schema(call.schema))
            parameters = canonical_json(self._route.parameters)
            shared = digest(self._route.url, self._route.model, parameters, schema)
            self._digests[call.schema] = shared
        replicate = (call.seed, str(call.agent), str(call.turn), str(call.attempt))
        return digest(self._digests[call.schema], *messages, *replicate)

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
            raise self._error(failure) from None

    async def _find_format(self, call: Call, key: str) -> tuple[str, ModelOutput]:
        """Send a call with its schema by each response format until the endpoint takes one.

        What another worker found comes first. A refusal that does not name the format may have
        another cause, so it has to come twice. Where an endpoint takes a schema and lets the model
        write something else, all later calls have it in words.
        """
        model = digest(self._route.url, self._route.model)
        noted = self._route.response_format or await self._store.response_format(model)
        formats = RESPONSE_FORMATS[RESPONSE_FORMATS.index(noted) if noted else 0 :]
        first = None
        for format in formats[:1] if self._route.response_format else formats:
            try:
                output = await self._once_more(call, key, format)
            except CallFailed as failure:
                first = first or failure  # it says most: later formats ask for less
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

    async def _once_more(self, call: Call, key: str, format: str) -> ModelOutput:
        """Send a call, and again after a refusal that may or may not be one of the format."""
        try:
            return await self._with_retries(call, key, format)
        except CallFailed as failure:
            if failure.fault.names_format or not failure.fault.may_reject_format:
                raise
        return await self._with_retries(call, key, format)

    async def _with_retries(self, call: Call, key: str, format: str) -> ModelOutput:
        body = request_body(format, call.schema, call.messages)
        request = {"model": self._route.model, **self._route.parameters, **body}
        characters = sum(len(message["content"]) for message in body["messages"])
        start, faults = monotonic(), 0
        while True:
            try:
                return await self._attempt(request, characters, key)
            except CallFailed as failure:
                if failure.fault.kind == "filtered":
                    return _refused_prompt(failure.fault)
                wait = wait_before_retry(failure.fault, faults)
                waited, patience = monotonic() - start, self._patience(failure.fault)
                if not failure.fault.retried or waited + wait >= patience:
                    raise
                self._say(failure.fault, wait, waited, patience)
            await asyncio.sleep(wait)
            faults += 1

    def _patience(self, fault: Fault) -> float:
        """Return after how many seconds a call that meets such a fault is given up."""
        absent = not self._format and fault.kind in _NO_SIGN
        return min(_FIRST_PATIENCE, self._route.patience) if absent else self._route.patience

    def _say(self, fault: Fault, wait: float, waited: float, patience: float) -> None:
        """Say what is waited for, where it takes long enough to wonder."""
        if waited + wait < _QUIET or monotonic() - self._word_at < _AGAIN:
            return
        self._word_at = monotonic()
        _LOG.warning(
            "waiting for %s at %s (%s: %s): the next attempt is in %.0f s; "
            "a call is given up after %.0f s of faults",
            *(self._route.name, self._route.url, fault.kind, fault.detail, wait, patience),
        )

    async def _attempt(self, request: dict[str, Any], characters: int, key: str) -> ModelOutput:
        """Send a request once; a fault is written down before anything is done about it."""
        assert self._route.client is not None
        async with self._route.limit as cuts:
            try:
                output = await self._route.client.send(request, characters)
            except CallFailed as failure:
                fault = failure.fault
                if fault.kind == "rate_limit":
                    self._route.limit.throttle(max(0.0, fault.wait), cuts)
                if fault.billable:
                    self._store.spend(Spending(calls=1))
                row = {"kind": fault.kind, "detail": fault.detail, "seconds": fault.seconds}
                await asyncio.shield(self._store.put(FAULTS, {"key": key, **row, "at": now()}))
                raise
        self._route.limit.succeed()
        return output

    async def _record(
        self, call: Call, key: str, format: str, output: ModelOutput, seconds: float
    ) -> ModelOutput:
        """Write a call down as it was sent, and return the output that now stands in the store."""
        dollars = self._dollars(output.usage)
        self._store.spend(Spending.of(output.usage, dollars))
        self._doubt(output)
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
            "endpoint": self._route.url,
            "model": self._route.model,
            "request": canonical_json({**self._route.parameters, "response_format": by}),
            "messages": canonical_json(messages),
            "output": output.dump(),
            "problem": call.problem(output),
            "dollars": dollars,
            "seconds": seconds,
            "at": now(),
        }
        earlier = await asyncio.shield(self._store.put(CALLS, row))
        return ModelOutput.load(earlier[key]) if key in earlier else output

    def _doubt(self, output: ModelOutput) -> None:
        """Say, once, that the endpoint's counts of tokens cannot be right."""
        if output.usage.doubt and not self._doubted:
            self._doubted = True
            _LOG.warning(
                "%s at %s counts tokens as cannot be right (%s): of two readings the larger is "
                "taken, and an estimate where there is none",
                *(self._route.name, self._route.url, output.usage.doubt),
            )

    def _dollars(self, usage: Usage) -> float | None:
        """Return what a call cost, None if it is not known.

        What the endpoint says that it charged comes first. If it says nothing, or nothing was
        charged for a model with a price, it is the rates of the tier that it says it gave, or that
        was asked for: a cap must hold.
        """
        if usage.cost:
            return usage.cost
        price = self._route.price
        listed = price.of(usage, usage.tier or self._route.tier) if price else nan
        dollars = usage.cost if isnan(listed) else listed
        if dollars is None:
            self._budget.unpriced.add(self._route.model)
        return dollars

    def _error(self, failure: CallFailed) -> EndpointError:
        fault, route = failure.fault, self._route
        what = "brought nothing but faults, the last" if fault.retried else "refused the request"
        return EndpointError(
            f"{route.name} at {route.url} {what}: {fault.kind}: {fault.detail}; "
            "all answers so far are kept, and the same command goes on from there"
        )


def _refused_prompt(fault: Fault) -> ModelOutput:
    """Return what stands in the store for a prompt that the provider's filter kept from the model.

    Filters refuse some prompts by mistake. Such a turn is empty and counted, as any without a
    valid answer, instead of the end of a whole study.
    """
    detail = f"the provider's filter refused the prompt: {fault.detail}"
    return ModelOutput("", refusal=detail, finish=PROMPT_REFUSED)
