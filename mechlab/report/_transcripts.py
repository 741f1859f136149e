"""The transcripts of live agents: searchable, each turn in full, as many as fit a page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mechlab.llm.thoughts import examples, read_thoughts, summarise_thoughts
from mechlab.llm.transcripts import LiveEpisode, ModelCall, Transcripts
from mechlab.report._page import Section, Table
from mechlab.search.results import SearchResult
from mechlab.statistics import counted

ROOM = 900_000  # characters of all turns in a page, so that it opens at once; the record has all
_EXAMPLES = 8  # as many as are read

Episode = tuple[LiveEpisode, list[ModelCall]]


def transcripts(result: SearchResult) -> tuple[Section, dict[str, Any]]:
    """Return the section of a search's live episodes, and what the page's script reads of them.

    That is ``turns``, for each what shows it in full, with messages as indices of ``texts``.
    """
    writer = _Writer()
    kept = [episode for episode in result.spoken if writer.takes(episode)]
    left_out = len(result.spoken) - len(kept)
    rest = f"; {left_out} more only in the record" if left_out else ""
    read = read_thoughts(_Episodes(kept))
    keys = ((played.id, turn.turn) for played, turns in kept for turn in turns)
    rows = {key: row for row, key in enumerate(keys)}
    turns = Table(pd.DataFrame(writer.rows), {"dollars": "US dollars"})
    section = Section(
        "transcripts",
        "Transcripts",
        note="What the live agents were told and what they answered in "
        f"{counted(len(kept), 'episode')}{rest}. All texts are the models' own. Filters "
        "are words, or a column with a value: `round=3 agent=2`. A click on a trial in a chart "
        "shows its turns here.",
        template="transcripts.html.j2",
        tables={"turns": turns} if read.empty else {"turns": turns, "thoughts": _thoughts(read)},
        content=[  # of thoughts with language of defection: the row of ``turns``, and the text
            (rows[row["episode"], row["turn"]], str(row["text"]))
            for row in examples(read, _EXAMPLES).to_dict("records")
        ],
    )
    return section, {"turns": writer.details, "texts": list(writer.texts)}


class _Writer:
    """Packs episodes until the room is used up; a text that was sent twice is kept once."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.details: list[dict[str, Any]] = []
        self.texts: dict[str, int] = {}
        self._used = 0

    def takes(self, episode: Episode) -> bool:
        """Pack an episode if there is room for it; the first one always is."""
        played, turns = episode
        texts = {m["content"] for t in turns for m in t.messages} - self.texts.keys()
        size = sum(map(len, texts)) + sum(
            len(t.content) + 2 * len(t.thoughts) + len(t.reasoning) for t in turns
        )
        if self.rows and self._used + size > ROOM:
            return False
        self._used += size
        for turn in turns:
            self._pack(played, turn)
        return True

    def _pack(self, played: LiveEpisode, turn: ModelCall) -> None:
        place = {"mechanism": played.mechanism, "episode": played.number}
        place |= {"round": turn.round + 1, "agent": turn.agent + 1}
        texts = {"thoughts": turn.thoughts, "answer": turn.content, "problem": turn.problem}
        spent = ("prompt_tokens", "answer_tokens", "dollars", "seconds")
        costs = {name: getattr(turn, name) for name in spent}
        row = {"row": len(self.rows), **place, **texts, **costs}
        messages = [
            [m["role"], self.texts.setdefault(m["content"], len(self.texts))] for m in turn.messages
        ]
        faults = "; ".join(f"{f['kind']}: {f['detail']}" for f in turn.faults)
        facts = {"model": turn.model, "endpoint": turn.endpoint, "at": turn.at, "faults": faults}
        self.rows.append(row)
        self.details.append({"messages": messages, "reasoning": turn.reasoning, **facts})


class _Episodes(Transcripts):
    """Transcripts that were read already."""

    def __init__(self, episodes: list[Episode]) -> None:
        self._episodes = {played.id: (played, turns) for played, turns in episodes}

    def episodes(self, run: str | None = None) -> list[LiveEpisode]:
        return [played for played, _ in self._episodes.values()]

    def calls(self, episode: str) -> list[ModelCall]:
        return self._episodes[episode][1]


def _thoughts(read: pd.DataFrame) -> Table:
    """Return language of defection and of markets, by mechanism."""
    rows = [
        {
            "mechanism": mechanism,
            "thoughts": summary["thoughts"],
            **summary["hard_defection"].columns("hard_defection"),
            **summary["market_terms"].columns("market_terms"),
        }
        for mechanism, summary in summarise_thoughts(read, "mechanism").items()
    ]
    titles = {
        "hard_defection": "withholding or bargaining",
        "market_terms": "market terms per 1,000 words",
    }
    return Table(pd.DataFrame(rows), titles)
