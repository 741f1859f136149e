"""Emulated agents: stand-ins for eight language models, fitted to published figures.

One functional form for all. On each turn an agent does each kind of act with a fixed chance, all of
it or none: it asks, it answers a peer, it submits. A request that was passed over stays open until
the piece has come, so answers may be late. On the logit scale the chances shift with what giving
pays, with the protocol and with a hidden view:

    logit p(act) = base(act) + payment * m / u * [act is giving] + protocol * [advised]
                   + hidden * [view hidden]

where m is the marginal payment of one more answered request and u the reward of a task (logit, or
quantal, response: McKelvey and Palfrey 1995, "Quantal Response Equilibria for Normal Form Games",
Games and Economic Behavior 10). Giving is to answer a peer or the system. The protocol's three
steps and the hidden view shift asking, answering and submitting alike, for only these are advised,
and one published figure a model cannot tell them apart.

Payment moves no unasked giving. A flat bonus pays that too, but under the published bonus no model
passed what asking and answering alone can reach, so the figures show no such response; the
assumption understates agents that would farm the bonus (``selfish`` does).

Where the figures cannot tell what an agent would do, it refuses instead of guessing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

from mechlab.agents.base import AGENTS, FIT, Agent
from mechlab.errors import UserError, unknown
from mechlab.games.base import Game
from mechlab.mechanism.incentives import Incentives
from mechlab.parameters import param

VIEW = frozenset({"board", "notices", "thoughts"})
STEPS = frozenset({"ask", "answer", "submit"})


@dataclass(frozen=True)
class Propensities:
    """The numbers that tell one emulated agent from another.

    Attributes:
        ask: chance to ask, each turn, for all pieces that are lacking.
        answer, answer_system: chance to answer, each turn, all that a peer asked for and still
            lacks, itself or by the system; each peer by itself.
        submit: chance to submit, each turn, all complete tasks.
        repeat: chance to ask, each turn on which it asks, also for what it asked for before.
        breadth: chance to ask each further holder of a piece, beside the one asked by lot.
        volunteer: chance to send each piece that a peer lacks, unasked, each turn.
        chatter: messages a turn that ask for nothing.
        payment: shift of giving for a marginal payment of one task's reward, in logits.
        protocol: shift of asking, answering and submitting under the protocol, in logits.
        hidden: shift of the same with the view hidden, in logits.
    """

    ask: float
    answer: float
    answer_system: float
    submit: float
    repeat: float = 0.0
    breadth: float = 0.0
    volunteer: float = 0.0
    chatter: float = 0.0
    payment: float = 0.0
    protocol: float = 0.0
    hidden: float = 0.0


@dataclass(frozen=True)
class Emulated(Agent):
    """An agent of the common form with its own propensities.

    Attributes:
        fitted: its propensities.
        borrowed: names of those that no published figure of its own supports.

    >>> from mechlab.games.base import make_game
    >>> o3 = AGENTS.get("o3")
    >>> unpaid = o3.propensities(make_game("sharing"), Incentives())["answer"]
    >>> paid = o3.propensities(make_game("sharing"), Incentives({"answer": 0.1}))["answer"]
    >>> unpaid < paid
    True
    """

    fitted: Propensities
    borrowed: tuple[str, ...] = ()
    kind: ClassVar[str] = "emulated"

    @property
    def what(self) -> str:
        """One line for lists: what it is, what it was fitted to and what it borrowed."""
        own = f"stand-in for {self.name}, fitted to its published figures"
        return (
            f"{own}; borrowed from other models: {', '.join(self.borrowed)}"
            if self.borrowed
            else own
        )

    @property
    def basis(self) -> Mapping[str, float]:
        """Its propensities: another fit is another agent, whatever its name."""
        return asdict(self.fitted)

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return its behaviour for one round.

        Raises:
            UserError: for a game other than the one it was fitted in, and for what the figures
                cannot tell: a part of the view hidden alone, a step of the protocol alone, or a
                public record.
        """
        self._check(game, incentives)
        own = self.fitted
        told = own.protocol * bool(incentives.advises) + own.hidden * bool(incentives.hides)
        paid = own.payment * incentives.relative("answer")
        return {
            "ask": shifted(own.ask, told),
            "answer": shifted(own.answer, told + paid),
            "answer_system": shifted(own.answer_system, told + paid),
            "submit": shifted(own.submit, told),
            "repeat": own.repeat,
            "breadth": own.breadth,
            "volunteer": own.volunteer,
            "chatter": own.chatter,
        }

    def _check(self, game: Game, incentives: Incentives) -> None:
        if game.name != "sharing":
            raise UserError(
                f"{self.name} is fitted to figures of the game 'sharing', not {game.name!r}"
            )
        _whole(self.name, "hides", incentives.hides, VIEW, "were hidden only all together")
        _whole(self.name, "advises", incentives.advises, STEPS, "were advised only all together")
        if incentives.shows:
            raise UserError(
                f"{self.name} is fitted to figures without a public record: what it does where a "
                f"mechanism shows {', '.join(sorted(incentives.shows))} is not known; use scripted "
                "or live agents"
            )


def _whole(name: str, verb: str, some: frozenset[str], all_of: frozenset[str], why: str) -> None:
    if some and some != all_of:
        known, asked = ", ".join(sorted(all_of)), ", ".join(sorted(some))
        raise UserError(
            f"{name} is fitted to figures in which {known} {why}: what it does where a mechanism "
            f"{verb} only {asked} is not known; use all of them, or a live agent"
        )


def shifted(chance: float, shift: float) -> float:
    """Shift a chance on the logit scale; 0 and 1 stay where they are.

    >>> shifted(0.5, math.log(3))
    0.75
    """
    odds = math.exp(min(-shift, 700.0))  # beyond this a double overflows
    return chance / (chance + (1.0 - chance) * odds)


def stored() -> dict[str, Any]:
    """Return the stored fit: parameters, what was borrowed, and the residual of every figure."""
    text = files("mechlab.data").joinpath("emulated.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def describe(name: str) -> dict[str, Any]:
    """Return what an emulated agent rests on: figures, borrowed parameters, worst misfits.

    >>> describe("o3")["kind"]
    'emulated'
    """
    entry = stored()["models"].get(name)
    if entry is None:
        raise unknown("emulated agent", name, stored()["models"])
    rows = [row for row in entry["figures"] if row["measure"]]
    fitted = [row for row in rows if row["fitted"]]
    return {
        "name": name,
        "kind": Emulated.kind,
        "fitted": len(fitted),
        "inside": sum(row["inside"] for row in fitted),
        "borrowed": entry["borrowed"],
        "worst": sorted(
            (row for row in rows if not row["inside"]), key=lambda row: -(row["factor"] or math.inf)
        ),
    }


def emulated(name: str, entry: Mapping[str, Any]) -> Emulated:
    """Build an agent from its entry in a stored fit."""
    return Emulated(name, Propensities(**entry["parameters"]), tuple(entry["borrowed"]))


for _name, _entry in stored()["models"].items():
    AGENTS.add(_name, emulated(_name, _entry))


@dataclass(frozen=True)
class Fitted(Emulated):
    """An agent fitted to the user's own figures or episodes.

    Attributes:
        draws: the propensities that the evidence leaves possible, drawn from the posterior; none
            for a fit of published figures.
        draw: which of them it has: 0 for the best fit, or the number of a draw from 1.
    """

    draws: tuple[Propensities, ...] = ()
    draw: int = param(0, low=0, text="of its parameters: 0 the best fit, else a posterior draw")

    @property
    def what(self) -> str:
        """One line for lists."""
        return f"stand-in, fitted to the evidence in {self.name.removeprefix(FIT)}"

    def tuned(self, values: Mapping[str, Any]) -> Self:
        """Return the agent with the propensities of another draw.

        Raises:
            UserError: for a wrong name or value, or a draw that the fit does not have.
        """
        other = super().tuned(values)
        if other.draw > len(self.draws):
            known = f"draws 1 to {len(self.draws)}" if self.draws else "no posterior draws"
            raise UserError(f"{self.name} has {known}, got draw={other.draw}")
        return replace(other, fitted=self.draws[other.draw - 1]) if other.draw else other


def read_fitted(name: str) -> Fitted:
    """Return the agent that a population calls ``fit:PATH`` or ``fit:PATH#MODEL``.

    Raises:
        UserError: where there is no such file, it holds no fit, or not this model, or several and
            none is named.
    """
    path, _, model = name.removeprefix(FIT).partition("#")
    models = _models(path)
    if not model and len(models) > 1:
        raise UserError(f"{path} holds several models; name one: {FIT}{path}#{next(iter(models))}")
    if model and model not in models:
        raise unknown(f"model of {path}", model, models)
    entry = models[model or next(iter(models))]
    try:
        draws = entry.get("draws") or {}
        columns = zip(*draws.values(), strict=True)
        possible = (dict(zip(draws, values, strict=True)) for values in columns)
        return Fitted(
            name,
            Propensities(**entry["parameters"]),
            tuple(entry["borrowed"]),
            tuple(Propensities(**values) for values in possible),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} holds no fit that can be read: {error}") from None


def _models(path: str) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the fit in {path or 'no path'}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path} is no stored fit: {error}") from None
    found = content.get("models") if isinstance(content, dict) else None
    if not found:
        raise UserError(f"{path} is no stored fit: write one with mechlab calibrate")
    models: dict[str, dict[str, Any]] = found
    return models
