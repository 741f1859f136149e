"""Parameters of a mechanism as points of the unit cube, where the model of the search works."""

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

Numeric = FloatDistribution | IntDistribution
MAX_COMBINATIONS = 16  # of categories that are all tried: as many as directions that are drawn


@dataclass(frozen=True)
class Space:
    """The parameters of one mechanism, with W coordinates.

    The numeric parameters come first, each scaled to [0, 1] (a log scale where the distribution has
    one). A categorical parameter has one coordinate for each choice, of which one is 1 (one-hot).

    Attributes:
        distributions: name and Optuna distribution of each parameter, sorted by name.

    >>> space = Space.of({"rate": FloatDistribution(0, 5000)})
    >>> space.encode([{"rate": 1000.0}])
    array([[0.2]])
    >>> space.decode(space.encode([{"rate": 1000.0}])[0])
    {'rate': 1000.0}
    """

    distributions: tuple[tuple[str, BaseDistribution], ...]

    @classmethod
    def of(cls, distributions: Mapping[str, BaseDistribution]) -> Space:
        """Build from Optuna's mapping of names to distributions."""
        return cls(tuple(sorted(distributions.items())))

    @property
    def n_numeric(self) -> int:
        """Number of numeric parameters, which is that of numeric coordinates."""
        return sum(isinstance(d, Numeric) for _, d in self.distributions)

    @property
    def width(self) -> int:
        """Number of coordinates, W."""
        return self.n_numeric + sum(len(d.choices) for _, d in self._categorical())

    @property
    def one_dimensional(self) -> bool:
        """Whether there is one parameter, a number."""
        return self.n_numeric == len(self.distributions) == 1

    @property
    def continuous(self) -> bool:
        """Whether every number may take any value of its range."""
        return all(isinstance(d, FloatDistribution) and d.step is None for _, d in self._numeric())

    def extremes(self) -> Array:
        """Return points (n, W): each number alone at its largest value, then all of them, for each
        combination of categories."""
        numbers = np.vstack([np.eye(self.n_numeric), np.ones((1, self.n_numeric))])
        categories = self._combinations()
        return np.hstack(
            [np.tile(numbers, (len(categories), 1)), np.repeat(categories, len(numbers), axis=0)]
        )

    def encode(self, params: Sequence[Mapping[str, Any]]) -> Array:
        """Return the coordinates (len(params), W) of some settings."""
        rows = np.zeros((len(params), self.width))
        for column, (name, d) in enumerate(self._numeric()):
            rows[:, column] = [_to_unit(d, p[name]) for p in params]
        column = self.n_numeric
        for name, category in self._categorical():
            for row, p in enumerate(params):
                rows[row, column + category.choices.index(p[name])] = 1.0
            column += len(category.choices)
        return rows

    def decode(self, point: Array) -> dict[str, Any]:
        """Return the valid setting nearest to a point (W,)."""
        params: dict[str, Any] = {
            name: _from_unit(d, point[i]) for i, (name, d) in enumerate(self._numeric())
        }
        column = self.n_numeric
        for name, category in self._categorical():
            count = len(category.choices)
            params[name] = category.choices[int(np.argmax(point[column : column + count]))]
            column += count
        return {name: params[name] for name, _ in self.distributions}

    def rounded(self, x: Array) -> Array:
        """Return the valid points nearest to points (n, W) whose categories are one-hot."""
        x = np.clip(x, 0.0, 1.0)
        for column, (_, d) in enumerate(self._numeric()):
            if isinstance(d, IntDistribution) or d.step is not None:
                values = [_from_unit(d, unit) for unit in x[:, column]]
                x[:, column] = [_to_unit(d, value) for value in values]
        return x

    def from_cube(self, cube: Array) -> Array:
        """Return the points (n, W) of a cube (n, parameters) that has one axis a parameter, the
        numeric ones first; a category's axis is cut into equal parts."""
        blocks = [cube[:, : self.n_numeric]]
        for axis, (_, d) in enumerate(self._categorical(), start=self.n_numeric):
            count = len(d.choices)
            choice = np.minimum((cube[:, axis] * count).astype(int), count - 1)
            blocks.append(np.eye(count)[choice])
        return np.hstack(blocks)

    def _combinations(self) -> Array:
        """Return all combinations of categories (n, W - K); where there are very many, those that
        differ from the first of all in one parameter at most."""
        blocks = [np.eye(len(d.choices)) for _, d in self._categorical()]
        if math.prod(len(block) for block in blocks) <= MAX_COMBINATIONS:
            rows = list(product(*blocks))
        else:
            rows = [
                tuple(choice if other == at else block[0] for other, block in enumerate(blocks))
                for at, choices in enumerate(blocks)
                for choice in choices
            ]
        return np.array([np.concatenate([np.zeros(0), *row]) for row in rows])

    def _numeric(self) -> list[tuple[str, Numeric]]:
        return [(name, d) for name, d in self.distributions if isinstance(d, Numeric)]

    def _categorical(self) -> list[tuple[str, CategoricalDistribution]]:
        return [(n, d) for n, d in self.distributions if isinstance(d, CategoricalDistribution)]


def _to_unit(d: Numeric, value: float) -> float:
    """Return where in its range a value lies; 0 where the range is one value."""
    if d.high == d.low:
        return 0.0
    if d.log:
        return math.log(value / d.low) / math.log(d.high / d.low)
    return (value - d.low) / (d.high - d.low)


def _from_unit(d: Numeric, unit: float) -> float | int:
    """Return the valid value nearest to a share of the range."""
    unit = min(1.0, max(0.0, float(unit)))
    value = d.low * (d.high / d.low) ** unit if d.log else d.low + unit * (d.high - d.low)
    if d.step is not None and not (d.log and isinstance(d, FloatDistribution)):
        value = d.low + round((value - d.low) / d.step) * d.step
    value = min(d.high, max(d.low, value))
    return round(value) if isinstance(d, IntDistribution) else float(value)
