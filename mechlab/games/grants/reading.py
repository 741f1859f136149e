"""The state of one episode of the grants game, read as plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechlab.games.grants.state import State
from mechlab.games.grants.view import Piece, Task

NEVER = -1  # last round of access that an agent does not have


class Reading:
    """Reads a batch of one; what it returns is a copy."""

    def __init__(self, state: State) -> None:
        sizes = state.sizes
        self.state, self.agents, self.family = state, int(sizes.agents), int(sizes.family)
        self._slots, self._memory = int(sizes.slots), int(sizes.memory)

    def tasks(self, i: int) -> tuple[Task, ...]:
        """Return the open tasks of agent i."""
        needed = self._sets(self.state.tasks, self.agents, self._slots)[i]
        dues = self.state.due[0].reshape(self.agents, self._slots)[i].tolist()
        return tuple(
            Task(tuple(map(self.piece, np.flatnonzero(pieces).tolist())), due)
            for pieces, due in zip(needed, dues, strict=True)
        )

    def until(self, round: int, lifetime: int) -> NDArray[np.int64]:
        """Return the last round in which an agent has access to a piece: (N, N F), or NEVER."""
        last = np.where(self._sets(self.state.held, self.agents), round, NEVER)
        granted = self._sets(self.state.granted, self._memory, self.agents)
        for age in range(min(self._memory, round + 1)):
            recent = granted[(round - age) % self._memory]
            last = np.where(recent, np.maximum(last, round - age + lifetime - 1), last)
        return last

    def asked(self, of: int, by: int) -> tuple[int, ...]:
        """Return what one agent asked of another and that one has not considered, by number."""
        pending = self._sets(self.state.pending, self.agents)[by]
        own = pending[of * self.family : (of + 1) * self.family]
        return tuple(np.flatnonzero(own).tolist())

    def piece(self, k: int) -> Piece:
        """Return a piece as its owner and its number among the owner's."""
        return divmod(k, self.family)

    def _sets(self, words: NDArray[Any], *shape: int) -> NDArray[np.bool_]:
        """Read sets of pieces as (..., N F) truths."""
        octets = np.ascontiguousarray(words[0]).view(np.uint8).reshape(*shape, -1)
        bits = np.unpackbits(octets, axis=-1, bitorder="little")
        return bits[..., : self.agents * self.family].astype(bool)
