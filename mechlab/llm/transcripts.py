"""Transcripts of live episodes, read back from the store of calls."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from mechlab.database import location, trouble
from mechlab.llm._output import ModelOutput
from mechlab.llm._store import CALLS, EPISODES, FAULTS, TEXTS, TURNS, open_tables, total_spending
from mechlab.llm.budget import Spending
from mechlab.llm.dialogue import Message


@dataclass(frozen=True)
class LiveEpisode:
    """A live episode.

    Attributes:
        run: the study's name, "" for an episode of ``mechlab run``.
        game, settings, population, mechanism, condition: what was played, as it is written.
        seed, number: the study's seed, and the number of the episode under it.
        measures: by name; empty until the episode is finished.
    """

    id: str
    run: str
    game: str
    settings: dict[str, Any]
    population: str
    mechanism: str
    condition: str
    seed: int
    number: int
    measures: dict[str, float]

    @property
    def finished(self) -> bool:
        """Whether it was played to its end."""
        return bool(self.measures)


@dataclass(frozen=True)
class ModelCall:
    """One call to a model. Its texts come from outside: they are data, not markup.

    Attributes:
        agent, round, turn: whose turn, in which round, and its number in the episode, from 0.
        attempt: 0; 1 if the model was asked again after an invalid answer.
        messages: the prompt.
        content, reasoning: the raw answer, and what the model reasoned before it.
        thoughts: the private thoughts of a valid answer, "" if there are none.
        problem: why the answer is not valid, "" if it is.
        faults: what came before the answer: kind, detail and seconds of each.
        prompt_tokens, cached_tokens, answer_tokens: used; estimates unless ``counted``.
        dollars: what it cost; nan if no price is known.
        seconds, at: from the first attempt to the answer, and when it came, UTC.
    """

    agent: int
    round: int
    turn: int
    attempt: int
    model: str
    endpoint: str
    messages: list[Message]
    content: str
    reasoning: str
    thoughts: str
    problem: str
    faults: list[dict[str, Any]]
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int
    counted: bool
    dollars: float
    seconds: float
    at: str


_CALLS = sql.select(TURNS, CALLS).join(CALLS, TURNS.c.key == CALLS.c.key)


class Transcripts:
    """Reads live episodes; see ``open_transcripts``."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def episodes(self, run: str | None = None) -> list[LiveEpisode]:
        """Return the episodes of a run (a study), or all, in the order of their beginning."""
        query = sql.select(EPISODES).order_by(EPISODES.c.at, EPISODES.c.id)
        if run is not None:
            query = query.where(EPISODES.c.run == run)
        with self._engine.connect() as connection:
            return [_episode(row) for row in connection.execute(query).mappings()]

    def of_run(self, run: str) -> tuple[tuple[LiveEpisode, list[ModelCall]], ...]:
        """Return the episodes of a run, each with all its calls, in the order of beginning."""
        return tuple((episode, self.calls(episode.id)) for episode in self.episodes(run))

    def spending(self, run: str) -> Spending:
        """Return what a run spent, over all its processes; nothing if no call was ever made."""
        if not sql.inspect(self._engine).has_table("mechlab_spending"):
            return Spending()
        with self._engine.connect() as connection:
            return total_spending(connection, run)

    def calls(self, episode: str) -> list[ModelCall]:
        """Return all calls of an episode, by its id, in order."""
        mine = TURNS.c.episode == episode
        query = _CALLS.where(mine).order_by(TURNS.c.turn, TURNS.c.attempt)
        faults = sql.select(FAULTS).join(TURNS, TURNS.c.key == FAULTS.c.key).where(mine)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            faulty = connection.execute(faults.order_by(FAULTS.c.id)).mappings().all()
            return _calls(connection, rows, faulty)

    def latest(
        self, model: str, endpoint: str, parameters: dict[str, Any], count: int
    ) -> list[ModelCall]:
        """Return those of a model's latest calls that carried these parameters, without faults."""
        query = _CALLS.where(CALLS.c.model == model, CALLS.c.endpoint == endpoint)
        with self._engine.connect() as connection:
            latest = query.order_by(CALLS.c.at.desc()).limit(count)
            rows = connection.execute(latest).mappings().all()
            alike = [row for row in rows if _parameters(row) == parameters]
            return _calls(connection, alike, ())


@contextmanager
def open_transcripts(url: str | URL) -> Iterator[Transcripts]:
    """Open the transcripts in the record of a study, or in the calls of ``mechlab run``.

    Raises:
        StorageError: if it cannot be opened or read.
    """
    try:
        engine = open_tables(url)
        try:
            yield Transcripts(engine)
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        raise trouble(location(url).render_as_string(), error) from error


Spoken = Sequence[tuple[LiveEpisode, list[ModelCall]]]


def known_cost(spent: Spending, spoken: Spoken) -> float:
    """Return what a run spent in US dollars, nan where the price of one of its calls is unknown."""
    unpriced = any(math.isnan(call.dollars) for _, calls in spoken for call in calls)
    return math.nan if unpriced else spent.dollars


def _episode(row: Any) -> LiveEpisode:
    scenario, measures = json.loads(row["scenario"]), json.loads(row["measures"] or "{}")
    return LiveEpisode(id=row["id"], run=row["run"], **scenario, measures=measures)


def _parameters(row: Any) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(row["request"])
    del request["response_format"]
    return request


def _calls(
    connection: sql.Connection, rows: Sequence[Any], faults: Sequence[Any]
) -> list[ModelCall]:
    """Read calls with their texts; each gets its own faults."""
    ids = sorted({id for row in rows for _, id in json.loads(row["messages"])})
    texts: dict[str, str] = {}
    for start in range(0, len(ids), 500):  # databases limit the values of one query
        query = sql.select(TEXTS.c.id, TEXTS.c.text).where(TEXTS.c.id.in_(ids[start : start + 500]))
        texts |= {row.id: json.loads(row.text) for row in connection.execute(query)}
    return [_call(row, texts, [f for f in faults if f["key"] == row["key"]]) for row in rows]


def _call(row: Any, texts: dict[str, str], faults: list[Any]) -> ModelCall:
    output = ModelOutput.load(row["output"])
    messages = json.loads(row["messages"])
    return ModelCall(
        **{name: row[name] for name in ("agent", "round", "turn", "attempt")},
        **{name: row[name] for name in ("model", "endpoint", "problem", "seconds", "at")},
        messages=[{"role": role, "content": texts[id]} for role, id in messages],
        content=output.content or output.refusal,
        reasoning=output.all_reasoning,
        thoughts="" if row["problem"] else output.thoughts,
        faults=[{name: f[name] for name in ("kind", "detail", "seconds")} for f in faults],
        prompt_tokens=output.usage.prompt,
        cached_tokens=output.usage.cached,
        answer_tokens=output.usage.answer,
        counted=output.usage.counted,
        dollars=float("nan") if row["dollars"] is None else row["dollars"],
    )
