"""Keys in what endpoints send, which may repeat them: escaped, or split."""

from __future__ import annotations

import re
from functools import cache

_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
# What may split a key: white space, its escapes, and backslashes that begin no escape of a letter.
_BETWEEN = r"(?:\s|\\+(?:[nrtbf]|u00(?:[01][0-9a-fA-F]|20)|(?![\\u])))*"


def without_key(text: str, key: str) -> str:
    """Return a text without a key, also over line breaks and in JSON's escapes of any depth.

    A key that can be no secret, such as those that local servers tell one to use, stays: it may be
    a word.
    """
    if not is_secret(key) or not _repeats(text, key):
        return text
    redacted = _pattern(key).sub("[key]", text)
    return "[key]" if _repeats(redacted, key) else redacted


def _repeats(text: str, key: str) -> bool:
    if "\\u" not in text and any(c not in text for c in reversed(key)):
        return False  # of most texts this is seen at once: the end of a key is random
    return key in unescaped(text)


def unescaped(text: str) -> str:
    """Return a text without JSON's escapes, backslashes and white space.

    >>> unescaped("\\\\u0073k-\\n5e cre7")
    'sk-5ecre7'
    """
    if "\\u" in text:
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "\\" in text:
        for escape in ("\\n", "\\r", "\\t", "\\b", "\\f", "\\"):  # faster than a pattern
            text = text.replace(escape, "")
    return "".join(text.split())


@cache
def is_secret(key: str) -> bool:
    """Return whether a key is too long and too varied to be a word, or one that anybody may know.

    >>> [is_secret(key) for key in ("none", "EMPTY", "12345678", "placeholder", "sk-5ecre7")]
    [False, False, False, False, True]
    """
    varied, letter = len(set(key)), any(c.isalpha() for c in key)
    mixed = letter and any(c.isdigit() for c in key)
    return (mixed and len(key) >= 8 and varied >= 6) or (letter and len(key) >= 16 and varied >= 8)


@cache
def _pattern(key: str) -> re.Pattern[str]:
    """Return a pattern of a key, with each character as it is or escaped, split at any place."""
    ascii = (rf"(?:{re.escape(c)}|(?<!\\)\\+u(?i:{ord(c):04x}))" for c in key)
    return re.compile(_BETWEEN.join(ascii))
