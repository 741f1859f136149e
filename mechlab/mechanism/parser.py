"""How mechanisms are written in study files and on the command line."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from mechlab.errors import UserError, unknown
from mechlab.mechanism.base import MECHANISMS, Mechanism
from mechlab.mechanism.compose import Capped, Stack

Make = Callable[[str, dict[str, Any]], Mechanism]

_TOML_WORDS = {"true": True, "false": False}


def make(name: str, values: dict[str, Any]) -> Mechanism:
    """Build one mechanism from its name and its parameters."""
    return MECHANISMS.get(name).build(values)


def parse(spec: str, make: Make = make) -> Mechanism:
    """Build a mechanism from its specification, in the notation of a Python call.

    Args:
        spec: the specification.
        make: builds each part from its name and the parameters that are written out.

    Raises:
        UserError: for an unknown mechanism or parameter, a value out of range, or bad syntax.

    >>> parse("sharing_bonus(rate=1000) + protocol")
    Stack(parts=(SharingBonus(rate=1000.0), Protocol(ask=True, answer=True, submit=True)))
    >>> str(parse("capped(royalty(share=0.1), limit=500)"))
    'capped(royalty(share=0.1), limit=500)'
    >>> parse("royalty(0.1)")
    Traceback (most recent call last):
    mechlab.errors.UserError: a mechanism is written like 'sharing_bonus(rate=1000) + protocol' or \
'capped(royalty(share=0.1), limit=500)', got 'royalty(0.1)'
    """
    try:
        return _built(_tree(spec), make)
    except (_NotationError, RecursionError):  # thousands of mechanisms in one sum
        raise UserError(
            "a mechanism is written like 'sharing_bonus(rate=1000) + protocol' "
            f"or 'capped(royalty(share=0.1), limit=500)', got {spec!r}"
        ) from None


class _NotationError(Exception):
    """A part of a specification that is no mechanism."""


def _tree(spec: str) -> ast.expr:
    try:
        return ast.parse(spec.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError):  # bad syntax, bad characters, deep nesting
        raise _NotationError from None


def _built(node: ast.expr, make: Make) -> Mechanism:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return Stack.of(_built(left, make), _built(right, make))
        case ast.Call(func=ast.Name(id=Capped.name), args=[inner], keywords=keywords):
            return _capped(_built(inner, make), _values(keywords))
        case ast.Name(id=Capped.name) | ast.Call(func=ast.Name(id=Capped.name)):
            raise _NotationError  # without the mechanism that it caps
        case ast.Name(id=name):
            return make(name, {})
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords):
            return make(name, _values(keywords))
    raise _NotationError


def _capped(inner: Mechanism, values: dict[str, Any]) -> Capped:
    for name in values.keys() - {"limit"}:
        raise unknown(f"parameter of {Capped.name}", name, ["limit"])
    if not values:
        raise _NotationError
    return Capped(inner, **values)


def _values(keywords: list[ast.keyword]) -> dict[str, Any]:
    """Return the values by name; no name twice, and no ``**``."""
    values = {str(keyword.arg): _value(keyword.value) for keyword in keywords if keyword.arg}
    if len(values) < len(keywords):
        raise _NotationError
    return values


def _value(node: ast.expr) -> Any:
    """Return a number, a string, true or false as Python or TOML have them, or a list of such."""
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Name) and node.id in _TOML_WORDS:
        return _TOML_WORDS[node.id]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise _NotationError from None
