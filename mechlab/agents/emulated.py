"""Emulated agents: stand-ins for language models, fitted to published figures or to a pilot.

All have one functional form. On each turn an agent does each kind of act with a fixed chance, and
then all of it: it asks, it answers a peer, it submits. A request that it did not answer stays open
until the piece arrives, so answers may be late. What giving pays, a protocol and a hidden view
shift the chances on the logit scale:

    logit p(act) = base(act) + payment * m / u * [act is giving] + protocol * [advised]
                   + hidden * [view hidden]

where m is what one more answered request pays and u the reward of a task (logit, or quantal,
response: McKelvey and Palfrey 1995, "Quantal Response Equilibria for Normal Form Games", Games and
Economic Behavior 10). Giving is to answer a peer or the system. The steps of the protocol and the
hidden view shift asking, answering and submitting alike: only these are advised, and the single
published figure of each model cannot tell them apart.

Payment does not shift unasked giving. A flat bonus pays for that too, but under the published bonus
no model passed what asking and answering alone can reach, so the figures show no such response. The
assumption understates agents that would farm the bonus (``selfish`` does).

Where the figures cannot tell what an agent would do, it refuses to play instead of guessing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Set
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
    """The numbers in which emulated agents differ. Chances are those of one turn.

    Attributes:
        ask: chance to ask for all pieces that it lacks.
        answer: chance, for each peer, to send all that the peer asked for and still lacks.
        answer_system: the same where the system asked for the peer.
        submit: chance to submit all complete tasks.
        repeat: chance, where it asks, to ask again for what it asked for before.
        breadth: chance to ask each further holder of a piece, beside the one drawn at random.
        volunteer: chance to send each piece that a peer lacks and has not asked for.
        chatter: messages a turn that ask for nothing.
        payment: shift of giving, in logits, if one more answer pays the reward of a task.
        protocol: shift of asking, answering and submitting under the protocol, in logits.
        hidden: shift of the same where the view is hidden, in logits.
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
    """An agent of the common form.

    Attributes:
        fitted: its propensities.
        borrowed: names of the propensities that are those of other models, because none of its own
            published figures tells them.

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

    @classmethod
    def read(cls, name: str, entry: Mapping[str, Any], **more: Any) -> Self:
        """Build the agent from its entry in a stored fit; ``more`` are other attributes."""
        return cls(name, Propensities(**entry["parameters"]), tuple(entry["borrowed"]), **more)

    @property
    def what(self) -> str:
        """One line for lists: what it is, what it was fitted to and what it borrowed."""
        line = f"stand-in for {self.name}, fitted to its published figures"
        borrowed = f"; borrowed from other models: {', '.join(self.borrowed)}"
        return line + borrowed if self.borrowed else line

    @property
    def basis(self) -> Mapping[str, float]:
        """Its propensities, because a fit of the same name may have others."""
        return asdict(self.fitted)

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        """Return its behaviour for one round.

        Raises:
            UserError: for another game than that of the figures, and where the figures cannot tell
                what it would do: under only some steps of the protocol, with only some parts of the
                view hidden, or with a public record.
        """
        self._check(game, incentives)
        base = self.fitted
        shift = base.protocol * bool(incentives.advises) + base.hidden * bool(incentives.hides)
        payment = base.payment * incentives.relative("answer")
        return {
            "ask": _shifted(base.ask, shift),
            "answer": _shifted(base.answer, shift + payment),
            "answer_system": _shifted(base.answer_system, shift + payment),
            "submit": _shifted(base.submit, shift),
            "repeat": base.repeat,
            "breadth": base.breadth,
            "volunteer": base.volunteer,
            "chatter": base.chatter,
        }

    def _check(self, game: Game, incentives: Incentives) -> None:
        if game.name != "sharing":
            raise UserError(
                f"{self.name} is fitted to figures of the game 'sharing', not {game.name!r}"
            )
        self._all_or_none("hides", incentives.hides, VIEW, "were hidden only all together")
        self._all_or_none("advises", incentives.advises, STEPS, "were advised only all together")
        if incentives.shows:
            raise UserError(
                f"{self.name} is fitted to figures without a public record: what it does where a "
                f"mechanism shows {', '.join(sorted(incentives.shows))} is not known; use scripted "
                "or live agents"
            )

    def _all_or_none(self, verb: str, some: Set[str], fitted: Set[str], why: str) -> None:
        if some and some != fitted:
            known, some_of = ", ".join(sorted(fitted)), ", ".join(sorted(some))
            raise UserError(
                f"{self.name} is fitted to figures in which {known} {why}: what it does where a "
                f"mechanism {verb} only {some_of} is not known; use all of them, or a live agent"
            )


def _shifted(chance: float, shift: float) -> float:
    """Shift a chance on the logit scale; 0 and 1 stay where they are.

    >>> _shifted(0.5, math.log(3))
    0.75
    """
    odds = math.exp(min(-shift, 700.0))  # beyond this a double overflows
    return chance / (chance + (1.0 - chance) * odds)


def stored() -> dict[str, Any]:
    """Return the fit to the published figures: parameters, what is borrowed, all residuals."""
    text = files("mechlab.data").joinpath("emulated.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


for _name, _entry in stored()["models"].items():
    AGENTS.add(_name, Emulated.read(_name, _entry))


@dataclass(frozen=True)
class Fitted(Emulated):
    """An agent fitted to figures or to episodes of the user's, from the file of the fit.

    Attributes:
        draws: propensities drawn from the posterior of a fit to episodes; none for one to figures.
        draw: which draw it plays, counted from 1; 0 is the best fit.
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

    @classmethod
    def load(cls, name: str) -> Self:
        """Return the agent that a population calls ``fit:PATH`` or ``fit:PATH#MODEL``.

        Raises:
            UserError: where the file cannot be read, does not hold this model, or holds several
                and none is named.
        """
        path, _, model = name.removeprefix(FIT).partition("#")
        models = _models(path)
        first = next(iter(models))
        if not model and len(models) > 1:
            raise UserError(f"{path} holds several models; name one: {FIT}{path}#{first}")
        if model and model not in models:
            raise unknown(f"model of {path}", model, models)
        entry = models[model or first]
        try:
            columns = entry.get("draws") or {}
            rows = zip(*columns.values(), strict=True)
            draws = tuple(Propensities(**dict(zip(columns, row, strict=True))) for row in rows)
            return cls.read(name, entry, draws=draws)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise UserError(f"{path} holds no fit that can be read: {error}") from None


def _models(path: str) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the fit in {path or 'no path'}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path} is no stored fit: {error}") from None
    models: Any = content.get("models") if isinstance(content, dict) else None
    whole = isinstance(models, dict) and all(isinstance(entry, dict) for entry in models.values())
    if not models or not whole:
        raise UserError(f"{path} is no stored fit: write one with mechlab calibrate")
    fits: dict[str, dict[str, Any]] = models
    return fits
