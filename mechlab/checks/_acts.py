"""Acts: whether they bring in play what the game says that they bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mechlab.agents.strategies import IDLE, strategy_rows
from mechlab.checks._plays import row
from mechlab.checks._rounds import EPISODES, SampledPlays
from mechlab.checks._verdict import CHECKS, Check, Verdict
from mechlab.flows import Amounts, Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.mechanism.incentives import Act
from mechlab.simulation import episode_seeds

NAME = "acts"
_CLOSE = 1e-6  # of the game's unit: beyond rounding
_SURE = 3.0  # standard errors: a difference within them may be luck


@dataclass(frozen=True)
class Claim:
    """What a game says that a unit of an act brings, beside what it brings in play.

    Attributes:
        act, agent: whose. among: what all others do until then, and in the round.
        what: ``produced``, by the agent, or ``returned``, by all others.
        claimed, played: a unit. off: whether they differ by more than rounding and luck.
    """

    act: str
    agent: int
    among: str
    what: str
    claimed: float
    played: float
    off: bool


def claims(game: Game) -> Iterator[Claim]:
    """Do each act in one round, and compare what it earns from there on with what it claims.

    Among the idle in the first round, among the honest in the middle. After the round nobody does
    anything, so that what comes later is due to the act.
    """
    rows, middle = strategy_rows(game), game.rounds // 2
    contexts = [
        (0, IDLE, np.tile(rows[IDLE], (game.agents, 1)))
    ]  # in the first round all expect nothing
    if middle:
        honest = game.behaviour([row(game, "honest", agent) for agent in range(game.agents)])
        contexts.append((middle, "honest", honest))
    for round, among, others in contexts:
        for agent in range(1 if game.alike else game.agents):
            behaviour = np.zeros((game.rounds, game.agents, len(game.propensities)))
            behaviour[: round + 1] = others
            behaviour[round, agent] = rows[IDLE]
            without = _played(game, behaviour, round)
            for act in game.acts:
                behaviour[round, agent] = rows[act]
                done = _played(game, behaviour, round)
                yield from _compared(game, without, done, act, agent, among)


@dataclass(frozen=True)
class _Outcome:
    """The acts as they stood, what was given then, (B, N), and produced from then on, (B, N)."""

    acts: Mapping[str, Act]
    given: Array
    produced: Array


def _played(game: Game, behaviour: Array, since: int) -> _Outcome:
    state = game.start(episode_seeds(0, 0, EPISODES), game.conditions[0])
    flows: list[Amounts] = []
    for round in range(game.rounds):
        if round == since:
            acts, flows = game.prospects(state), []
        flows.append(Amounts.zeros(EPISODES, game.agents))
        game.play(state, round, behaviour[round], flows[-1])
    produced = np.asarray(sum(now.produced for now in flows))
    return _Outcome(acts, np.asarray(flows[0].given.sum(axis=2)), produced)


def _compared(  # noqa: PLR0913 - two plays, and where they differ
    game: Game, without: _Outcome, done: _Outcome, act: str, agent: int, among: str
) -> Iterator[Claim]:
    said, more = without.acts[act], done.produced - without.produced
    per_unit = float(np.broadcast_to(said.given, game.agents)[agent]) or 1.0
    units = float((done.given - without.given)[:, agent].mean()) / per_unit
    others = more.sum(axis=1) - more[:, agent]
    for what, gain in (("produced", more[:, agent]), ("returned", others)):
        claimed = float(np.broadcast_to(getattr(said, what), game.agents)[agent])
        played = float(gain.mean()) / units if units else 0.0
        slack = _SURE * float(gain.std(ddof=1)) / len(gain) ** 0.5 / abs(units or 1.0)
        off = not abs(played - claimed) <= _CLOSE * game.unit + slack
        yield Claim(act, agent, among, what, claimed, played, off)


def _verdict(mechanism: Mechanism, game: Game, plays: SampledPlays) -> Verdict:
    """Whether acts earn what they claim; where agents ask, claims are expectations over luck."""
    acts = game.acts.values()
    if any(np.any(act.answered) for act in acts) or not any(np.any(act.given) for act in acts):
        return Verdict(NAME, None, "What asking and answering bring is known on average only.")
    made = list(claims(game))
    wrong = [claim for claim in made if claim.off]
    if not wrong:
        return Verdict(NAME, True, "Each act brings in play what the game says, in every state.")
    own = [claim for claim in wrong if claim.what == "produced"]
    worst = max(own or wrong, key=lambda claim: abs(claim.played - claim.claimed))
    whose = "the agent" if worst.what == "produced" else "the others"
    claimed, played = (_signed(game, value) for value in (worst.claimed, worst.played))
    words = (
        f"The game says that a unit of {worst.act!r} brings {whose} {claimed}; in play, among "
        f"{worst.among} others, it brings {played}. Agents that go by slopes are misled."
    )
    values = {"claimed": worst.claimed, "played": worst.played}
    return Verdict(NAME, False, words, values)


def _signed(game: Game, amount: float) -> str:
    return f"{'-' if amount < 0 else ''}{game.vocabulary.money(abs(amount))}"


CHECKS.add(NAME, Check(NAME, "acts bring in play what the game says", _verdict))
