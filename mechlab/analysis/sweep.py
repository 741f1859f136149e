"""One thing at a time: a question in which one thing varies and all else stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from mechlab.agents.population import Population
from mechlab.agents.scenario import Scenario
from mechlab.errors import UserError, unknown
from mechlab.games.base import make_game
from mechlab.llm.session import CALLS_URL, session_for
from mechlab.llm.settings import Live
from mechlab.mechanism import parse
from mechlab.notation import literal
from mechlab.recipe import Part, Recipe, line
from mechlab.simulation import Episodes, play, scenario
from mechlab.statistics import Summary, summarise
from mechlab.study import Settings, Target

GROUP = "the group"  # the name of the one group of a sweep in which the population varies


class Vary(Part):
    """What varies: one of these, with the values that it takes in turn; the first is the norm."""

    population: list[str] = Field(default=[])
    mechanism: list[str] = Field(default=[])
    condition: list[str] = Field(default=[])
    settings: list[Settings] = Field(default=[])

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name)]
        if len(given) != 1 or len(getattr(self, given[0])) < 2:
            names = ", ".join(type(self).model_fields)
            raise UserError(f"one of {names} varies, over at least two values; got {given}")
        return self

    @property
    def name(self) -> str:
        """What varies."""
        return next(name for name in type(self).model_fields if getattr(self, name))

    @property
    def values(self) -> list[Any]:
        """Its values, in order."""
        return list(getattr(self, self.name))


class Sweep(Recipe):
    """A question about one thing, in one TOML file.

    Attributes:
        game, settings, condition, mechanism, episodes, seed: as in ``simulate``; ``episodes`` of
            each point.
        population: one, or several that are compared; None leaves it to ``override``.
        target: what counts as enough, where the question is which value is the first that is.
        live: endpoints, options and caps of live agents.

    >>> sweep = Sweep.read('''question = "Does time help?"
    ... population = "o3"
    ... episodes = 5
    ... [vary]
    ... settings = [{rounds = 5}, {rounds = 10}]''')
    >>> [point.label for point in sweep.play().points]
    ['rounds=5', 'rounds=10']
    """

    game: str = "sharing"
    settings: Settings = Field(default={})
    population: str | list[str] | None = None
    condition: str = "baseline"
    mechanism: str = "none"
    vary: Vary
    target: Target | None = None
    live: Live = Live()
    episodes: int = Field(default=200, gt=1)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        given = self.model_fields_set
        if self.vary.name in given and self.vary.name != "settings":
            raise UserError(f"{self.vary.name} varies, so it cannot stand beside [vary]")
        for values in self._runs("perfect"):
            game = make_game(values["game"], values["settings"])
            game.check_condition(values["condition"])
            parse(values["mechanism"])
            if self.target and self.target.relative_to not in game.references:
                raise unknown("reference point", self.target.relative_to, game.references)
        return self

    @property
    def groups(self) -> list[str]:
        """The populations that are compared; ``the group`` alone where the population varies.

        Raises:
            UserError: where the file names none.
        """
        if self.vary.name == "population":
            return [GROUP]
        if not self.population:
            raise UserError(
                f"{self.name} names no population: give one with --population, "
                "for live agents llm:MODEL"
            )
        return [self.population] if isinstance(self.population, str) else self.population

    def override(
        self,
        population: str | None = None,
        episodes: int | None = None,
        settings: Settings | None = None,
    ) -> Self:
        """Return the same question with other fields: those given replace the file's.

        Raises:
            UserError: for a population where it is the population that varies, and as for a file.
        """
        if population and self.vary.name == "population":
            raise UserError(f"{self.name} varies the population: --population cannot be given")
        changed: dict[str, Any] = {"population": population, "episodes": episodes}
        if settings:
            changed["settings"] = {**self.settings, **settings}
        given = {name: value for name, value in changed.items() if value is not None}
        try:
            return type(self).model_validate({**self.model_dump(exclude_unset=True), **given})
        except ValidationError as errors:
            raise UserError(f"{self.name}: {line(type(self), errors.errors())}") from None

    def play(self) -> SweepResult:
        """Play all points and compare them; raises ``UserError`` as ``simulate`` does."""
        live = [one.population for one in self.scenarios if "live" in one.population.kinds]
        with session_for((*live, Population(()))[0], self.live, CALLS_URL, self.name):
            points = [point for group in self.groups for point in self._points(group)]
        return SweepResult(self, tuple(points))

    @property
    def stated(self) -> bool:
        """Whether the number of episodes is stated, and not left at its default."""
        return "episodes" in self.model_fields_set

    @property
    def scenarios(self) -> list[Scenario]:
        """All that is played, group by group."""
        return [one for group in self.groups for one in self._scenarios(group)]

    def _scenarios(self, group: str) -> list[Scenario]:
        return [scenario(**r, episodes=self.episodes, seed=self.seed) for r in self._runs(group)]

    def _runs(self, group: str) -> Iterator[dict[str, Any]]:
        """Yield the arguments of ``scenario`` for each value."""
        for value in self.vary.values:
            fixed = {name: getattr(self, name) for name in ("game", *type(self.vary).model_fields)}
            moved = {**self.settings, **value} if self.vary.name == "settings" else value
            yield {**fixed, "population": group, self.vary.name: moved}

    def _points(self, group: str) -> Iterator[Point]:
        first: Episodes | None = None
        for value, asked in zip(self.vary.values, self._scenarios(group), strict=True):
            played = play(asked)
            first = first or played
            reached = None
            if self.target:
                reference = played.reference(self.target.relative_to)
                reached = summarise(played["group_revenue"] / reference)
            change = summarise(played["efficiency"] - first["efficiency"])
            kinds = played.population.kinds
            yield Point(group, _label(value), played.summary, change, reached, kinds)


def _label(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name}={literal(setting)}" for name, setting in value.items())


@dataclass(frozen=True)
class Point:
    """One value of what varies, played by one population.

    Attributes:
        group: the population. label: the value.
        change: efficiency less that at the group's first value, episode by episode: episodes of one
            number are pairs, because they share their luck as far as the values allow.
        attainment: revenue relative to the target's reference point; None without a target.
    """

    group: str
    label: str
    measures: Mapping[str, Summary]
    change: Summary
    attainment: Summary | None
    kinds: frozenset[str]

    @property
    def changes(self) -> bool:
        """Whether a change is supported: its 95% interval leaves out 0."""
        low, high = self.change.ci95
        return low > 0 or high < 0

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "population": self.group,
            "value": self.label,
            "measures": {name: one.as_json() for name, one in self.measures.items()},
            "change": self.change.as_json(),
            "attainment": self.attainment and self.attainment.as_json(),
        }


@dataclass(frozen=True)
class SweepResult:
    """The points of a sweep, group by group."""

    sweep: Sweep
    points: tuple[Point, ...]

    def of(self, group: str) -> tuple[Point, ...]:
        """Return the points of one group."""
        return tuple(point for point in self.points if point.group == group)

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "sweep": self.sweep.name,
            "varies": self.sweep.vary.name,
            **self.sweep.model_dump(include={"question", "game", "episodes", "seed"}),
            "points": [point.as_json() for point in self.points],
        }
