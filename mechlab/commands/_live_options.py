"""What a command may set of live agents: where calls are kept, and what they may cost."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from rich.text import Text

from mechlab.agents.population import Population
from mechlab.commands import _terminal
from mechlab.errors import OutOfBudget, UserError
from mechlab.llm.settings import Live
from mechlab.recipe import line, parse_toml
from mechlab.simulation import Episodes

_OFFLINE = 200  # episodes of a run that costs nothing, unless it says how many


@dataclass(frozen=True)
class _Now:
    """A line that is made anew whenever it is shown."""

    text: Callable[[], str]

    def __rich__(self) -> Text:
        return Text(self.text())


@dataclass(frozen=True)
class LiveOptions:
    """How episodes are to be played, as far as live agents are concerned.

    Attributes:
        episodes: how many. live: whether there are live agents.
        storage: of calls, where it is not the usual one. replay: take all answers from it.
        settings: of live agents; their caps are those of this run.
    """

    episodes: int
    live: bool
    storage: str | None
    replay: bool
    settings: Live

    @classmethod
    def of(
        cls,
        group: Population,
        episodes: int | None,
        storage: str | None,
        replay: bool,
        settings: list[str] | None = None,
        **caps: float | None,
    ) -> LiveOptions:
        """Read the options of a command.

        Raises:
            UserError: for live agents without a number of episodes, and for options that need
                live agents where there are none.
        """
        live = "live" in group.kinds
        given = {name: value for name, value in caps.items() if value is not None}
        if live and episodes is None:
            raise UserError("live agents cost money: say how many episodes, like --episodes 5")
        if not live and (given or settings or storage or replay):
            named = {"live": settings, "storage": storage, "replay": replay}
            name = next(iter(given), None) or next(name for name in named if named[name])
            raise UserError(f"--{name} is about live agents, and {group} has none")
        table = _read(settings or [])
        table["caps"] = {**table.get("caps", {}), **given}
        return cls(episodes or _OFFLINE, live, storage, replay, _checked(table))

    @contextmanager
    def session(self) -> Iterator[None]:
        """Show that episodes are played, with a session open where live agents play."""
        doing = f"playing {self.episodes:,} episodes"
        if not self.live:
            with _terminal.working(doing):
                yield
            return
        from mechlab.llm.session import CALLS_URL, live_session  # a second to import

        where = self.storage or CALLS_URL
        with live_session(self.settings, where, replay=self.replay) as session:
            so_far = _Now(lambda: f"{doing}: {session.budget.spending}")
            with _terminal.ERR.status(so_far):
                yield

    def until_cap(self, play: Callable[[], Episodes]) -> tuple[Episodes | None, str]:
        """Play; return the episodes that were finished, and why there are no more ("" if none)."""
        try:
            return play(), ""
        except OutOfBudget as cap:
            count = len(cap.episodes) if cap.episodes else 0
            return cap.episodes, (
                f"out of budget: {cap}; {count:,} of {self.episodes:,} episodes were finished. "
                "All calls are kept: the same command with a larger cap goes on from there"
            )


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
