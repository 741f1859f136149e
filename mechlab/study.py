"""The study file: a question in one TOML file that reads as a recipe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Self

from optuna.distributions import CategoricalDistribution
from pydantic import AfterValidator, Field, model_validator

from mechlab.agents.base import Agent
from mechlab.agents.population import Member, Population
from mechlab.checks.requirements import Requirement
from mechlab.errors import UserError, unknown
from mechlab.games.base import GAMES, Game, make_game
from mechlab.llm.dialogue import dialogue_for
from mechlab.llm.settings import Live
from mechlab.measures import COSTS
from mechlab.mechanism import Mechanism, check_fit
from mechlab.mechanism.candidate import Candidate
from mechlab.recipe import Part, Recipe
from mechlab.simulation import Episodes, simulate
from mechlab.streams import EXPLORE

BASELINE = "none"
MONEY = ("spend", "subsidy")
OUTCOMES = (*MONEY, *COSTS)  # sizes that episodes measure
_REFERENCES = {"ceiling": "perfect", "turns": "sequential"}  # words of studies written earlier
_OTHERS = ("selfish", "logit(lambda=4)", "conditional(follow=0.8)")

_Specification = Annotated[str, AfterValidator(lambda text: Candidate.read(text).text)]
Settings = dict[str, bool | int | float | str]
Group = Member | Sequence[str | Member]


class Target(Part):
    """What counts as enough: mean efficiency, relative to a reference point, and how sure to be.

    ``tolerance`` is the largest width of the answer's interval, as a share of its upper end.
    """

    efficiency: float = Field(gt=0)
    relative_to: str = "perfect"
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    tolerance: float = Field(default=0.07, gt=0, lt=1)


class Budget(Part):
    """What the search may use up, exploring and certifying together."""

    episodes: int = Field(default=20_000, gt=0)


class Pilot(Part):
    """A pilot in place of a search: episodes in the middle of each range; see ``mechlab.pilot``."""

    episodes: int = Field(default=4, ge=2)


class Transfer(Part):
    """Where else the answer is played: games and populations (``mechlab.analysis.findings``)."""

    games: Annotated[tuple[str, ...], Field(default_factory=lambda: tuple(GAMES), strict=False)]
    populations: Annotated[tuple[str, ...], Field(strict=False)] = _OTHERS
    episodes: int = Field(default=50, ge=2)


class Study(Recipe):
    """A question: which of these mechanisms restores the target with the smallest incentive?

    Attributes:
        name, question: of the file, see ``Recipe``; the record and the report have its name.
        game, settings, population, condition: as in ``simulate``.
        mechanisms: candidates, each a specification in which a parameter may be a range.
        minimise: what the answer has as little of as possible: ``spend``, ``subsidy``, ``outlay``,
            ``burden``, ``deadweight`` or ``cost`` (means an episode; see ``mechlab.measures``), or
            a parameter that every candidate has. Only ``cost`` charges for fines.
        require: properties that the answer must have (``mechlab.checks.requirements``), such as
            ``individually_rational`` or ``no_profitable_deviation(at_most=0.5)``; a dose that lacks
            one counts as reaching nothing.
        seed: seed of all episodes.
        live: endpoints, options and caps of live agents.
        target, budget, transfer, pilot: see there.

    ``load`` and ``read`` raise ``UserError`` with one line for wrong values; built in Python from
    them, it raises ``pydantic.ValidationError``.

    >>> study = Study.read(template(), name="example")
    >>> study.target.relative_to
    'sequential'
    """

    renamed: ClassVar[Mapping[str, str]] = {"smallest": "minimise"}

    game: str = "sharing"
    settings: Settings = Field(default={})
    population: str
    condition: str = "baseline"
    mechanisms: Annotated[tuple[_Specification, ...], Field(min_length=1, strict=False)]
    minimise: str
    target: Target
    budget: Budget = Budget()
    seed: int = Field(default=0, ge=0)
    live: Live = Live()
    transfer: Transfer | None = None
    pilot: Pilot | None = None
    require: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        for field, check in _CHECKS.items():
            try:
                check(self)
            except UserError as error:
                raise UserError(f"{field}: {error}") from None
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed, checked like any study."""
        if not update:
            return super().model_copy(deep=deep)
        return type(self).model_validate({**self.model_dump(), **update})

    @cached_property
    def played(self) -> Game:
        """The game with its settings."""
        return make_game(self.game, self.settings)

    @cached_property
    def group(self) -> Population:
        """The agents."""
        return Population.of(self.population, self.played.agents)

    @cached_property
    def candidates(self) -> dict[str, Candidate]:
        """The candidates by name, the baseline first; where two share a name, it is their text."""
        others = [text for text in self.mechanisms if text != BASELINE]
        read = list(map(Candidate.read, [BASELINE, *others]))
        names = [c.name for c in read]
        found = {c.name if names.count(c.name) == 1 else c.text: c for c in read}
        if len(found) < len(read):
            raise UserError(f"each candidate stands once, got {list(self.mechanisms)}")
        return found

    def check_playable(self) -> None:
        """Play one episode of each candidate, so that what cannot be played fails at once.

        Live agents are spared: their episodes cost money, and the first trial shows as much.
        """
        for candidate in () if "live" in self.group.kinds else self.candidates.values():
            self.play(candidate.lowest, EXPLORE[:1])

    def check_stated(self) -> None:
        """Raise ``UserError`` where live agents play without a stated budget of episodes or cap."""
        live = "live" in self.group.kinds
        if live and "episodes" not in self.budget.model_fields_set:
            raise UserError("live agents cost money: state [budget] episodes")
        if live and not self.live.caps.stated:
            raise UserError(
                "live agents cost money: state what they may cost at most in [live.caps], like "
                "dollars = 15.0; mechlab plan says what to expect"
            )

    def play(
        self,
        mechanism: str | Mechanism,
        numbers: range,
        *,
        population: Group | None = None,
        game: Game | None = None,
        condition: str | None = None,
    ) -> Episodes:
        """Play episodes of the study's seed: the only way in which anything plays a study.

        Args:
            mechanism: the rules, such as ``study.candidates[name].build(params)``.
            numbers: of the episodes, from a stream of ``mechlab.streams``.
            population, game, condition: others than the study's own.

        >>> study = Study.read(template(), name="example")
        >>> study.play("sharing_bonus(rate=1000)", range(5)).frame.shape
        (5, 14)
        """
        return simulate(
            game or self.played,
            self.group.members if population is None else population,
            mechanism,
            episodes=len(numbers),
            seed=self.seed,
            condition=condition or self.condition,
            first=numbers.start,
        )

    def size(self, candidate: str, params: Mapping[str, Any]) -> float | None:
        """Return the size of an incentive, or None where it is an outcome of episodes."""
        if self.minimise in OUTCOMES:
            return None
        rules = self.candidates[candidate]
        return 0.0 if candidate == BASELINE else float(rules.value(self.minimise, params))

    @property
    def record_url(self) -> str:
        """Where its record is kept, unless somebody says otherwise."""
        return f"sqlite:///.mechlab/{self.name}.db"

    @property
    def tie_break(self) -> str:
        """The size by which answers of equal size are ordered: spend, or else subsidy."""
        return "subsidy" if self.minimise == "spend" else "spend"

    @property
    def text(self) -> str:
        """The text of the study file; of a study built in Python, its canonical form."""
        return self._text or json.dumps(self.canonical, indent=2)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """All that the evidence depends on, defaults filled in."""
        apart = {"name", "question", "budget", "live", "transfer"}
        rows = {str(m): m.basis for m in self.group.members if isinstance(m, Agent)}
        return {
            **self.model_dump(mode="json", exclude=apart),
            "settings": self.played.params,
            "population": str(self.group),
            **({"live": self.live.canonical} if "live" in self.group.kinds else {}),
            "agents": {name: dict(basis) for name, basis in rows.items() if basis},
            "mechanisms": {name: c.canonical for name, c in self.candidates.items()},
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(json.dumps(self.canonical, sort_keys=True).encode()).hexdigest()


def template() -> str:
    """Return the text of a commented study to start from."""
    return (files("mechlab") / "data" / "template.toml").read_text(encoding="utf-8")


def _check_mechanisms(study: Study) -> None:
    for candidate in study.candidates.values():
        check_fit(candidate.lowest, study.played.fields, study.game, study.played.vocabulary)


def _check_live(study: Study) -> None:
    if "live" in study.group.kinds:
        dialogue_for(study.played, study.candidates[BASELINE].lowest, 0, study.live.options)


def _check_minimise(study: Study) -> None:
    for name, candidate in study.candidates.items():
        if study.minimise in OUTCOMES or name == BASELINE:
            continue
        value = candidate.value(study.minimise, {})
        if isinstance(value, (bool, str, CategoricalDistribution)):
            outcomes = f"{', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}"
            raise UserError(f"{study.minimise} of {name} is no number: use one, {outcomes}")


def _check_require(study: Study) -> None:
    for text in study.require:
        Requirement.read(text)
    if study.require and study.pilot:
        raise UserError("a study with [pilot] requires nothing of its answer: leave it out")


def _check_reference(study: Study) -> None:
    if study.target.relative_to in _REFERENCES:
        new = _REFERENCES[study.target.relative_to]
        raise UserError(f"{study.target.relative_to!r} is now called {new!r}")
    if study.target.relative_to not in study.played.references:
        raise unknown("reference point", study.target.relative_to, study.played.references)


def _check_tolerance(study: Study) -> None:
    usual = Target.model_fields["tolerance"].default
    if study.pilot and study.target.tolerance != usual:
        raise UserError(f"a study with [pilot] has a tolerance of {usual}: leave it out")


def _check_transfer(study: Study) -> None:
    """Check that every game is one, and that every population fits at least one of them."""
    if study.transfer is None:
        return
    games = [study.played, *map(make_game, study.transfer.games)]
    for population in study.transfer.populations:
        misfits = []
        for game in games:
            try:
                Population.of(population, game.agents)
            except UserError as error:
                misfits.append(error)
        if len(misfits) == len(games):
            raise misfits[0]


_CHECKS: Mapping[str, Callable[[Study], object]] = {
    "game": lambda study: GAMES.get(study.game),
    "settings": lambda study: study.played,
    "population": _check_live,
    "condition": lambda study: study.played.check_condition(study.condition),
    "mechanisms": _check_mechanisms,
    "minimise": _check_minimise,
    "require": _check_require,
    "target.relative_to": _check_reference,
    "target.tolerance": _check_tolerance,
    "transfer": _check_transfer,
}
