"""Faults of a call, which of them are worth another attempt, and how long to wait before it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mechlab.errors import UserError

_RETRIED = frozenset({"rate_limit", "server", "timeout", "connection", "garbled"})
_TRANSIENT = frozenset({408, 409, 425})  # 4xx that may pass: timeout, conflict, too early
# Seconds before another attempt where the endpoint asks for none: the first wait is short against
# a call, and the longest finds a recovered endpoint within a minute.
_SHORTEST, _LONGEST = 0.5, 60.0


class EndpointError(UserError):
    """An endpoint gives no answers: it refuses the request, or every attempt met a fault."""


@dataclass(frozen=True)
class Fault:
    """Why one attempt at a call brought no answer.

    Attributes:
        kind: ``rate_limit`` (429), ``server`` (5xx), ``timeout``, ``connection`` (none, dropped),
            ``garbled`` (not what the API promises) or ``refused`` (any other 4xx).
        detail: one line, without the key.
        seconds: duration of the attempt.
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
        return self.kind in _RETRIED

    @property
    def billable(self) -> bool:
        """Whether the endpoint may have worked, and may charge."""
        return self.kind in ("timeout", "connection", "garbled")

    @property
    def rejects_format(self) -> bool:
        """Whether the endpoint may not support the response format of the request."""
        return self.status in (400, 415, 422, 501)


class CallFailed(Exception):
    """Raised by an attempt; carries its fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def fault_kind(status: int) -> str:
    """Return the kind of fault that an HTTP status stands for.

    >>> [fault_kind(status) for status in (429, 503, 408, 404)]
    ['rate_limit', 'server', 'server', 'refused']
    """
    if status == 429:
        return "rate_limit"
    transient = (status >= 500 and status != 501) or status in _TRANSIENT
    return "server" if transient else "refused"


def wait_before_retry(fault: Fault, earlier: int) -> float:
    """Return the seconds to wait after a fault, given the number of earlier faults of the call.

    As long as the endpoint asks and a little more, so that calls do not all come back at once;
    else a random time whose mean doubles with each fault (exponential backoff with jitter).
    """
    if fault.wait >= 0.0:
        return fault.wait * (1.0 + 0.1 * random.random())
    doubled = _SHORTEST * 2.0 ** min(earlier, 100)  # far past the longest, and no overflow
    return min(_LONGEST, doubled) * (0.5 + 0.5 * random.random())


def one_line(text: str, most: int = 200) -> str:
    """Return one short printable line of a text that came from outside.

    >>> one_line("no\\x1b[31m such\\n model")
    'no [31m such model'
    """
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    line = " ".join(printable.split())
    return line if len(line) <= most else line[: most - 3] + "..."
