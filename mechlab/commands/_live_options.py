"""What a command may set of live agents: where calls are kept, and what they may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from mechlab.recipe import line
from mechlab.statistics import counted

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
        settings: of live agents, caps among them; what they leave open is the file's.
        stated: number of episodes, None where the command leaves it open.
        storage: of calls, where it is not the usual one. replay: take all answers from it.
        plan_only: say what it would cost, and play nothing.
        as_json: print one JSON object.
        live: whether live agents have played.
        spending: calls that were made. unpriced: models of which they have no price.
        stopped: why a cap ended it, "" where none did.
    """

    settings: dict[str, Any]
    stated: int | None
    storage: str | None
    replay: bool
    plan_only: bool
    as_json: bool
    live: bool = False
    spending: Spending = field(default_factory=Spending)
    unpriced: set[str] = field(default_factory=set)
    stopped: str = ""

    @classmethod
    def of(
        cls, settings: Mapping[str, Any], caps: Mapping[str, float | None], *options: Any
    ) -> LiveOptions:
        """Read the options of a command; raises ``UserError`` for settings that are none."""
        given = {name: cap for name, cap in caps.items() if cap is not None}
        more = {"caps": {**settings.get("caps", {}), **given}} if given else {}
        _checked({**settings, **more})
        return cls({**settings, **more}, *options)

    def live_of(self, work: Work) -> Live:
        """Return the settings of live agents: the command's, else the file's."""
        table = {**work.live.model_dump(exclude_unset=True), **self.settings}
        caps = {**work.live.caps.model_dump(), **self.settings.get("caps", {})}
        return _checked({**table, "caps": caps})

    @property
    def episodes(self) -> int:
        """Number of episodes, by default so many as emulated agents play in no time."""
        return self.stated or _OFFLINE

    def check(self, works: Sequence[Work]) -> None:
        """Check that what live agents may cost is stated; with ``--plan`` say it, and exit.

        Raises:
            UserError: for live agents without a number of episodes or a cap, and for options that
                need live agents where there are none.
        """
        live = [work for work in works if work.has_live]
        if any(not (self.stated or work.stated) for work in live):
            raise UserError("live agents cost money: say how many episodes, like --episodes 5")
        if self.plan_only:
            self._plan(works)
            raise typer.Exit
        if any(not (self.replay or self.live_of(work).caps.stated) for work in live):
            raise UserError(
                "live agents cost money: say what they may cost at most, like --dollars 2, "
                "--tokens 1000000 or --calls 1000; --plan says what to expect"
            )
        caps = dict.fromkeys(self.settings.get("caps", {}), True)
        named = {**caps, "live": self.settings, "storage": self.storage, "replay": self.replay}
        name = next((name for name in named if named[name]), "")
        if name and not live:
            groups = dict.fromkeys(str(s.population) for work in works for s in work.scenarios)
            raise UserError(f"--{name} is about live agents, and {' and '.join(groups)} has none")

    @contextmanager
    def session(self, work: Work) -> Iterator[None]:
        """Show that episodes are played, with a session open where live agents play."""
        doing = f"playing {counted(sum(map(len, work.scenarios)), 'episode')}"
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
            count, wanted = len(cap.episodes or ()), counted(self.episodes, "episode")
            self.stopped = (
                f"out of budget: {cap}; {count:,} of {wanted} finished. "
                "All calls are kept: the same command with a larger cap goes on from there"
            )
            finished: T | None = cap.episodes
            return finished

    def show(self, result: Mapping[str, Any], write: Callable[[], None]) -> None:
        """Print a result, as JSON or in words, and what the command spent."""
        if self.as_json:
            _terminal.print_json({**result, **self._spent()})
            return
        write()
        if self.live:
            spent = _terminal.spending(self.spending, self.unpriced)
            _terminal.say(f"Spent by this command: {spent}")
        if result.get("report"):
            _terminal.say(f"Report: {result['report']}")

    def _spent(self) -> dict[str, Any]:
        """Return what the command spent; without live agents there is nothing to say."""
        if not self.live:
            return {}
        cost = None if self.unpriced else self.spending.dollars
        return {"calls": self.spending.calls, "tokens": self.spending.tokens, "cost_usd": cost}

    def exit(self) -> None:
        """Exit with 3 if a cap was reached."""
        if self.stopped:
            warn(self.stopped)
            raise typer.Exit(CAPPED)

    def _plan(self, works: Sequence[Work]) -> None:
        """Print what some work would cost."""
        from mechlab.llm.estimate import Estimate, estimate
        from mechlab.llm.session import CALLS_URL

        where, expected = self.storage or CALLS_URL, Estimate()
        with _terminal.working("rehearsing an episode of each setting"):
            for work in works:
                expected += estimate(work.scenarios, self.live_of(work), where)
        _terminal.print_estimate(expected, self.as_json)


def _checked(table: dict[str, Any]) -> Live:
    try:
        return Live.model_validate(table)
    except ValidationError as errors:
        raise UserError(f"--live: {line(Live, errors.errors())}") from None
