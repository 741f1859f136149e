"""Parameters as points of the unit cube, where the model of the search works."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from mechlab.flows import Array

Number = FloatDistribution | IntDistribution
MOST = 16  # choices of words that are looked at one by one


@dataclass(frozen=True)
class Space:
    """The parameters of one mechanism: numbers are scaled to [0, 1], words become corners.

    Attributes:
        distributions: name and Optuna distribution of each parameter, in order.

    >>> space = Space.of({"rate": FloatDistribution(0, 5000)})
    >>> space.encode([{"rate": 1000.0}])
    array([[0.2]])
    >>> space.decode(space.encode([{"rate": 1000.0}])[0])
    {'rate': 1000.0}
    """

    distributions: tuple[tuple[str, BaseDistribution], ...]

    @classmethod
    def of(cls, distributions: Mapping[str, BaseDistribution]) -> Space:
        """Build from Optuna's mapping."""
        return cls(tuple(sorted(distributions.items())))

    @property
    def n_numeric(self) -> int:
        """How many parameters are numbers; their coordinates come first."""
        return sum(isinstance(d, Number) for _, d in self.distributions)

    @property
    def width(self) -> int:
        """Number of coordinates: one a number, one a choice of each word."""
        return self.n_numeric + sum(len(d.choices) for _, d in self._words())

    @property
    def one_dimensional(self) -> bool:
        """Whether there is one parameter, a number."""
        return self.n_numeric == len(self.distributions) == 1

    @property
    def continuous(self) -> bool:
        """Whether every number may take any value of its range."""
        return all(isinstance(d, FloatDistribution) and d.step is None for _, d in self._numbers())

    def extremes(self) -> Array:
        """Return points that matter by themselves (n, width): each number alone at its most, and
        all of them; of each choice of words."""
        numbers = np.vstack([np.eye(self.n_numeric), np.ones((1, self.n_numeric))])
        words = self._corners()
        return np.hstack(
            [np.tile(numbers, (len(words), 1)), np.repeat(words, len(numbers), axis=0)]
        )

    def encode(self, params: Sequence[Mapping[str, Any]]) -> Array:
        """Return the coordinates (len(params), width) of some settings."""
        rows = np.zeros((len(params), self.width))
        for column, (name, d) in enumerate(self._numbers()):
            rows[:, column] = [_to_unit(d, p[name]) for p in params]
        column = self.n_numeric
        for name, word in self._words():
            for row, p in enumerate(params):
                rows[row, column + word.choices.index(p[name])] = 1.0
            column += len(word.choices)
        return rows

    def decode(self, point: Array) -> dict[str, Any]:
        """Return the valid setting nearest to a point (width,)."""
        found: dict[str, Any] = {
            name: _from_unit(d, point[i]) for i, (name, d) in enumerate(self._numbers())
        }
        column = self.n_numeric
        for name, word in self._words():
            corner = point[column : column + len(word.choices)]
            found[name] = word.choices[int(np.argmax(corner))]
            column += len(word.choices)
        return {name: found[name] for name, _ in self.distributions}

    def rounded(self, x: Array) -> Array:
        """Return the valid points (n, width) nearest to points whose words are corners."""
        x = np.clip(x, 0.0, 1.0)
        for column, (_, d) in enumerate(self._numbers()):
            if isinstance(d, IntDistribution) or d.step is not None:
                values = [_from_unit(d, unit) for unit in x[:, column]]
                x[:, column] = [_to_unit(d, value) for value in values]
        return x

    def from_cube(self, cube: Array) -> Array:
        """Turn points of a cube with one axis a parameter into coordinates (n, width)."""
        blocks = [cube[:, : self.n_numeric]]
        for axis, (_, word) in enumerate(self._words(), start=self.n_numeric):
            count = len(word.choices)
            chosen = np.minimum((cube[:, axis] * count).astype(int), count - 1)
            blocks.append(np.eye(count)[chosen])
        return np.hstack(blocks)

    def _corners(self) -> Array:
        """Return all choices of words; of very many, each word's choices with the others' first."""
        blocks = [np.eye(len(word.choices)) for _, word in self._words()]
        if math.prod(len(block) for block in blocks) <= MOST:
            rows = list(product(*blocks))
        else:
            rows = [
                tuple(row if other == at else block[0] for other, block in enumerate(blocks))
                for at, chosen in enumerate(blocks)
                for row in chosen
            ]
        return np.array([np.concatenate([np.zeros(0), *row]) for row in rows])

    def _numbers(self) -> list[tuple[str, Number]]:
        return [(name, d) for name, d in self.distributions if isinstance(d, Number)]

    def _words(self) -> list[tuple[str, CategoricalDistribution]]:
        return [(n, d) for n, d in self.distributions if isinstance(d, CategoricalDistribution)]


def _to_unit(d: Number, value: float) -> float:
    if d.high == d.low:
        return 0.0
    if d.log:
        return math.log(value / d.low) / math.log(d.high / d.low)
    return (value - d.low) / (d.high - d.low)


def _from_unit(d: Number, unit: float) -> float | int:
    unit = min(1.0, max(0.0, float(unit)))
    value = d.low * (d.high / d.low) ** unit if d.log else d.low + unit * (d.high - d.low)
    if d.step is not None and not (d.log and isinstance(d, FloatDistribution)):
        value = d.low + round((value - d.low) / d.step) * d.step
    value = min(d.high, max(d.low, value))
    return round(value) if isinstance(d, IntDistribution) else float(value)
