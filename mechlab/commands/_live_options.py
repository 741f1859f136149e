"""What a command may set of live agents: where calls are kept, and what they may cost."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import typer
from pydantic import ValidationError
from rich.text import Text

from mechlab.agents.scenario import Scenario
from mechlab.commands import _terminal
from mechlab.commands._app import CAPPED, warn
from mechlab.errors import OutOfBudget, UserError
from mechlab.llm.budget import Spending
from mechlab.llm.settings import Live
from mechlab.recipe import line, parse_toml

T = TypeVar("T")

_OFFLINE = 200  # episodes of a run that costs nothing, unless it says how many


@dataclass(frozen=True)
class _Now:
    """A line that is made anew whenever it is shown."""

    text: Callable[[], str]

    def __rich__(self) -> Text:
        return Text(self.text())


@dataclass(frozen=True)
class Work:
    """What a command plays.

    Attributes:
        scenarios: the episodes.
        live: settings of live agents, where a file has them.
        stated: whether a file states the number of episodes.
        run: name under which spending adds up, see ``live_session``.
    """

    scenarios: Sequence[Scenario]
    live: Live = field(default_factory=Live)
    stated: bool = False
    run: str = ""

    @property
    def has_live(self) -> bool:
        """Whether live agents play."""
        return any("live" in scenario.population.kinds for scenario in self.scenarios)


@dataclass
class LiveOptions:
    """The options of a command about live agents, and what its live agents have cost.

    Attributes:
        stated: number of episodes, None where the command leaves it open.
        storage: of calls, where it is not the usual one. replay: take all answers from it.
        settings: of live agents, caps among them; what they leave open is the file's.
        live: whether live agents have played.
        spending: calls that were made. unpriced: models of which they have no price.
        stopped: why a cap ended it, "" where none did.
    """

    stated: int | None
    storage: str | None
    replay: bool
    settings: dict[str, Any]
    live: bool = False
    spending: Spending = field(default_factory=Spending)
    unpriced: set[str] = field(default_factory=set)
    stopped: str = ""

    @classmethod
    def of(
        cls,
        episodes: int | None,
        storage: str | None,
        replay: bool,
        settings: list[str] | None,
        **caps: float | None,
    ) -> LiveOptions:
        """Read the options of a command; raises ``UserError`` for settings that are none."""
        table = _read(settings or [])
        given = {name: cap for name, cap in caps.items() if cap is not None}
        if given:
            table["caps"] = {**table.get("caps", {}), **given}
        _checked(table)
        return cls(episodes, storage, replay, table)

    def live_of(self, work: Work) -> Live:
        """Return the settings of live agents: the command's, else the file's."""
        table = {**work.live.model_dump(exclude_unset=True), **self.settings}
        caps = {**work.live.caps.model_dump(), **self.settings.get("caps", {})}
        return _checked({**table, "caps": caps})

    @property
    def episodes(self) -> int:
        """Number of episodes, by default so many as emulated agents play in no time."""
        return self.stated or _OFFLINE

    def check(self, work: Work) -> None:
        """Check that what live agents may cost is stated, here or in a file.

        Raises:
            UserError: for live agents without a number of episodes or a cap, and for options that
                need live agents where there are none.
        """
        if work.has_live:
            self._check_episodes(work)
            if not (self.replay or self.live_of(work).caps.stated):
                raise UserError(
                    "live agents cost money: say what they may cost at most, like --dollars 2, "
                    "--tokens 1000000 or --calls 1000; --plan says what to expect"
                )
        elif self.settings or self.storage or self.replay:
            caps = dict.fromkeys(self.settings.get("caps", {}), True)
            named = {**caps, "live": self.settings, "storage": self.storage, "replay": self.replay}
            name = next(name for name in named if named[name])
            groups = " and ".join(dict.fromkeys(str(s.population) for s in work.scenarios))
            raise UserError(f"--{name} is about live agents, and {groups} has none")

    def _check_episodes(self, work: Work) -> None:
        if not (self.stated or work.stated):
            raise UserError("live agents cost money: say how many episodes, like --episodes 5")

    @contextmanager
    def session(self, work: Work) -> Iterator[None]:
        """Show that episodes are played, with a session open where live agents play."""
        doing = f"playing {sum(map(len, work.scenarios)):,} episodes"
        if not work.has_live:
            with _terminal.working(doing):
                yield
            return
        from mechlab.llm.session import CALLS_URL, live_session  # a second to import

        self.live, where = True, self.storage or CALLS_URL
        with live_session(self.live_of(work), where, work.run, replay=self.replay) as session:
            so_far = _Now(lambda: f"{doing}: {session.budget.spending}")
            try:
                with _terminal.ERR.status(so_far):
                    yield
            finally:
                self.spending += session.budget.mine
                self.unpriced |= session.budget.unpriced

    def until_cap(self, play: Callable[[], T]) -> T | None:
        """Play; at a cap return the episodes that were finished, and note why there are no more."""
        try:
            return play()
        except OutOfBudget as cap:
            count = len(cap.episodes) if cap.episodes else 0
            self.stopped = (
                f"out of budget: {cap}; {count:,} of {self.episodes:,} episodes were finished. "
                "All calls are kept: the same command with a larger cap goes on from there"
            )
            finished: T | None = cap.episodes
            return finished

    @property
    def spent(self) -> dict[str, Any]:
        """What the command spent, for JSON; without live agents there is nothing to say."""
        if not self.live:
            return {}
        cost = None if self.unpriced else self.spending.dollars
        return {"calls": self.spending.calls, "tokens": self.spending.tokens, "cost_usd": cost}

    def print_spent(self) -> None:
        """Print what the command spent."""
        if self.live:
            spent = _terminal.spending(self.spending, self.unpriced)
            _terminal.say(f"Spent by this command: {spent}")

    def exit(self) -> None:
        """Exit with 3 if a cap was reached."""
        if self.stopped:
            warn(self.stopped)
            raise typer.Exit(CAPPED)

    def plan(self, works: Sequence[Work], as_json: bool) -> None:
        """Print what some work would cost, and play nothing."""
        from mechlab.llm.estimate import Estimate, estimate
        from mechlab.llm.session import CALLS_URL

        for work in works:
            if work.has_live:
                self._check_episodes(work)
        where, expected = self.storage or CALLS_URL, Estimate()
        with _terminal.working("rehearsing an episode of each setting"):
            for work in works:
                expected += estimate(work.scenarios, self.live_of(work), where)
        _terminal.print_estimate(expected, as_json)


def _read(pairs: list[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs of the ``[live]`` table, written as in TOML."""
    for pair in pairs:
        try:
            tomllib.loads(pair)
        except tomllib.TOMLDecodeError:
            example = "timeout=60 or endpoints.groq.url='https://...'"
            raise UserError(f"--live takes NAME=VALUE, like {example}, got {pair!r}") from None
    return parse_toml("\n".join(pairs), "--live")


def _checked(table: dict[str, Any]) -> Live:
    try:
        return Live.model_validate(table)
    except ValidationError as errors:
        raise UserError(f"--live: {line(Live, errors.errors())}") from None
