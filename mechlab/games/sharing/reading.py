"""The state of one episode of the sharing game, read as plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from mechlab.games.sharing.state import State

Pieces = tuple[int, ...]


class Reading:
    """Reads a batch of one; what it returns is a copy."""

    def __init__(self, state: State) -> None:
        sizes = state.sizes
        self.state, self.agents, self.pieces = state, int(sizes.agents), int(sizes.pieces)
        self._slots, self._width = int(sizes.slots), int(sizes.width)

    def tasks(self, i: int) -> tuple[Pieces, ...]:
        """Return the pieces that each open task of agent i needs."""
        slots = range(i * self._slots, (i + 1) * self._slots)
        return tuple(self._set(self.state.tasks, slot) for slot in slots)

    def held(self, i: int) -> dict[int, int]:
        """Return agent i's pieces, each with the value of its copy."""
        values = self.state.value[0, i * self.pieces : (i + 1) * self.pieces]
        return {piece: int(values[piece]) for piece in self._set(self.state.owned, i)}

    def asked(self, of: int, by: int) -> Pieces:
        """Return what one agent asked of another, which holds it, and still lacks."""
        asked = self._set(self.state.open, of * self.agents + by)
        if not asked:
            return ()
        has = set(self._set(self.state.owned, by))
        return tuple(piece for piece in asked if piece not in has)

    def record(self) -> dict[int, tuple[int, int]]:
        """Return who answers: by agent, pieces asked of it that it sent, and that it did not.

        A piece that came altered, or that the asker has from somebody else, counts as neither.
        """
        peers = range(self.agents)
        held = [self.held(i) for i in peers]

        def sent(i: int, by: int) -> int:
            asked = self._set(self.state.open, i * self.agents + by)
            known = (k for k in asked if k in held[by] and self.giver(by, k) == i)
            return sum(held[i][k] == held[by][k] for k in known)

        unsent = [[len(self.asked(of=i, by=j)) for j in peers] for i in peers]
        return {i: (sum(sent(i, j) for j in peers), sum(unsent[i])) for i in peers}

    def directory(self) -> dict[int, Pieces]:
        """Return the holders of every piece when the round began, the first one first."""
        holders = self.state.holders[0].reshape(self.pieces, self.agents)
        return {k: tuple(holders[k, :n].tolist()) for k, n in enumerate(self.state.copies[0])}

    def giver(self, i: int, piece: int) -> int:
        """Return who sent agent i its copy of a piece; -1 for a copy that it was dealt."""
        return int(self.state.source[0, i * self.pieces + piece])

    def _set(self, sets: Any, number: int) -> Pieces:
        """Read a set of pieces from its words."""
        words = sets[0, number * self._width : (number + 1) * self._width]
        if not words.any():  # as most are, and this is told at once
            return ()
        bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little")
        return tuple(np.flatnonzero(bits).tolist())
