"""The episodes of a pilot as a table: simulated, or read from a file or a store of calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from mechlab.agents.population import Member
from mechlab.calibrate.published import RUNS
from mechlab.errors import UserError, unknown
from mechlab.flows import Array
from mechlab.games.sharing import Sharing
from mechlab.llm.transcripts import open_transcripts
from mechlab.mechanism import parse
from mechlab.simulation import Episodes, simulate

_SQLITE = b"SQLite format 3\0"  # the first bytes of every SQLite file


def kind_of(path: str | Path) -> Literal["figures", "calls", "episodes"]:
    """Return what a file holds, by its first line: figures, a store of calls, or a table."""
    try:
        with Path(path).open("rb") as file:
            first = file.readline()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if first.startswith(_SQLITE):
        return "calls"
    return "figures" if {b"model", b"metric"} <= set(first.strip().split(b",")) else "episodes"


def read_store(path: str | Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the finished episodes of the sharing game in a store, and the settings of the game.

    The table is as ``checked`` returns it, with all measures. A store without such episodes raises
    ``UserError``, and so do several groups or settings: a fit describes one kind of agent.
    """
    with open_transcripts(f"sqlite:///{path}") as store:
        played = [one for one in store.episodes() if one.finished and one.game == "sharing"]
    if not played:
        raise UserError(f"{path} holds no finished episode of the sharing game with live agents")
    groups = {(one.population, json.dumps(one.settings, sort_keys=True)) for one in played}
    if len(groups) > 1:
        names = "; ".join(f"{population} at {settings}" for population, settings in sorted(groups))
        raise UserError(f"{path} must hold episodes of one group at the same settings, got {names}")
    rows = [
        {"condition": one.condition, "mechanism": one.mechanism, **one.measures} for one in played
    ]
    return checked(pd.DataFrame(rows), str(path)), played[0].settings


STATISTICS = ("tasks", "feasible", "messages", "requested", "sent")
"""The statistics that a fit compares, each a count over all agents of an episode."""

CONDITIONS = ("baseline", "auto_request", "auto_fulfill", "policy", "incentive_1000")
"""The published conditions that a pilot plays by default: each identifies other propensities."""


def tallied(episodes: Episodes) -> pd.DataFrame:
    """Return episodes of the sharing game as the table of a pilot, one row per episode.

    Columns: ``condition``, ``mechanism`` (its specification), ``episode`` and ``STATISTICS``.

    >>> from mechlab.simulation import simulate
    >>> list(tallied(simulate(population="perfect", episodes=2))["feasible"] > 190)
    [True, True]
    """
    numbers = range(episodes.first, episodes.first + len(episodes))
    run = {"condition": episodes.condition, "mechanism": str(episodes.mechanism)}
    return pd.DataFrame({**run, "episode": numbers, **counted(episodes)})


def counted(episodes: Episodes) -> dict[str, Array]:
    """Return the ``STATISTICS`` of each episode, (B,)."""
    counts = {name: episodes.tallies[name] for name in STATISTICS}
    return {name: c.sum(axis=1) if c.ndim > 1 else c for name, c in counts.items()}


def pilot(
    population: str | Member | Sequence[str | Member],
    conditions: Sequence[str] = CONDITIONS,
    *,
    episodes: int = 5,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Play a few episodes in each of several published conditions; return one table (``tallied``).

    Conditions share no luck, as they would not with live agents. Raises ``UserError`` as
    ``simulate``, and for an unpublished condition.

    >>> len(pilot("o3", episodes=2))
    10
    """
    tables = []
    for number, name in enumerate(conditions):
        if name not in RUNS:
            raise unknown("published condition", name, RUNS)
        condition, mechanism = RUNS[name]
        played = simulate(
            Sharing.build(dict(settings or {})),
            population,
            mechanism,
            condition=condition,
            episodes=episodes,
            seed=seed,
            first=number * episodes,
        )
        tables.append(tallied(played))
    return pd.concat(tables, ignore_index=True)


def read_episodes(path: str | Path) -> pd.DataFrame:
    """Read the table of a pilot, CSV or Parquet; raises ``UserError`` as ``checked``."""
    try:
        read = pd.read_parquet if Path(path).suffix == ".parquet" else pd.read_csv
        table = read(path)
    except (OSError, ImportError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise UserError(f"cannot read the episodes in {path}: {error}") from None
    return checked(table, str(path))


def checked(table: pd.DataFrame, where: str = "the episodes") -> pd.DataFrame:
    """Return a table of episodes with its ``condition`` and ``mechanism`` filled in.

    A table needs ``tasks``; it may have the other ``STATISTICS``, a ``condition`` of the game
    (``baseline`` where it is left out) and a ``mechanism`` (``none``). Other columns are ignored.
    What it must not hold raises ``UserError``: counts are numbers of at least 0.
    """
    if "tasks" not in table or not len(table):
        raise UserError(f"{where}: a pilot needs at least one row, and the column 'tasks'")
    usual = {"condition": "baseline", "mechanism": "none"}
    filled = pd.DataFrame(usual, index=table.index).assign(**table).fillna(usual)
    for name in columns(filled):
        counts = pd.to_numeric(filled[name], errors="coerce")
        if not (counts >= 0).all():
            row = int((~(counts >= 0)).to_numpy().argmax())
            value = filled[name].iloc[row]
            raise UserError(f"{where}: {name} must be numbers of at least 0, got {value}")
        filled[name] = counts
    for condition in filled["condition"].unique():
        if condition not in Sharing.conditions:
            raise UserError(f"{where}: {unknown('condition', str(condition), Sharing.conditions)}")
    for mechanism in filled["mechanism"].unique():
        parse(str(mechanism))
    return filled


def columns(table: pd.DataFrame) -> list[str]:
    """Return the statistics that a table has."""
    return [name for name in STATISTICS if name in table]
