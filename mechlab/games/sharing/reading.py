"""The state of one episode of the sharing game, read as plain Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mechlab.games.sharing.state import State

Pieces = tuple[int, ...]


class Reading:
    """Reads a batch of one; what it returns is a copy."""

    def __init__(self, state: State) -> None:
        sizes = state.sizes
        self.state, self.agents, self.pieces = state, int(sizes.agents), int(sizes.pieces)
        shape, width = (self.agents, -1), int(sizes.width)
        # Views of the state, whose words are sets of pieces.
        self._owned = state.owned[0].reshape(self.agents, width)
        self._tasks = state.tasks[0].reshape(*shape, width)
        self._open = state.open[0].reshape(*shape, width)
        self._values = state.value[0].reshape(shape)

    def tasks(self, i: int) -> tuple[Pieces, ...]:
        """Return the pieces that each open task of agent i needs."""
        return tuple(_pieces(task) for task in self._tasks[i])

    def held(self, i: int) -> dict[int, int]:
        """Return agent i's pieces, each with the value of its copy."""
        values = self._values[i].tolist()
        return {piece: values[piece] for piece in _pieces(self._owned[i])}

    def requests(self, of: int) -> dict[int, Pieces]:
        """Return what others asked of an agent, which holds it, and still lack, by asker."""
        return _by_agent(self._open[of] & ~self._owned)

    def awaited(self, by: int) -> dict[int, Pieces]:
        """Return what an agent asked of others, which hold it, and still lacks, by holder."""
        return _by_agent(self._open[:, by] & ~self._owned[by])

    def record(self) -> dict[int, tuple[int, int]]:
        """Return who answers: by agent, pieces asked of it that it sent, and that it did not.

        A piece that came altered, or that the asker has from somebody else, counts as neither.
        """
        held = [self.held(i) for i in range(self.agents)]

        def sent(i: int) -> int:
            came = _by_agent(self._open[i] & self._owned)
            known = ((by, k) for by, asked in came.items() for k in asked if self.giver(by, k) == i)
            return sum(held[i][k] == held[by][k] for by, k in known)

        unsent = (sum(map(len, self.requests(i).values())) for i in range(self.agents))
        return {i: (sent(i), count) for i, count in enumerate(unsent)}

    def directory(self) -> dict[int, Pieces]:
        """Return the holders of every piece when the round began, the first one first."""
        holders = self.state.holders[0].reshape(self.pieces, self.agents)
        return {k: tuple(holders[k, :n].tolist()) for k, n in enumerate(self.state.copies[0])}

    def giver(self, i: int, piece: int) -> int:
        """Return who sent agent i its copy of a piece; -1 for a copy that it was dealt."""
        return int(self.state.source[0, i * self.pieces + piece])


def _by_agent(sets: NDArray[np.uint64]) -> dict[int, Pieces]:
    """Return those of the agents' sets, (N, W), that hold anything."""
    return {i: _pieces(sets[i]) for i in np.flatnonzero(sets.any(axis=1)).tolist()}


def _pieces(words: NDArray[np.uint64]) -> Pieces:
    """Read a set of pieces from its words, (W,)."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    return tuple(bits.nonzero()[0].tolist())
