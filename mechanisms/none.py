"""No mechanism: the baseline of every study."""

from dataclasses import dataclass
from typing import ClassVar

from mechlab.mechanism import Mechanism, mechanism


@mechanism
@dataclass(frozen=True)
class NoMechanism(Mechanism):
    """Pays nothing, says nothing, hides nothing: payment_i = 0.

    Source: the baseline condition of Yadav, Black and Sourbut, arXiv 2604.07821.

    >>> from mechlab.flows import Flows
    >>> NoMechanism().payments(Flows.of(produced=[[10000, 0]]))
    array([[0., 0.]])
    """

    name: ClassVar[str] = "none"
    balanced: ClassVar[bool] = True
