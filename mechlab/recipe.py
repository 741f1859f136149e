"""Files that read as a recipe: a question in TOML, checked when read, with errors of one line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from mechlab.errors import UserError, unknown


class Part(BaseModel):
    """A table of a recipe: no other fields than its own, and no value of another type.

    Class attributes:
        renamed: the present names of fields, by the names that they had in older files.
    """

    renamed: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Recipe(Part):
    """A question in one file.

    Attributes:
        name: names what comes of it; the file's name where it is not given.
        question: the question in words.
    """

    name: str = Field(default="study", pattern=r"^[\w-]+$")
    question: str

    _text: str = PrivateAttr("")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file; ``UserError`` names file, field, rule, value and the nearest valid name."""
        return cls.read(read_text(path), name=Path(path).stem, source=str(path))

    @classmethod
    def read(cls, text: str, name: str = "study", source: str = "study") -> Self:
        """Read the text of a file; ``source`` stands before the line of an error."""
        try:
            recipe = cls.model_validate({"name": name, **parse_toml(text, source)})
        except ValidationError as errors:
            raise UserError(f"{source}: {line(cls, errors.errors())}") from None
        recipe._text = text
        return recipe


def read_text(path: str | Path) -> str:
    """Return the text of a user's file; raises ``UserError`` if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(f"{path}: cannot be read: {reason}") from None


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Return the table of a TOML text; raises ``UserError``, after ``source``, for other text."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{source}: not TOML: {error}") from None


def line(model: type[Part], errors: list[ErrorDetails]) -> str:
    """Put the most telling of pydantic's errors about a model into one line."""
    # A misspelt field comes first: it explains why another one is missing.
    error = min(errors, key=lambda e: e["type"] != "extra_forbidden")
    *parents, field = error["loc"] or ("",)
    steps = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    where = "".join(steps).removeprefix(".")
    if error["type"] == "extra_forbidden":
        if where in model.renamed:
            return f"{where}: is now called {model.renamed[where]}"
        parent = ".".join(map(str, parents))
        of = f"field of {parent}" if parent else "field"
        return str(unknown(of, str(field), _part(model, parents).model_fields))
    if error["type"] == "missing":
        return f"{where} is missing"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{where}: {message}" if where else message
    rule = message.replace("Input should", "must").replace("String should", "must")
    return f"{where} {rule}, got {error['input']!r}"


def _part(model: type[BaseModel], parents: Sequence[Any]) -> type[BaseModel]:
    """Return the table that stands below ``parents``; keys of a mapping and indices are passed."""
    for name in parents:
        if name in model.model_fields:
            annotation = model.model_fields[name].annotation
            kinds = (annotation, *get_args(annotation))
            tables = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
            model = tables[0] if tables else model
    return model
