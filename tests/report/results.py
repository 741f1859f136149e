"""Search results made by hand from real episodes: what a search would hand to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mechlab.agents.base import AGENTS, Agent
from mechlab.agents.emulated import _shifted
from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.games.base import Game
from mechlab.llm.dialogue import Message
from mechlab.llm.transcripts import LiveEpisode, ModelCall
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Incentives
from mechlab.search.results import Answer, SearchResult
from mechlab.simulation import Episodes, simulate
from mechlab.statistics import summarise
from mechlab.study import Study
from tests.report.hostile import HOSTILE

STUDY = """\
question = "What is the smallest bonus that brings reluctant agents back to near-optimal revenue?"
population = "reluctant"
mechanisms = ["use_bonus(rate=[0, 3000])", "answer_bonus(rate=[0, 3000])"]
minimise = "rate"
seed = 7

[target]
efficiency = 0.8
relative_to = "sequential"
confidence = 0.95
"""


@dataclass(frozen=True)
class Reluctant(Agent):
    """Answers one request in five, and more the better an answer is paid."""

    kind: ClassVar[str] = "emulated"

    def propensities(self, game: Game, incentives: Incentives) -> Mapping[str, float]:
        if game.name != "sharing":
            raise UserError(f"{self.name} plays the game 'sharing' only, not {game.name!r}")
        answer = _shifted(0.2, 60.0 * incentives.relative("answer"))
        return {"ask": 1.0, "answer": answer, "submit": 1.0, "chatter": 0.5}


if "reluctant" not in AGENTS:
    AGENTS.add("reluctant", Reluctant("reluctant"))

START = datetime(2026, 11, 22, 9, 30)


@lru_cache
def a_result() -> SearchResult:
    """Two candidates, the first certified."""
    study = Study.read(STUDY, name="reluctant")
    answers = (
        _answer(study, "answer_bonus", 580.0, 640.0),
        _answer(study, "use_bonus", 570.0, 650.0),
    )
    return SearchResult(
        study=study,
        answers=answers,
        trials=_trials(study),
        evidence=pd.concat([_evidence(study, a) for a in answers], ignore_index=True),
        curves={a.candidate: _curve(study, a.candidate) for a in answers},
        calls=0,
        cost_usd=0.0,
        storage="sqlite:///.mechlab/reluctant.db",
        provenance={
            "study": study.text,
            "seed": study.seed,
            "versions": {"mechlab": "0.1.0", "numpy": np.__version__},
            "command": "mechlab search studies/reluctant.toml",
        },
    )


def with_trials(count: int) -> SearchResult:
    """The same result with its trials repeated to ``count`` rows."""
    result = a_result()
    times = -(-count // len(result.trials))
    trials = pd.concat([result.trials] * times, ignore_index=True).head(count)
    rng = np.random.default_rng(0)
    for name in ("size", "attainment", "spend", "subsidy"):
        trials[name] = trials[name] * rng.uniform(0.9, 1.1, count)
    for name in ("answer_bonus.rate", "use_bonus.rate"):
        trials[name] = trials["size"].where(trials[name].notna())
    return replace(result, trials=trials.assign(number=np.arange(count)))


def named(names: Sequence[str], mechanisms: int | None = None) -> SearchResult:
    """The same result with a candidate and an agent of each name, and some mechanisms."""
    result = a_result()
    study = result.study.model_copy(update={"question": "\n".join(names)})
    members = [Reluctant(name) for name in names][: study.played.agents]
    members += [Reluctant("plain")] * (study.played.agents - len(members))
    study.__dict__["group"] = Population(tuple(members))
    trials = result.trials.drop(columns=["answer_bonus.rate", "use_bonus.rate"])
    trials["candidate"] = [names[i % len(names)] for i in range(len(trials))]
    evidence = result.evidence.drop(columns=["answer_bonus.rate", "use_bonus.rate"])
    evidence["candidate"] = [names[i % len(names)] for i in range(len(evidence))]
    answers = [replace(result.best, candidate=name, mechanism=_called(name)) for name in names]
    if mechanisms is not None:
        plain = [replace(a, mechanism=result.best.mechanism) for a in answers[mechanisms:]]
        answers = answers[:mechanisms] + plain
    provenance = {**result.provenance, "errors": list(names), "texts": dict(enumerate(names))}
    return replace(
        result,
        study=study,
        answers=tuple(answers),
        trials=trials,
        evidence=evidence,
        curves={},
        provenance=provenance,
        storage=names[0],
    )


@lru_cache
def with_transcripts() -> SearchResult:
    """The same result, as if live agents had said every hostile text in the first trial."""
    result = a_result()
    first = result.trials[result.trials["candidate"] == result.best.candidate].iloc[0]
    rate = first[f"{result.best.candidate}.rate"]
    mechanism = str(result.study.candidates[result.best.candidate].build({"rate": rate}))
    about = {"game": "sharing", "settings": {}, "population": "llm:x", "condition": "baseline"}
    played = LiveEpisode(
        "a", "reluctant", mechanism=mechanism, seed=7, number=0, measures={}, **about
    )
    turns = [_said(turn, text) for turn, text in enumerate(HOSTILE)]
    finished = replace(played, measures={"tasks": 1.0})
    return replace(result, spoken=((finished, turns),))


def _said(turn: int, text: str) -> ModelCall:
    rules: Message = {"role": "system", "content": "rules"}
    return ModelCall(
        agent=turn % 10,
        round=turn // 10,
        turn=turn,
        attempt=0,
        model=text,
        endpoint="http://127.0.0.1:1",
        messages=[rules, {"role": "user", "content": text}],
        content=f'{{"thoughts": "{text}"}}',
        reasoning=text,
        thoughts=f"I withhold it as leverage: {text}",
        problem=text if turn % 7 == 0 else "",
        faults=[{"kind": "stall", "detail": text, "seconds": 1.0}],
        prompt_tokens=100,
        cached_tokens=0,
        answer_tokens=10,
        counted=True,
        dollars=float("nan"),
        seconds=0.5,
        at="2026-11-22T09:30:00+00:00",
    )


def renamed(result: SearchResult, name: str) -> SearchResult:
    """The same result of a study of another name."""
    study = result.study.model_copy(deep=False)
    study.__dict__["name"] = name
    return replace(result, study=study)


def only_begun() -> SearchResult:
    """A search of which nothing was played yet."""
    result, nan = a_result(), float("nan")
    nothing = summarise(np.empty(0))
    answer = replace(
        result.best,
        status="out_of_budget",
        size=nan,
        interval=(nan, nan),
        spend_share=nan,
        **dict.fromkeys(("attainment", "efficiency", "spend", "subsidy"), nothing),
    )
    trials, evidence = (
        pd.DataFrame([], columns=t.columns) for t in (result.trials, result.evidence)
    )
    return replace(result, answers=(answer,), trials=trials, evidence=evidence, curves={})


def _called(text: str) -> Mechanism:
    class Named(Mechanism):
        name: ClassVar[str] = text

    return Named()


def _play(study: Study, candidate: str, rate: float, episodes: int, first: int) -> Episodes:
    mechanism = study.candidates[candidate].build({"rate": rate})
    return simulate(
        study.played, study.population, mechanism, episodes=episodes, seed=study.seed, first=first
    )


def _relative(played: Episodes) -> np.ndarray:
    return played["group_revenue"] / played["sequential"]


def _answer(study: Study, candidate: str, low: float, high: float) -> Answer:
    played = _play(study, candidate, high, 200, 5000)
    summary = played.summary
    return Answer(
        candidate=candidate,
        status="certified",
        mechanism=played.mechanism,
        size=high,
        interval=(low, high),
        lower_shown=True,
        bounds=(0.9, 1.0),
        attainment=summarise(_relative(played)),
        efficiency=summary["efficiency"],
        spend=summary["spend"],
        subsidy=summary["subsidy"],
        spend_share=summary["spend"].mean / summary["group_revenue"].mean,
    )


def _trials(study: Study) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(0)
    for number in range(24):
        candidate = ("use_bonus", "answer_bonus")[number % 2]
        rate = float(rng.uniform(0, 3000) if number < 10 else rng.normal(610, 80))
        played = _play(study, candidate, rate, 4, 4 * (number // 2))
        got, share = played.summary, _relative(played)
        begun = START + timedelta(seconds=0.7 * number)
        rows.append(
            {
                "number": number,
                "candidate": candidate,
                "state": "COMPLETE",
                "size": rate,
                "attainment": share.mean(),
                "attainment_lower": share.min(),
                "attainment_upper": share.max(),
                "spend": got["spend"].mean,
                "subsidy": got["subsidy"].mean,
                "episodes": 4,
                "started": begun,
                "finished": begun + timedelta(seconds=0.5),
                f"{candidate}.rate": rate,
            }
        )
    return pd.DataFrame(rows)


def _evidence(study: Study, answer: Answer) -> pd.DataFrame:
    rows = []
    for purpose, size in zip(("lower", "upper"), answer.interval, strict=True):
        share = _relative(_play(study, answer.candidate, size, 300, 9000))
        half = 2.2 * share.std(ddof=1) / len(share) ** 0.5
        low, high = share.mean() - half, share.mean() + half
        target = study.target.efficiency
        verdict = (
            "sufficient" if low >= target else "insufficient" if high < target else "undecided"
        )
        rows.append(
            {
                "candidate": answer.candidate,
                "stage": 1,
                "purpose": purpose,
                "size": size,
                "attainment": share.mean(),
                "lower": low,
                "upper": high,
                "episodes": len(share),
                "verdict": verdict,
                f"{answer.candidate}.rate": size,
            }
        )
    return pd.DataFrame(rows)


def _curve(study: Study, candidate: str) -> pd.DataFrame:
    doses = np.linspace(0, 3000, 9)
    mean = np.array([_relative(_play(study, candidate, d, 8, 0)).mean() for d in doses])
    return pd.DataFrame(
        {"dose": doses, "size": doses, "mean": mean, "lower": mean - 0.02, "upper": mean + 0.02}
    )
