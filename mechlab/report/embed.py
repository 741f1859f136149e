"""Data inside a page: safe within HTML, compact, and bound by a content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from typing import Any

import pandas as pd

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


def table(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a table by columns: ``{"columns": names, "values": one list a column}``.

    Numbers keep six significant digits, missing values are null, times are ISO 8601.
    """
    return {"columns": [str(c) for c in frame], "values": [_values(frame[c]) for c in frame]}


def _values(column: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return [None if pd.isna(t) else t.isoformat(timespec="milliseconds") for t in column]
    return [_value(value) for value in column.tolist()]


def _value(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.6g}")
    return value if isinstance(value, (bool, int, str)) or value is None else str(value)


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
