"""A live agent as a member of a population: ``llm:MODEL``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from mechlab.agents.base import LIVE, Remote
from mechlab.errors import UserError, unknown
from mechlab.llm.settings import ModelOptions
from mechlab.notation import literal


@dataclass(frozen=True)
class LiveAgent(Remote):
    """Any model behind an OpenAI-compatible endpoint, with the options in its brackets.

    >>> str(LiveAgent.read("org/model-3.1:8b", {"endpoint": "local", "temperature": 0}))
    "llm:org/model-3.1:8b(endpoint='local', temperature=0)"
    """

    model: str
    options: ModelOptions = field(default_factory=ModelOptions)

    @classmethod
    def read(cls, model: str, values: Mapping[str, Any]) -> LiveAgent:
        """Build the agent that is written as ``llm:MODEL`` with values in brackets.

        Raises:
            UserError: without a model's name, for an unknown option or a wrong value.
        """
        name = LIVE + model
        if not model:
            raise UserError(f"a live agent is written {LIVE}MODEL, got {name!r}")
        for option in values:
            if option not in ModelOptions.model_fields:
                raise unknown(f"option of {name}", option, ModelOptions.model_fields)
        try:
            return cls(model, ModelOptions(**values))
        except ValidationError as errors:
            error = errors.errors()[0]
            rule = error["msg"].removeprefix("Input should ").removeprefix("String should ")
            text = f"{name}: {error['loc'][0]} must {rule}, got {error['input']!r}"
            raise UserError(text) from None

    @property
    def name(self) -> str:
        """Its name in populations, without options."""
        return LIVE + self.model

    @property
    def what(self) -> str:
        """One line for lists: what it is."""
        return f"The model {self.model} behind the endpoint {self.options.endpoint}."

    def __str__(self) -> str:
        """How it is written in a population, its options included."""
        inner = ", ".join(f"{name}={literal(value)}" for name, value in self.options.chosen.items())
        return f"{self.name}({inner})" if inner else self.name
