"""Calls to one model: from the book where they are known, else under budget, limit and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from pydantic import BaseModel

from mechlab.errors import UserError
from mechlab.llm.answers import FORMS, Invalid, conveyed, read_answer, strict_schema
from mechlab.llm.budget import Account, Spent
from mechlab.llm.client import Client
from mechlab.llm.dialogue import Message
from mechlab.llm.output import Reply
from mechlab.llm.prices import Price
from mechlab.llm.rate_limit import Limiter
from mechlab.llm.retry import EndpointError, Faulty, pause
from mechlab.llm.store import Book, now
from mechlab.llm.tables import CALLS, FAULTS, digest, packed

_FIRST = 15.0  # seconds of patience with an endpoint that has never answered


class ReplayMiss(UserError):
    """A call that is not in the store was needed, and none may be made."""


@dataclass(frozen=True)
class Line:
    """The way to a model: all that its calls share.

    Attributes:
        name: how the model is written in populations.
        model: its name at the endpoint. request: parameters of each request.
        client, limiter: of its endpoint. price: None where none is known.
        patience: seconds after which a call that meets only faults is given up.
    """

    name: str
    model: str
    request: dict[str, Any]
    client: Client | None  # none where nothing may be asked
    url: str
    limiter: Limiter
    price: Price | None
    patience: float


@dataclass(frozen=True)
class Ask:
    """One call: what is said, what must be answered, and for which turn (the replicate)."""

    messages: list[Message]
    schema: type[BaseModel]
    seed: str
    agent: int
    turn: int
    attempt: int

    @property
    def letters(self) -> int:
        """Length of all messages."""
        return sum(len(message["content"]) for message in self.messages)


class Caller:
    """Makes the calls to one model.

    Args:
        line: the way to it. book: of calls. account: of the run.
    """

    def __init__(self, line: Line, book: Book, account: Account) -> None:
        self._line, self._book, self._account = line, book, account
        self._form: int | None = None  # of FORMS: which the endpoint takes, once it is known
        self._asked: dict[type[BaseModel], str] = {}  # what all calls with a schema share, by it
        self._first = asyncio.Lock()  # the first call goes alone: it finds the form, or the mistake
        self._failed: list[EndpointError] = []  # of first calls

    async def call(
        self, ask: Ask, known: set[str], link: Callable[[str], None] = lambda key: None
    ) -> Reply:
        """Return the reply of a call.

        Args:
            ask: the call.
            known: keys of calls that are in the book.
            link: called with the call's key when it is written down, or was found.

        Raises:
            ReplayMiss: where it is not in the book and none may be made.
            OutOfBudget: where a cap is reached.
            EndpointError: where the endpoint refuses it, or nothing but faults came.
            StorageError: where the book cannot be written.
        """
        ids = [digest(message["content"]) for message in ask.messages]
        key = self._key(ask, ids)
        if key in known:
            link(key)
            return Reply.loaded(await self._book.reply(key))
        if self._line.client is None:
            where = f"agent {ask.agent}, turn {ask.turn}, seed {ask.seed}"
            raise ReplayMiss(f"{self._book.url} holds no answer of {self._line.name} for {where}")
        begun = monotonic()
        with self._account.call():
            reply = await self._ask(ask, key)
        link(key)
        return await self._kept(ask, ids, key, reply, monotonic() - begun)  # booked at once

    def _key(self, ask: Ask, ids: list[str]) -> str:
        """Name a call by everything that matters, and by its replicate."""
        said = [part for m, id in zip(ask.messages, ids, strict=True) for part in (m["role"], id)]
        if ask.schema not in self._asked:
            schema = packed(strict_schema(ask.schema))
            asked = digest(self._line.url, self._line.model, packed(self._line.request), schema)
            self._asked[ask.schema] = asked
        return digest(
            self._asked[ask.schema],
            *said,
            ask.seed,
            str(ask.agent),
            str(ask.turn),
            str(ask.attempt),
        )

    async def _ask(self, ask: Ask, key: str) -> Reply:
        if self._form is None:
            before = len(self._failed)
            async with self._first:
                if len(self._failed) > before:  # while this call waited for the first one
                    raise self._failed[-1]
                if self._form is None:
                    return await self._find_form(ask, key)
        try:
            return await self._retried(ask, key, self._form)
        except Faulty as faulty:
            raise self._given_up(faulty) from None

    async def _find_form(self, ask: Ask, key: str) -> Reply:
        """Ask in each form until the endpoint takes one."""
        refused = None
        for form in range(len(FORMS)):
            try:
                reply = await self._retried(ask, key, form)
            except Faulty as faulty:
                refused = refused or faulty  # the first says most: later forms ask for less
                if faulty.fault.of_form:
                    continue
                break
            self._form = form
            return reply
        assert refused is not None
        self._failed.append(self._given_up(refused))
        raise self._failed[-1]

    async def _retried(self, ask: Ask, key: str, form: int) -> Reply:
        request = {
            "model": self._line.model,
            **self._line.request,
            **conveyed(FORMS[form], ask.schema, ask.messages),
        }
        known = self._form is not None
        patience = self._line.patience if known else min(_FIRST, self._line.patience)
        letters, begun, before = ask.letters, monotonic(), 0
        while True:
            try:
                return await self._attempt(request, letters, key)
            except Faulty as faulty:
                wait = pause(faulty.fault, before)
                if not faulty.fault.retried or monotonic() - begun + wait >= patience:
                    raise
            await asyncio.sleep(wait)
            before += 1

    async def _attempt(self, request: dict[str, Any], letters: int, key: str) -> Reply:
        """Send a request once; a fault is written down before anything is done about it."""
        assert self._line.client is not None
        async with self._line.limiter as begun:
            try:
                reply = await self._line.client.send(request, letters)
            except Faulty as faulty:
                fault = faulty.fault
                if fault.kind == "rate_limit":
                    self._line.limiter.throttled(max(0.0, fault.wait), begun)
                if fault.billable:
                    self._book.spend(Spent(calls=1))
                seen = {"kind": fault.kind, "detail": fault.detail, "seconds": fault.seconds}
                await asyncio.shield(self._book.put(FAULTS, {"key": key, **seen, "at": now()}))
                raise
        self._line.limiter.succeeded()
        return reply

    async def _kept(
        self, ask: Ask, ids: list[str], key: str, reply: Reply, seconds: float
    ) -> Reply:
        """Write a call down, and return the reply that now stands in the book."""
        dollars = self._line.price.of(reply.usage) if self._line.price else None
        self._book.spend(Spent.of(reply.usage, dollars))
        contents = (message["content"] for message in ask.messages)
        self._book.put_texts(dict(zip(ids, contents, strict=True)))
        roles = (message["role"] for message in ask.messages)
        row = {
            "key": key,
            "seed": ask.seed,
            "endpoint": self._line.url,
            "model": self._line.model,
            "request": packed(self._line.request),
            "messages": packed(list(zip(roles, ids, strict=True))),
            "reply": reply.dumped(),
            "problem": _problem(ask, reply),
            "dollars": dollars,
            "seconds": seconds,
            "at": now(),
        }
        there = await asyncio.shield(self._book.put(CALLS, row))
        return Reply.loaded(there[key]) if key in there else reply

    def _given_up(self, faulty: Faulty) -> EndpointError:
        fault, line = faulty.fault, self._line
        what = "brought nothing but faults, the last" if fault.retried else "refused the request"
        return EndpointError(
            f"{line.name} at {line.url} {what}: {fault.kind}: {fault.detail}; "
            "all answers so far are kept, and the same command goes on from there"
        )


def _problem(ask: Ask, reply: Reply) -> str:
    try:
        read_answer(reply, ask.schema)
    except Invalid as why:
        return str(why)
    return ""
