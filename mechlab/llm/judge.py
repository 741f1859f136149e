"""A model as judge of thoughts, by a stated rubric, and how far it agrees with the word lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from operator import eq

from mechlab.llm._model import Call
from mechlab.llm.agent import LiveAgent
from mechlab.llm.driver import for_each
from mechlab.llm.prompts.template import Closed, Prompt
from mechlab.llm.session import Session

_SEED = "judge"  # in place of an episode's seed among the calls: each text has one verdict


class Verdict(Closed):
    """The answer of a judge."""

    reason: str
    hard_defection: bool


@dataclass(frozen=True)
class Agreement:
    """How far two readers of n texts agree; nan where undefined.

    Attributes:
        share: of texts on which both agree.
        kappa, ci95: Cohen's, agreement beyond what chance alone would bring, and its 95% interval.
    """

    n: int
    share: float
    kappa: float
    ci95: tuple[float, float]


def agreement(one: Sequence[bool], other: Sequence[bool]) -> Agreement:
    """Return the agreement of two readers, text by text.

    kappa = (p - q) / (1 - q), with p the share of texts on which both agree and q what two
    independent readers with the same habits would agree on; its standard error is
    sqrt(p (1 - p) / n) / (1 - q) (Cohen, "A Coefficient of Agreement for Nominal Scales",
    Educational and Psychological Measurement 20, 1960).

    >>> agreement([True, True, False, False], [True, False, False, False]).kappa
    0.5
    """
    n = len(one)
    if not n:
        return Agreement(0, nan, nan, (nan, nan))
    p = sum(map(eq, one, other)) / n
    yes, also = sum(one) / n, sum(other) / n
    chance = yes * also + (1 - yes) * (1 - also)
    if chance == 1.0:
        return Agreement(n, p, nan, (nan, nan))
    kappa = (p - chance) / (1 - chance)
    half = 1.96 * (p * (1 - p) / n) ** 0.5 / (1 - chance)
    return Agreement(n, p, kappa, (kappa - half, kappa + half))


def judge_thoughts(
    session: Session, judge: LiveAgent, thoughts: Sequence[str]
) -> list[bool | None]:
    """Return whether each thought shows hard defection; None if the judge gave no valid answer.

    Each text is judged once; verdicts are kept among the calls, so a repetition costs nothing.

    Raises:
        OutOfBudget: if a cap is reached.
        UserError: for trouble with the endpoint or the store.
    """
    texts, model, prompt = list(dict.fromkeys(thoughts)), session.model(judge), Prompt("judge")
    known, _ = session.wait_for(session.store.known("", _SEED))

    async def one(text: str) -> bool | None:
        messages = prompt.messages(thought=text)
        call = Call(messages, Verdict, seed=_SEED, agent=0, turn=0, known=known)
        verdict, _ = await model.answer(call)
        return verdict.hard_defection if isinstance(verdict, Verdict) else None

    verdicts = session.wait_for(for_each(texts, one, session.live.episodes_at_once))
    by_text = dict(zip(texts, verdicts, strict=True))
    return [by_text[thought] for thought in thoughts]
