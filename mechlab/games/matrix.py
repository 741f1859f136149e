"""Two-player games from a payoff table, repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mechlab.errors import UserError, unknown
from mechlab.flows import Amounts, Array
from mechlab.games._actions import whole_numbers
from mechlab.games._rng import uniforms
from mechlab.games.base import Seeds, game
from mechlab.games.payoffs import moves, pairs, payoffs
from mechlab.games.simultaneous import Choices, Choose, MatrixView, Simultaneous
from mechlab.mechanism import Vocabulary
from mechlab.mechanism.incentives import Act
from mechlab.parameters import param


@dataclass
class _Match:
    """A batch of matches."""

    seeds: Seeds
    on: Array  # 1 for a match that goes on, else 0, (B,)
    chosen: Array  # the chance of each player's choices in the last round, (2, M)


@game
@dataclass(frozen=True)
class Matrix(Simultaneous):
    """Two players choose at the same time; a table states what each earns, in dollars.

    ``table`` is the name of a supplied game (see ``mechlab.games.payoffs``) or rows of "row,column"
    payoffs: "3,3 0,5; 5,0 1,1". The M choices of each player are listed from the one that gives
    most to the one that gives least; choice k of 0 to M - 1 gives 1 - k / (M - 1) units, so that in
    a table of two by two cooperating gives one unit and defecting none. The credit for a gift is
    what the receiver earns above its payoff had the other made its last choice, at least 0.

    After each round the match goes on with chance ``continuation``, for at most ``rounds`` rounds.
    Players that weigh their choices expect the other to choose as in the round before, and in the
    first round to give nothing. The smallest bonus on giving that makes such players cooperate in
    the prisoner's dilemma is the one that makes cooperation dominant, max(T - R, P - S): with less,
    one of the other's choices makes defection pay. In the stag hunt it is P - S.

    In perfect play both make the same choice, the best such one. Sources: with the tables.

    >>> Matrix(table="3,3 0,5; 5,0 1,1") == Matrix(table="prisoners_dilemma")
    False
    >>> Matrix(table="3,3 0,5; 5,0 1,1").payoffs[0]
    array([[3., 0.],
           [5., 1.]])
    """

    name: ClassVar[str] = "matrix"
    fields: ClassVar[frozenset[str]] = frozenset({"given", "used", "credit", "produced"})
    vocabulary: ClassVar[Vocabulary] = Vocabulary(
        unit="cooperative move",
        units="cooperative moves",
        give="make",
        given="made",
        to="towards the other player",
        asked="expected",
        product="round",
        ask_step="",
        answer_step="{Give} a {unit} {to} in every {product}.",
        submit_step="",
    )

    repeated: ClassVar[bool] = True

    agents: int = param(2, low=2, high=2, unit="players")
    rounds: int = param(20, low=1, high=10000, unit="rounds")
    table: str = param("prisoners_dilemma", text="name of a supplied game, or its payoffs")
    continuation: float = param(1.0, low=0, high=1, unit="chance of a further round")

    def __post_init__(self) -> None:
        super().__post_init__()
        payoffs(self.table)  # raises for a table that cannot be read

    @property
    def payoffs(self) -> Array:
        """What the row and the column player earn, (2, M, M), by row and column."""
        return payoffs(self.table)

    @property
    def moves(self) -> tuple[tuple[str, ...], ...]:
        """The names of each player's choices, in order."""
        return moves(self.table)

    @property
    def choices(self) -> int:
        """Number M of choices that each player has."""
        return int(self.payoffs.shape[1])

    @property
    def unit(self) -> float:
        """The largest difference between two payoffs, in dollars."""
        return float(np.ptp(self.payoffs)) or 1.0

    @property
    def propensities(self) -> tuple[str, ...]:  # type: ignore[override] # depends on the table
        """To cooperate, and to make each further choice but the last in place of the one before."""
        return ("cooperate", *(f"choice_{k + 1}" for k in range(1, self.choices - 1)))

    @property
    def roles(self) -> Mapping[str, Mapping[str, float]]:  # type: ignore[override] # so does this
        """The best common choice, and the one that gives least."""
        return {"perfect": self.references["perfect"], "silent": {}}

    @property
    def references(self) -> Mapping[str, Mapping[str, float]]:  # type: ignore[override] # and this
        """The best choice that both can make."""
        best = int(np.diagonal(self.payoffs.sum(axis=0)).argmax())
        names = self.propensities[: best + 1] if best < self.choices - 1 else ()
        return {"perfect": dict.fromkeys(names, 1.0)}

    @property
    def acts(self) -> Mapping[str, Act]:
        """Every choice but the last, in place of the last, against a player that gives nothing."""
        return self._acts(_last_choice(self.choices))

    def start(self, seeds: Seeds, condition: str) -> _Match:
        """Begin as if neither had given anything before."""
        return _Match(seeds, np.ones(len(seeds)), _last_choice(self.choices))

    def prospects(self, state: _Match) -> Mapping[str, Act]:
        """The choices against a player that chooses as in the last round."""
        return self._acts(state.chosen)

    def _acts(self, chosen: Array) -> Mapping[str, Act]:
        """Each choice against the other's chances of choosing, (2, M)."""
        row, column = self.payoffs
        own = np.stack([row @ chosen[1], chosen[0] @ column])  # by player and choice, (2, M)
        other = np.stack([column @ chosen[1], chosen[0] @ row])
        own, other = (earned - earned[:, -1:] for earned in (own, other))
        names = self.propensities
        return {
            name: Act(
                given=_given(k, self.choices),
                used=_given(k, self.choices),
                credit=np.maximum(0.0, other[:, k]),
                returned=other[:, k],
                produced=own[:, k],
                instead=names[k - 1] if k else "",
            )
            for k, name in enumerate(names)
        }

    @property
    def idle(self) -> float:
        """The choice that gives least."""
        return self.choices - 1

    def stages(self, state: _Match) -> tuple[str, ...]:
        """One stage, to choose."""
        return ("choose",)

    def over(self, state: _Match) -> bool:
        """Return whether the match has ended."""
        return not state.on.any()

    def begin(self, state: _Match, round: int) -> None:
        """Draw which matches go on."""
        if round and self.continuation < 1.0:
            state.on *= uniforms(state.seeds, 1, round, 1)[:, 0] < self.continuation

    def choose(
        self, state: _Match, stage: str, round: int, behaviour: Array, choices: Choices
    ) -> Array:
        """Return the choices of rows by number, (B, 2)."""
        state.chosen = self.chances(np.clip(behaviour, 0.0, 1.0))
        edges = state.chosen.cumsum(axis=1)[:, :-1]
        drawn = uniforms(state.seeds, 0, round, 2)
        return np.asarray((drawn[:, :, None] >= edges).sum(axis=2))

    def resolve(self, state: _Match, choices: Choices, now: Amounts) -> None:
        """Pay what the table states."""
        self._earn(choices["choose"].astype(np.int64), state.on[:, None], now)

    def read(self, state: _Match, view: MatrixView, action: Any) -> float:
        """Read a choice, by its number or its name."""
        if not isinstance(action, Choose):
            raise UserError(f"a choice is expected, got {action!r}")
        if isinstance(action.move, str):
            if action.move not in view.moves:
                raise unknown("move", action.move, view.moves)
            return view.moves.index(action.move)
        (number,) = whole_numbers("a move", (action.move,))
        if not 0 <= number < self.choices:
            raise UserError(f"a move is a number from 0 to {self.choices - 1}, got {number}")
        return number

    def view(self, state: _Match, common: dict[str, Any], choices: Choices) -> MatrixView:
        """Add the moves of both players and the payoffs, seen from the player's side."""
        me = common["agent"]
        return MatrixView(
            **common,
            moves=self.moves[me],
            their_moves=self.moves[1 - me],
            payoffs=pairs(self.table, me),
            continuation=self.continuation,
        )

    def chances(self, behaviour: Array) -> Array:
        """Return the chance of each choice under rows of propensities, (K, M - 1) to (K, M).

        Each propensity replaces the choice before it.
        """
        nothing = np.zeros((len(behaviour), 1))
        reached = np.concatenate([behaviour.cumprod(axis=1), nothing], axis=1)
        stayed = reached[:, :-1] - reached[:, 1:]
        return np.concatenate([stayed, 1.0 - reached[:, :1]], axis=1)

    def outcomes(self) -> Amounts:
        """Return the flows of one round with each pair of choices: B = M * M, row by row."""
        choice = np.stack(np.divmod(np.arange(self.choices**2), self.choices), axis=1)
        now = Amounts.zeros(len(choice), 2)
        self._earn(choice, np.ones((len(choice), 1)), now)
        return now

    def _earn(self, choice: NDArray[np.int64], on: Array, now: Amounts) -> None:
        """Write into ``now`` what choices, (B, 2), earn and give in matches that go on, (B, 1)."""
        row, column = choice.T
        earned = np.stack([pay[row, column] for pay in self.payoffs], axis=1)
        alone = np.stack([self.payoffs[0][row, -1], self.payoffs[1][-1, column]], axis=1)
        pair = (slice(None), [0, 1], [1, 0])
        now.produced[...] = earned * on
        now.given[pair] = _given(choice, self.choices) * on
        now.used[pair] = now.given[pair][:, ::-1]
        now.credit[pair] = np.maximum(0.0, earned - alone) * on


def _given(choice: int | NDArray[np.int64], choices: int) -> Array:
    """Units that a choice gives: 1 for the first, 0 for the last."""
    return np.asarray(1.0 - np.asarray(choice, float) / (choices - 1))


@lru_cache
def _last_choice(choices: int) -> Array:
    """The chances of players that always make their last choice, (2, M)."""
    chosen = np.zeros((2, choices))
    chosen[:, -1] = 1.0
    return chosen
