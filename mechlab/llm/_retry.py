"""Faults of a call, which of them are worth another attempt, and how long to wait before it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mechlab.errors import UserError

_TRANSIENT = (408, 409, 425)  # 4xx that may pass: timeout, conflict, too early
# Codes and types of errors, in lower case, as providers document them.
_QUOTA = re.compile(
    "insufficient_(quota|balance|credits)|exceeded_current_quota_error"
    "|billing_(hard_limit_reached|not_active)"
)
_FILTERED = re.compile(
    "invalid_prompt|content_(filter|policy_violation)|responsibleaipolicyviolation"
    "|data_inspection_failed|moderation_blocked|prohibited_content"
)
_MODERATION = re.compile(
    r"\bmoderation\b|content (?:filter|management|violat)|prompt\b.{0,40}(?:flagged|violat)", re.I
)
_FORMAT = re.compile(
    r"response.?format|schema|json_object|json.mode|structured.?output|grammar", re.I
)
# Seconds before another attempt: short against a call, and a recovered endpoint is noticed soon.
_SHORTEST, _LONGEST = 0.5, 60.0


class EndpointError(UserError):
    """An endpoint gives no answers: it refuses the request, or every attempt met a fault."""


@dataclass(frozen=True)
class Fault:
    """Why one attempt at a call brought no answer.

    Attributes:
        kind: ``rate_limit`` (429), ``server`` (5xx), ``timeout``, ``connection`` (none, dropped),
            ``garbled`` (not what the API promises), ``quota`` (no money is left), ``filtered``
            (a filter refuses this prompt) or ``refused`` (any other 3xx or 4xx).
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
        return self.kind in ("rate_limit", "server", "timeout", "connection", "garbled")

    @property
    def billable(self) -> bool:
        """Whether the endpoint may have worked, and may charge."""
        return self.kind in ("timeout", "connection", "garbled")

    @property
    def may_reject_format(self) -> bool:
        """Whether the endpoint may not support the response format of the request."""
        return self.kind == "refused" and self.status in (400, 415, 422, 501)

    @property
    def names_format(self) -> bool:
        """Whether it says that this is why it refuses the request."""
        return self.may_reject_format and bool(_FORMAT.search(self.detail))


class CallFailed(Exception):
    """Raised by an attempt; carries its fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def fault_kind(status: int, error: Any = None) -> str:
    """Return the kind of fault that an HTTP status and the error in its body stand for."""
    codes = list(_codes(error))
    if status == 402 or any(map(_QUOTA.fullmatch, codes)):
        return "quota"
    if any(map(_FILTERED.fullmatch, codes)) or (status in (400, 403, 422) and _moderated(error)):
        return "filtered"
    if status == 429:
        return "rate_limit"
    transient = (status >= 500 and status != 501) or status in _TRANSIENT
    return "server" if transient else "refused"


def _codes(error: Any) -> Iterator[str]:
    """Yield codes and types of an error, those of an inner error too."""
    if isinstance(error, dict):
        for name in ("code", "type", "status"):
            if isinstance(error.get(name), str):
                yield error[name].lower()
        for name in ("innererror", "inner_error"):
            yield from _codes(error.get(name))


def _moderated(error: Any) -> bool:
    """Whether an error says in words, or by reasons beside it, that a prompt was refused."""
    if not isinstance(error, dict):
        return isinstance(error, str) and bool(_MODERATION.search(error))
    beside = error.get("metadata")
    flagged = isinstance(beside, dict) and ("flagged_input" in beside or "reasons" in beside)
    return flagged or _moderated(error.get("message"))


def wait_before_retry(fault: Fault, earlier: int) -> float:
    """Return the seconds to wait after a fault, given the number of earlier faults of the call.

    A little longer than the endpoint asks, so that calls do not all come back at once; else a
    random time whose mean doubles with each fault (exponential backoff with jitter).
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
