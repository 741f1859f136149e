"""Data inside a page: safe within HTML, compact, and bound by a content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

# "<" could end the script element or open a comment; U+2028/9 were line ends to old readers
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def safe_json(value: Any) -> str:
    """Return JSON that no HTML parser takes for anything but text.

    >>> safe_json({"a": "</script>"})
    '{"a":"\\\\u003c/script\\\\u003e"}'
    """
    return escaped(json.dumps(value, separators=(",", ":"), allow_nan=False))


def escaped(text: str) -> str:
    """Return JSON text with the signs that mean something to an HTML parser written as escapes."""
    for sign, escape in _UNSAFE.items():
        text = text.replace(sign, escape)
    return text


def policy(scripts: list[str], styles: list[str]) -> str:
    """Return the page's content security policy: these inline texts by hash, and nothing else.

    The empty style is the one that Plotly makes before it fills it rule by rule.
    """
    run = " ".join(map(_hash, scripts))
    look = " ".join(map(_hash, [*styles, ""]))
    return (
        f"default-src 'none'; script-src {run}; style-src {look}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
