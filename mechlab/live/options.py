"""What may be set of a live agent: how it is told of the game and how it is asked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mechlab.live.dialogue import Telling

_REQUESTED = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort")


class Options(Telling):
    """How one live agent is told and asked; what is not set is left to the endpoint.

    Attributes:
        endpoint: name of the endpoint that serves the model.
        temperature, top_p, max_tokens, max_completion_tokens, reasoning_effort: as in the API.

    >>> Options(temperature=0.5).requested
    {'temperature': 0.5}
    """

    endpoint: str = Field(default="openai", pattern=r"^[A-Za-z][\w-]*$")
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None

    @property
    def requested(self) -> dict[str, Any]:
        """What goes into each request."""
        given = ((name, getattr(self, name)) for name in _REQUESTED)
        return {name: value for name, value in given if value is not None}

    @property
    def chosen(self) -> dict[str, Any]:
        """What was set, by name."""
        return self.model_dump(exclude_unset=True)
