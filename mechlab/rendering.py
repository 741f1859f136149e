"""How results are shown: each kind of result has a renderer, found by name like any plug-in.

So what computes results imports nothing of what draws them, and another package can draw them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

from mechlab.registry import Registry


class Renderer(Protocol):
    """Shows the results of one kind."""

    def write(self, result: Any, path: Path) -> Path:
        """Write the HTML report, or a figure (.png, .svg, .pdf), and return the path."""

    def html(self, result: Any) -> str:
        """Return a short account as HTML, for a notebook."""


RENDERERS = Registry[Renderer]("renderer", "mechlab.renderers")


class Renderable:
    """A result that its renderer shows.

    Class attributes:
        renderer: the renderer's name.
    """

    renderer: ClassVar[str]

    def report(self, path: str | Path) -> Path:
        """Write the HTML report, or a figure (.png, .svg, .pdf), and return the path.

        Raises:
            UserError: where the file cannot be written, or is of another kind.
        """
        return RENDERERS.get(self.renderer).write(self, Path(path))

    def _repr_html_(self) -> str:
        return RENDERERS.get(self.renderer).html(self)
