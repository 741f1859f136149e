"""What may go wrong with a call before a model's answer is there, and what is done about it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mechlab.errors import UserError

RETRIED = frozenset({"rate_limit", "server", "timeout", "connection", "garbled"})
_PASSING = frozenset({408, 409, 425})  # 4xx that may pass; 429 is told apart
_SHORTEST, _LONGEST = 0.5, 60.0  # seconds between two attempts, unless the endpoint says more


class EndpointError(UserError):
    """An endpoint gives no answers: it refuses the request, or met nothing but faults."""


@dataclass(frozen=True)
class Fault:
    """One attempt at a call that brought no answer.

    Attributes:
        kind: ``rate_limit`` (429), ``server`` (5xx), ``timeout``, ``connection`` (none, dropped),
            ``garbled`` (not what the API promises) or ``refused`` (any other 4xx).
        detail: one line, without the key.
        seconds: that the attempt took.
        wait: seconds that the endpoint asks to wait, nan where it does not say.
        status: of HTTP; 0 where there was none.
    """

    kind: str
    detail: str
    seconds: float = 0.0
    wait: float = float("nan")
    status: int = 0

    @property
    def retried(self) -> bool:
        """Whether another attempt may succeed."""
        return self.kind in RETRIED

    @property
    def billable(self) -> bool:
        """Whether the endpoint may have worked, and charge, for it."""
        return self.kind in ("timeout", "connection", "garbled")

    @property
    def of_form(self) -> bool:
        """Whether the endpoint may not know the form in which a schema was conveyed."""
        return self.status in (400, 415, 422, 501)


class Faulty(Exception):
    """Raised by an attempt; carries its fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def kind_of(status: int) -> str:
    """Return the kind of fault that an HTTP status stands for.

    >>> [kind_of(status) for status in (429, 503, 408, 404)]
    ['rate_limit', 'server', 'server', 'refused']
    """
    if status == 429:
        return "rate_limit"
    passing = (status >= 500 and status != 501) or status in _PASSING
    return "server" if passing else "refused"


def pause(fault: Fault, before: int) -> float:
    """Return the seconds to wait after a fault that came after ``before`` others of one call.

    What the endpoint asks for, and a little more, so that not all come back at once; else a random
    time that doubles with each fault.
    """
    if fault.wait >= 0.0:
        return fault.wait * (1.0 + 0.1 * random.random())
    return min(_LONGEST, _SHORTEST * 2.0**before) * (0.5 + 0.5 * random.random())


def plain(text: str, most: int = 200) -> str:
    """Return one short printable line of a text that came from outside.

    >>> plain("no\\x1b[31m such\\n model")
    'no [31m such model'
    """
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    line = " ".join(printable.split())
    return line if len(line) <= most else line[: most - 3] + "..."
