"""``mechlab thoughts``: what live agents thought."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechlab.commands._app import Json, Storage, app
from mechlab.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.engine import URL

    from mechlab.llm.judge import Agreement
    from mechlab.llm.settings import Live


class By(StrEnum):
    """What thoughts can be grouped by."""

    mechanism = "mechanism"
    model = "model"
    agent = "agent"
    round = "round"


@app.command(epilog="Example: mechlab thoughts study.toml --judge llm:gpt-4.1-mini --calls 200")
def thoughts(  # noqa: PLR0913 - an argument an option
    study: Annotated[
        Path | None,
        typer.Argument(metavar="[STUDY]", help="A study; without one, what `mechlab run` kept."),
    ] = None,
    storage: Storage = None,
    by: Annotated[By, typer.Option(help="What to group by.")] = By.mechanism,
    words: Annotated[
        Path | None, typer.Option(help="Word lists (TOML) that add to those of the package.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Number of examples to show.")] = 3,
    judge: Annotated[
        str | None, typer.Option(metavar="llm:MODEL", help="A model that judges every thought.")
    ] = None,
    calls: Annotated[int | None, typer.Option(min=0, help="Most calls to the judge.")] = None,
    as_json: Json = False,
) -> None:
    """Say how much of live agents' thoughts is withholding, leverage, bargaining, markets.

    Word lists find them, and where it is asked for also a judge, by a rubric; their agreement is
    Cohen's kappa.
    """
    from mechlab.commands import _terminal
    from mechlab.llm.thoughts import WordLists, read_thoughts
    from mechlab.llm.transcripts import open_transcripts

    place = _place(study, storage)
    with _terminal.working("reading"), open_transcripts(place.url) as transcripts:
        frame = read_thoughts(transcripts, place.run, WordLists.load(words))
    if frame.empty:
        raise UserError(f"{place.url} holds no thoughts of finished live episodes")
    verdicts = _verdicts(place, judge, calls, frame) if judge else None
    if as_json:
        _terminal.print_json(_json(frame, by, examples, verdicts))
    else:
        _print(frame, by, examples, verdicts)


@dataclass(frozen=True)
class _Place:
    """Where thoughts are kept: a database, and of which run."""

    url: URL
    run: str
    live: Live


def _place(path: Path | None, storage: str | None) -> _Place:
    from mechlab.database import file_of, location
    from mechlab.llm.session import CALLS_URL
    from mechlab.llm.settings import Live
    from mechlab.store import Store
    from mechlab.study import Study

    if path is None:
        url = location(storage or CALLS_URL)
        file = file_of(url)
        if file and not file.exists():
            raise UserError(
                f"{storage or CALLS_URL}: there is no such record: play live episodes first"
            )
        return _Place(url, "", Live())
    study = Study.load(path)
    if study.pilot:
        return _Place(location(storage or study.record_url), study.name, study.live)
    with closing(Store.open(study, storage, create=False)) as store:
        return _Place(store.location, study.name, study.live)


@dataclass(frozen=True)
class _Judgement:
    """What a judge finds, and how far the word lists agree with it; ``invalid`` had no verdict."""

    judge: str
    defecting: int
    invalid: int
    agreement: Agreement


def _verdicts(place: _Place, judge: str, calls: int | None, frame: pd.DataFrame) -> _Judgement:
    from mechlab.agents.population import Population
    from mechlab.commands import _terminal
    from mechlab.llm.agent import LiveAgent
    from mechlab.llm.judge import agreement, judge_thoughts
    from mechlab.llm.session import live_session
    from mechlab.llm.settings import Caps

    (member,) = Population.of(judge, 1).members
    if not isinstance(member, LiveAgent):
        raise UserError(f"--judge takes a live agent, like llm:gpt-4.1-mini, got {judge!r}")
    if calls is None:
        raise UserError("a judge costs money: say how many calls at most, like --calls 200")
    live = place.live.model_copy(update={"caps": Caps(calls=calls)})
    with _terminal.working("judging"), live_session(live, place.url) as session:
        verdicts = judge_thoughts(session, member, frame["text"].tolist())
    pairs = [
        (listed, verdict)
        for listed, verdict in zip(frame["defects"].tolist(), verdicts, strict=True)
        if verdict is not None
    ]
    agreed = agreement([bool(a) for a, _ in pairs], [b for _, b in pairs])
    return _Judgement(str(member), sum(b for _, b in pairs), len(frame) - len(pairs), agreed)


def _json(frame: pd.DataFrame, by: str, count: int, verdicts: _Judgement | None) -> dict[str, Any]:
    from dataclasses import asdict

    from mechlab.llm.thoughts import examples, summarise_thoughts, term_counts

    groups = {
        name: {
            "thoughts": group["thoughts"],
            "hard_defection": group["hard_defection"].as_json(),
            "market_terms": group["market_terms"].as_json(),
        }
        for name, group in summarise_thoughts(frame, by).items()
    }
    shown = examples(frame, count).drop(columns=["words", "defects", "market"])
    judged = {"judge": asdict(verdicts)} if verdicts else {}
    return {
        "by": str(by),
        "groups": groups,
        "terms": term_counts(frame),
        "examples": shown.to_dict("records"),
        **judged,
    }


def _print(frame: pd.DataFrame, by: str, count: int, verdicts: _Judgement | None) -> None:
    from mechlab.commands import _terminal
    from mechlab.llm.thoughts import examples, summarise_thoughts, term_counts
    from mechlab.statistics import counted

    rows = [
        (
            name,
            str(group["thoughts"]),
            *map(_with_interval, (group["hard_defection"], group["market_terms"])),
        )
        for name, group in summarise_thoughts(frame, by).items()
    ]
    heads = (str(by), "thoughts", "hard defection, share", "market terms per 1,000 words")
    _terminal.print_table(heads, rows)
    for name, counts in term_counts(frame).items():
        shown = list(counts.items())[:5]
        most = ", ".join(f"{term!r} {counted(times, 'time')}" for term, times in shown)
        _terminal.say(f"{name}: {most or 'none'}")
    for _, row in examples(frame, count).iterrows():
        where = f"episode {row['number']} of {row['mechanism']}, round {row['round'] + 1}"
        _terminal.say(f"agent {row['agent']}, {where}: {row['text']!r}")
    if verdicts:
        _terminal.say(_agreement_words(verdicts))


def _with_interval(summary: Any) -> str:
    from mechlab.commands._terminal import number

    low, high = summary.ci95
    return f"{number(summary.mean)} ({number(low)} to {number(high)})"


def _agreement_words(verdicts: _Judgement) -> str:
    from mechlab.commands._terminal import number
    from mechlab.statistics import counted

    agreed = verdicts.agreement
    low, high = agreed.ci95
    share = verdicts.defecting / agreed.n if agreed.n else float("nan")
    thoughts = counted(agreed.n, "thought")
    return (
        f"{verdicts.judge} finds hard defection in {number(share)} of {thoughts} "
        f"({verdicts.invalid} without a verdict); it agrees with the lists on "
        f"{number(agreed.share)}, kappa {number(agreed.kappa)} ({number(low)} to {number(high)})"
    )
