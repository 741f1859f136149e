"""Limited visibility: parts of every agent's view are taken away, each on its own."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.mechanism import Mechanism, mechanism
from mechlab.parameters import param


@mechanism
@dataclass(frozen=True)
class Hidden(Mechanism):
    """Hides parts of the view and pays nothing: payment_i = 0.

    board: what others have earned; notices: the public notices and the log of exchanges; thoughts:
    the agent's own earlier private thoughts.

    Source: the limited visibility of Yadav, Black and Sourbut, arXiv 2604.07821, which hides all
    three at once; hiding only some of them is ours.

    >>> sorted(Hidden(thoughts=False).hides)
    ['board', 'notices']
    """

    name: ClassVar[str] = "hidden"
    balanced: ClassVar[bool] = True

    board: bool = param(True, text="what others have earned")
    notices: bool = param(True, text="public notices and the log of exchanges")
    thoughts: bool = param(True, text="the agent's own earlier private thoughts")

    @property
    def hides(self) -> frozenset[str]:
        """The parts that disappear."""
        return frozenset(part for part, hidden in self.params.items() if hidden)
