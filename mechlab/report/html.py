"""HTML that runs nothing from outside: templates, data inside a page, and its security policy."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape
from plotly.utils import PlotlyJSONEncoder

from mechlab.report import words

_TERM = re.compile(r"\[([^\]|]+)(?:\|([^\]]+))?\]")
_CODE = re.compile(r"`([^`]+)`")


def safe_json(value: Any) -> Markup:
    """Return JSON of values and figures that no HTML parser takes for anything but text.

    >>> str(safe_json({"a": "</script>", "b": float("nan")}))
    '{"a":"\\\\u003c/script\\\\u003e","b":null}'
    """
    return htmlsafe_json_dumps(value, cls=PlotlyJSONEncoder, separators=(",", ":"))


def security_policy(scripts: list[str], styles: list[str]) -> str:
    """Return a content security policy that allows these inline texts, by hash, and nothing else.

    The empty style is the one that Plotly adds to the page and then fills rule by rule.
    """
    run = " ".join(map(_hash, scripts))
    look = " ".join(map(_hash, [*styles, ""]))
    return (
        f"default-src 'none'; script-src {run}; style-src {look}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def asset(name: str, package: str = "mechlab.report") -> str:
    """Return the text of a style sheet or a script of a package."""
    return (files(package) / name).read_text(encoding="utf-8")


@lru_cache
def environment(package: str) -> Environment:
    """Return the Jinja environment of a package's templates, which escape all that they show."""
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": words.number, "linked": _linked}
    return environment


def _linked(note: str) -> Markup:
    """Return a note as HTML: ``[word]`` and ``[word|text]`` link to the glossary, `x` is code."""
    text = _TERM.sub(_link, str(escape(note)))
    return Markup(_CODE.sub(r"<code>\1</code>", text))


def _link(term: re.Match[str]) -> str:
    word, text = term[1], term[2] or term[1]
    anchor = word.replace(" ", "-").lower()
    return f'<a class="term" href="#word-{anchor}">{text}</a>'
