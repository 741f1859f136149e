"""An Optuna sampler that looks for the smallest sufficient incentive.

It proposes the setting from which it learns most about the smallest size at which mean efficiency
reaches the target, given all replicates so far and the trials still running. It needs nothing
else of the lab:

>>> import optuna
>>> optuna.logging.set_verbosity(optuna.logging.ERROR)
>>> sampler = MinimumIncentiveSampler(target=0.8, size=lambda params: params["rate"], seed=0)
>>> study = optuna.create_study(sampler=sampler)
>>> rng = np.random.default_rng(0)
>>> for _ in range(12):
...     trial = study.ask()
...     rate = trial.suggest_float("rate", 0, 5000)
...     luck = rng.normal(0, 0.03, len(wanted_replicates(trial)))
...     report(trial, 0.2 + 0.7 * (1 - np.exp(-rate / 600)) + luck)
...     _ = study.tell(trial, rate)
>>> threshold = sampler.threshold(study)
>>> bool(threshold.lo < 600 * np.log(7) < threshold.hi)  # where the mean is 0.8
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from mechlab.errors import UserError
from mechlab.search.attempt import resolution
from mechlab.search.belief import TOLERANCE, Belief, Threshold
from mechlab.search.points import Play
from mechlab.search.ray import Ray
from mechlab.search.sequences import spent
from mechlab.search.space import Space

MECHANISM = "mechanism"  # the categorical parameter that separates mechanisms in one study
WANTED, TARGET = "mechlab:replicates", "mechlab:target"
EFFICIENCY, SIZE = "mechlab:efficiency", "mechlab:size"
DOUBT = 0.7  # tolerances of doubt about the boundary at which fresh episodes take over
FEW, MANY = 4, 12  # replicates of a trial, far from the boundary and at it


def wanted_replicates(trial: Trial | FrozenTrial) -> range:
    """Return the replicate indices that the sampler wants played for this trial.

    The same index means the same luck at every setting. Ask after all parameters were suggested.
    """
    first, count = _attributes(trial).get(WANTED, (0, FEW))
    return range(first, first + count)


def report(
    trial: Trial, efficiency: Sequence[float], size: Sequence[float] | None = None
) -> None:
    """Record the replicates of a trial and set its Optuna constraint; then tell its size.

    Args:
        trial: the trial, with all its parameters suggested.
        efficiency: efficiency of each wanted replicate, in the order of their indices.
        size: observed size of each replicate, where size is an outcome (spend, subsidy).

    Raises:
        UserError: for no replicates, or for values that are not finite.
    """
    for name, values in ((EFFICIENCY, efficiency), (SIZE, size)):
        if values is None:
            continue
        if not len(values) or not np.all(np.isfinite(values)):
            raise UserError(f"trial {trial.number}: replicates must be finite, got {list(values)}")
        trial.set_user_attr(name, [float(v) for v in values])
    target = _attributes(trial).get(TARGET)
    if target is not None:
        trial.set_constraint("efficiency", target - float(np.mean(efficiency)))


def _attributes(trial: Trial | FrozenTrial) -> dict[str, Any]:
    if isinstance(trial, Trial):  # a live trial keeps an older copy of what the sampler wrote
        trial = trial.storage.get_trial(trial._trial_id)
    return trial.user_attrs


class MinimumIncentiveSampler(optuna.samplers.BaseSampler):
    """Propose settings that tell most about the smallest sufficient size.

    Several mechanisms in one study are told apart by a categorical parameter named
    ``mechanism``; each has parameters of its own.

    Args:
        target: mean efficiency that is enough.
        size: size of an incentive from its parameters (``mechanism`` among them); None where size is observed and
            given to ``report``.
        confidence: of the intervals in ``threshold``.
        tolerance: how close to the true smallest size is close enough, as a share of it.
        seed: of the few choices left to chance.
    """

    def __init__(
        self,
        *,
        target: float,
        size: Callable[[Mapping[str, Any]], float] | None = None,
        confidence: float = 0.95,
        tolerance: float = TOLERANCE,
        seed: int | None = None,
    ) -> None:
        self.target, self.size = target, size
        self.confidence, self.tolerance = confidence, tolerance
        self._rng = np.random.default_rng(seed)
        self._known: dict[str, tuple[list[int], Belief]] = {}

    # What Optuna calls -------------------------------------------------------------------

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Write the target beside the trial, for the constraint."""
        study._storage.set_trial_user_attr(trial._trial_id, TARGET, self.target)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all parameters seen so far, or none while a mechanism is still new."""
        trials = self._trials(study, trial)
        space: dict[str, BaseDistribution] = {}
        for other in trials:
            space.update(other.distributions)
        return {} if self._starting(space, trials) else space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the most telling setting, of the mechanism that deserves the next trial."""
        if not search_space:
            return {}
        trials = self._trials(study, trial)
        beliefs = self.beliefs(study)
        name = self._mechanism(beliefs, trials)
        belief = beliefs[name]
        point, wanted = self._propose(belief, trials)
        study._storage.set_trial_user_attr(trial._trial_id, WANTED, wanted)
        mechanism = {MECHANISM: name} if MECHANISM in search_space else {}
        return {**mechanism, **belief.space.decode(point)}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a starting point: the most, the least, then points spread in between."""
        trials = self._trials(study, trial)
        if param_name == MECHANISM and isinstance(param_distribution, CategoricalDistribution):
            return min(
                param_distribution.choices,
                key=lambda c: sum(t.params.get(MECHANISM) == c for t in trials),
            )
        visit = sum(param_name in t.params for t in trials)
        space = Space.of({param_name: param_distribution})
        spread = _START[visit % len(_START)]
        if visit > 1 and len(trial.params) > (MECHANISM in trial.params):
            spread = float(self._rng.random())  # not along the diagonal for ever
        return space.decode(space.spread(np.full((1, 1), spread))[0])[param_name]

    # What people ask ---------------------------------------------------------------------

    def beliefs(self, study: Study) -> dict[str, Belief]:
        """Return what is believed of each mechanism of the study with finished trials."""
        groups: dict[str, list[FrozenTrial]] = {}
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if EFFICIENCY in trial.user_attrs:
                groups.setdefault(trial.params.get(MECHANISM, ""), []).append(trial)
        return {name: self._believed(name, trials) for name, trials in groups.items()}

    def threshold(self, study: Study, mechanism: str = "") -> Threshold:
        """Return where the smallest sufficient size of a mechanism is believed to lie."""
        return self.beliefs(study)[mechanism].threshold

    def explored(self, study: Study) -> bool:
        """Return whether more exploring would hardly help the certificate."""
        beliefs = self.beliefs(study)
        names = set(beliefs)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))[-1:]:
            names.update(getattr(trial.distributions.get(MECHANISM), "choices", ()))
        return names == set(beliefs) != set() and all(self._settled(b) for b in beliefs.values())

    # How it decides ----------------------------------------------------------------------

    def _settled(self, belief: Belief) -> bool:
        """Whether the boundary is known about as well as fresh episodes can resolve it."""
        reachable = belief.threshold.reachable
        if not 0.02 < reachable < 0.98:
            return len(belief.plays) >= _start(len(belief.space.distributions)) and (
                reachable < 0.5 or self._narrow(belief)
            )
        return False

    def _narrow(self, belief: Belief) -> bool:
        threshold = belief.threshold
        if threshold.spread > DOUBT * self.tolerance * threshold.mid:
            return False
        ray = Ray(belief, belief.best)
        mid, spread = ray.middle
        if mid <= 0.0:  # sufficient at no incentive, or no number to choose
            return spread <= 0.0
        if not ray.between(max(0.0, mid - 2 * spread), min(1.0, mid + 2 * spread)):
            return True
        _, error = resolution(ray, (1.0 - belief.confidence) * spent(0), self.tolerance)
        return spread <= max(2.0 * error, 0.1 * self.tolerance * mid)

    def _believed(self, name: str, trials: Sequence[FrozenTrial]) -> Belief:
        """Return the belief after these trials; fitted anew only where there are others."""
        numbers = [trial.number for trial in trials]
        known, belief = self._known.get(name, ([], None))
        if belief is None or numbers != known:
            belief = self._fitted(name, trials, belief)
            self._known[name] = numbers, belief
        return belief

    def _fitted(self, name: str, trials: Sequence[FrozenTrial], before: Belief | None) -> Belief:
        space = _space(trials)
        points = space.encode([_own(t.params) for t in trials])
        plays, observed = [], []
        for x, trial in zip(points, trials, strict=True):
            first = trial.user_attrs.get(WANTED, (0, 0))[0]
            plays.append(Play(tuple(x), first, tuple(trial.user_attrs[EFFICIENCY])))
            if SIZE in trial.user_attrs:
                observed.append(Play(tuple(x), first, tuple(trial.user_attrs[SIZE])))
        size = self.size and partial(_sized, self.size, {MECHANISM: name} if name else {})
        return Belief(
            name, space, self.target, self.confidence, tuple(plays), size, tuple(observed),
            before and before.shortlist_for(len(plays)),
        )

    def _starting(
        self, space: Mapping[str, BaseDistribution], trials: Sequence[FrozenTrial]
    ) -> bool:
        mechanisms = space.get(MECHANISM)
        if not isinstance(mechanisms, CategoricalDistribution):
            return _finished(trials) < _start(len(space))
        own = {c: [t for t in trials if t.params.get(MECHANISM) == c] for c in mechanisms.choices}
        return any(_finished(ts) < _start(_axes(ts)) for ts in own.values())

    def _mechanism(self, beliefs: Mapping[str, Belief], trials: Sequence[FrozenTrial]) -> str:
        """Return the mechanism whose threshold is least settled, the cheap ones first."""
        waiting = {n: b for n, b in beliefs.items() if not self._settled(b)} or beliefs
        cheapest = np.min([b.drawn.least for b in beliefs.values()], axis=0)

        def worth(name: str) -> float:
            least = beliefs[name].drawn.least
            busy = sum(
                t.state == TrialState.RUNNING and t.params.get(MECHANISM, "") == name
                for t in trials
            )
            return float((np.mean(least <= cheapest) + 0.1) / (len(beliefs[name].plays) + busy))

        return max(waiting, key=worth)

    def _propose(self, belief: Belief, trials: Sequence[FrozenTrial]) -> tuple[Any, list[int]]:
        drawn = belief.drawn
        running = [
            t for t in trials
            if t.state == TrialState.RUNNING and t.params.get(MECHANISM, "") == belief.name
        ]
        variance = belief.posterior.points.variance_at(drawn.curves.mean(axis=0))
        score = _gain(drawn, variance, _nearest(belief, running))
        index = int(np.argmax(score))
        enough = float((drawn.curves[:, index] >= belief.target).mean())
        count = FEW + round((MANY - FEW) * 4 * enough * (1 - enough))
        used = max((p.first + len(p.values) for p in belief.plays), default=0)
        used += MANY * len(running)
        return _snapped(belief, drawn.x[index]), [used, count]

    def _trials(self, study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
        states = (TrialState.COMPLETE, TrialState.RUNNING)
        found = study.get_trials(deepcopy=False, states=states)
        return [t for t in found if t.number != trial.number]


_START = (1.0, 0.0, 0.5, 0.25, 0.125, 0.75)


def _sized(
    size: Callable[[Mapping[str, Any]], float], mechanism: dict[str, str], own: Mapping[str, Any]
) -> float:
    return size({**mechanism, **own})


def _own(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != MECHANISM}


def _space(trials: Sequence[FrozenTrial]) -> Space:
    return Space.of(_own(trials[-1].distributions))


def _finished(trials: Sequence[FrozenTrial]) -> int:
    return sum(t.state == TrialState.COMPLETE for t in trials)


def _axes(trials: Sequence[FrozenTrial]) -> int:
    return max((len(_own(t.params)) for t in trials), default=1)


def _start(axes: int) -> int:
    return {0: 1, 1: 5}.get(axes, 2 * axes + 2)


def _nearest(belief: Belief, running: Sequence[FrozenTrial]) -> list[int]:
    """Return the candidates nearest to the running trials."""
    names = {name for name, _ in belief.space.distributions}
    complete = [t for t in running if set(_own(t.params)) == names]
    if not complete:
        return []
    x = belief.space.encode([_own(t.params) for t in complete])
    return [int(((belief.drawn.x - row) ** 2).sum(axis=1).argmin()) for row in x]


def _gain(drawn: Any, variance: np.ndarray, pending: Sequence[int]) -> np.ndarray:
    """Return how much of the variance of the log threshold a trial at each candidate explains.

    Linear Bayes over the drawn curves: Cov(threshold, f)^2 / (Var f + noise); what a running
    trial will tell is taken out first.
    """
    top, small = drawn.size[-1], 0.01 * abs(drawn.size[-1]) + 1e-12
    least = np.where(np.isfinite(drawn.least), drawn.least, 1.3 * top)
    log = np.log(np.maximum(least, 0.0) + small)
    columns = np.column_stack([drawn.curves, log])
    cov = np.cov(columns, rowvar=False)
    noise = variance / MANY
    for index in pending:
        told = cov[:, index]
        cov = cov - np.outer(told, told) / (cov[index, index] + noise[index])
    return np.asarray(cov[:-1, -1] ** 2 / (np.diag(cov)[:-1] + noise))


def _snapped(belief: Belief, x: np.ndarray) -> np.ndarray:
    """Return a point already played where one is practically the same, so that means gather."""
    points = belief.posterior.points.x
    near = np.abs(points - x).max(axis=1) if len(points) else np.array([np.inf])
    scale = 0.005 * max(float(np.abs(x).max()), 1e-3)
    return points[int(near.argmin())] if near.min() <= scale else x
