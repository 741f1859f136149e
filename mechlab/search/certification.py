"""Certifying: held-out episodes at the doses that the certifier asks for, by any workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from mechlab.search._acquisition import HOPELESS
from mechlab.search._threshold import Belief
from mechlab.search.certifier import Batch, Certificate, Certifier
from mechlab.search.explore import sampler_for
from mechlab.search.heartbeat import living
from mechlab.search.trials import ATTAINMENT, episodes, finished, play_outcome, short_names
from mechlab.store import Outcome, Store, setting_key
from mechlab.streams import CERTIFY
from mechlab.study import BASELINE, OUTCOMES

OFFLINE, LIVE = 64, 16  # most episodes of a batch: where they cost money, one that is begun is
# played to its end
_WAIT = 0.1  # seconds between looks for what other workers are playing


class Certification:
    """The certificate of a study as far as its record goes.

    It is a function of the record alone: of the trials that exploring ended with, and of the
    batches played since, in the order in which the certifier asks for them. So every worker comes
    to the same answer, whoever played what.

    Args:
        store: the record; while exploring goes on, all finished trials count.
        stopped: what ended the search before it was decided.

    Attributes:
        beliefs: what exploring found, by candidate.
        explored: episodes played in exploring.
        told: the batches played so far, each with its outcome, in order.
    """

    def __init__(self, store: Store, stopped: str = "") -> None:
        self.store, self.study, self.stopped = store, store.study, stopped
        self.beliefs, self.explored = _beliefs(store)
        self.told: list[tuple[Batch, Outcome]] = []
        self._budgets = 1  # those that are in force
        self._left = self._budget() - self.explored
        target = self.study.target
        hopeful = _hopeful(self.beliefs)
        self._certifier = Certifier(
            hopeful,
            confidence=target.confidence,
            tolerance=target.tolerance,
            budget=self._left,
            batch=OFFLINE if store.study.group.offline else LIVE,
        )
        self._replay()

    @property
    def episodes(self) -> int:
        """Held-out episodes played."""
        return sum(batch.count for batch, _ in self.told)

    @property
    def certificates(self) -> dict[str, Certificate]:
        """What is known of each candidate that was taken up."""
        return self._certifier.certificates

    def play(self, worker: str) -> Iterator[int]:
        """Play batches as one worker until all is decided; yield the episodes before each."""
        while wanted := self._open() or self._extended():
            yield self.episodes
            if not any(self._played(batch, worker) for batch in wanted):
                time.sleep(_WAIT)  # others are playing the last ones
            self._replay()

    def outcomes(self, candidate: str, params: Mapping[str, Any]) -> list[Outcome]:
        """Return the outcomes of all held-out batches at one setting."""
        return [o for b, o in self.told if b.mechanism == candidate and b.params == params]

    @property
    def enough(self) -> bool:
        """Whether the baseline is certified: nothing but a subsidy can be smaller than nothing."""
        baseline = self.certificates.get(BASELINE)
        certified = baseline is not None and baseline.status == "certified"
        return certified and self.study.minimise != "subsidy"

    def _open(self) -> list[Batch]:
        """Return the batches that can be played now: for the certificate, then beside it."""
        return (not self.enough and self._certifier.open()) or self._without_mechanism()

    def _without_mechanism(self) -> list[Batch]:
        """Return episodes that show what a certified answer changes, where they cost nothing."""
        certified = any(one.status == "certified" for one in self.certificates.values())
        count = min(OFFLINE, self._left - self.episodes)
        lacking = BASELINE not in self.certificates and not self.outcomes(BASELINE, {})
        if not (certified and lacking and count > 1 and self.study.group.offline):
            return []
        return [Batch(BASELINE, {}, 0, count, "lower")]

    def _budget(self) -> int:
        """Return the latest budget in force, as it stands in the record."""
        return [*self.store.budgets, self.study.budget.episodes][self._budgets - 1]

    def _extended(self) -> list[Batch]:
        """Go on with the study's budget where it is larger than those that were used up."""
        known = self.store.budgets
        if known and self.study.budget.episodes > known[-1] and len(known) == self._budgets:
            self.store.raise_budget(len(known), self.study.budget.episodes)
            self._replay()
        return self._open()

    def _replay(self) -> None:
        """Tell the certifier all that the record holds, each budget when the last was used up."""
        self._tell_all()
        while not self._open() and self._budgets < len(self.store.budgets):
            self._budgets += 1
            self._left = self._budget() - self.explored
            self._certifier.extend(self._left)
            self._tell_all()

    def _tell_all(self) -> None:
        while wanted := {_key(batch): batch for batch in self._open()}:
            found = self.store.outcomes(list(wanted))
            for key in filter(found.__contains__, wanted):  # in the order of the certifier
                self._tell(wanted[key], found[key])
            if not found:
                return

    def _tell(self, batch: Batch, outcome: Outcome) -> None:
        self.told.append((batch, outcome))
        if batch.mechanism in self.certificates:
            observed = outcome[self.study.minimise] if self.study.minimise in OUTCOMES else None
            self._certifier.tell(batch, outcome[ATTAINMENT], observed)

    def _played(self, batch: Batch, worker: str) -> bool:
        """Play a batch unless another worker is at it."""
        key = _key(batch)
        if not self.store.claim(key, worker, lambda: living(self.store)):
            return False
        params = short_names(batch.mechanism, batch.params)
        mechanism = self.study.candidates[batch.mechanism].build(params)
        outcome = play_outcome(self.study, mechanism, _numbers(batch))
        self.store.record(key, outcome)
        return True


def _numbers(batch: Batch) -> range:
    """Return the numbers of a batch's episodes."""
    first = CERTIFY.start + batch.first
    return range(first, first + batch.count)


def _key(batch: Batch) -> str:
    return setting_key(batch.mechanism, batch.params, _numbers(batch))


def _beliefs(store: Store) -> tuple[dict[str, Belief], int]:
    """Return what the trials that exploring ended with make one believe, and their episodes."""
    numbers = store.explored
    used = [t for t in finished(store.trials()) if numbers is None or t.number in numbers]
    beliefs = sampler_for(store.study).beliefs(used)
    return {n: beliefs[n] for n in store.study.candidates if n in beliefs}, episodes(used)


def _hopeful(beliefs: Mapping[str, Belief]) -> dict[str, Belief]:
    """Leave the baseline out where it has no chance: each candidate costs the others confidence."""
    return {
        name: belief
        for name, belief in beliefs.items()
        if name != BASELINE or len(beliefs) == 1 or belief.threshold.reachable >= HOPELESS
    }
