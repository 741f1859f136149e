"""PettingZoo environments whose rewards become rewards plus payments."""

from __future__ import annotations

from typing import Any

import numpy as np
from pettingzoo.utils import BaseParallelWrapper, BaseWrapper

from mechlab.adapters._verbs import Agent, Step, Verbs
from mechlab.errors import UserError
from mechlab.flows import Amounts, Flows
from mechlab.mechanism import Mechanism, Vocabulary, check_fit


class Payer:
    """Pays the agents of an environment, round by round; what it needs, the verbs must fill."""

    def __init__(self, env: Any, mechanism: Mechanism, verbs: Verbs) -> None:
        name = getattr(env, "metadata", {}).get("name", type(env).__name__)
        check_fit(mechanism, verbs.fields | {"produced"}, name, Vocabulary())
        self.mechanism, self.verbs, self.agents = mechanism, verbs, tuple(env.possible_agents)
        self.reset()

    def reset(self) -> None:
        self._round = 0
        self._past = Amounts.zeros(1, len(self.agents))

    def pay(self, *observed: Any) -> dict[Agent, float]:
        """Return what each agent is paid for a round, given all of ``Step`` but the agents."""
        step = Step(self.agents, *observed)
        filled = self.verbs.read(step)
        if set(filled) != self.verbs.fields:
            raise UserError(
                f"the verbs declare {', '.join(sorted(self.verbs.fields))}, "
                f"and fill {', '.join(sorted(filled)) or 'nothing'}"
            )
        produced = [float(step.rewards.get(agent, 0.0)) for agent in self.agents]
        arrays = {name: np.asarray(array)[None] for name, array in filled.items()}
        flows = Flows.of(
            past=self._past,
            round=self._round,
            unit=self.verbs.unit,
            produced=np.array([produced]),
            **arrays,
        )
        payments = self.mechanism.payments(flows)[0]
        self._past.add(flows)
        self._round += 1
        return dict(zip(self.agents, payments.tolist(), strict=True))


def _with_parts(info: dict[str, Any], reward: float, payment: float) -> dict[str, Any]:
    """Add the two parts of an agent's income to its info."""
    return {**info, "production": float(reward), "payment": float(payment)}


class ParallelPayments(BaseParallelWrapper):  # type: ignore[misc] # PettingZoo has no types
    """A parallel environment under a mechanism: a step is a round, and is paid for."""

    def __init__(self, env: Any, mechanism: Mechanism, verbs: Verbs) -> None:
        super().__init__(env)
        self._payer = Payer(env, mechanism, verbs)
        self._observations: dict[Agent, Any] = {}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self._observations, infos = self.env.reset(seed=seed, options=options)
        self._payer.reset()
        return self._observations, infos

    def step(self, actions: dict[Agent, Any]) -> Any:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        paid = self._payer.pay(self._observations, actions, rewards, observations)
        self._observations = observations
        income = {agent: reward + paid[agent] for agent, reward in rewards.items()}
        parts = {a: _with_parts(infos.get(a, {}), reward, paid[a]) for a, reward in rewards.items()}
        return observations, income, terminations, truncations, {**infos, **parts}


class TurnPayments(BaseWrapper):  # type: ignore[misc] # PettingZoo has no types
    """A turn-based environment under a mechanism; a round ends before any agent acts again.

    ``rewards`` hold the payments of a round after its last step. ``infos`` hold the two parts of
    each agent's cumulative reward since its own last turn.
    """

    def __init__(self, env: Any, mechanism: Mechanism, verbs: Verbs) -> None:
        super().__init__(env)
        self._payer = Payer(env, mechanism, verbs)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.env.reset(seed=seed, options=options)
        self._payer.reset()
        self._paid = dict.fromkeys(self.env.agents, 0.0)
        self._owed = dict.fromkeys(self.env.agents, 0.0)
        self._open_round()
        self._show()

    def _open_round(self) -> None:
        self._before: dict[Agent, Any] = {}
        self._actions: dict[Agent, Any] = {}
        self._earned = dict.fromkeys(self.env.possible_agents, 0.0)

    def _show(self) -> None:
        """Show the environment's own rewards and infos, and what was paid."""
        earned, owed = self.env._cumulative_rewards, self._owed
        self.rewards = {a: x + self._paid.get(a, 0.0) for a, x in self.env.rewards.items()}
        self._cumulative_rewards = {a: x + owed[a] for a, x in earned.items()}
        infos = self.env.infos.items()
        self.infos = {a: _with_parts(info, earned[a], owed[a]) for a, info in infos}

    def step(self, action: Any) -> None:
        """Take a turn; pay for the round if it was its last."""
        agent = self.env.agent_selection
        dead = self.env.terminations[agent] or self.env.truncations[agent]
        self._before[agent] = None if dead else self.env.observe(agent)
        self.env.step(action)
        self._paid = dict.fromkeys(self.env.agents, 0.0)
        self._owed[agent] = 0.0
        if not dead:
            self._actions[agent] = action
            for name, reward in self.env.rewards.items():
                self._earned[name] += float(reward)
            if self._round_is_over():
                self._pay()
        self._show()

    def _round_is_over(self) -> bool:
        env, acted = self.env, self._actions.keys()
        live = (a for a in env.agents if not env.terminations[a] and not env.truncations[a])
        return env.agent_selection in acted or acted >= set(live)

    def _pay(self) -> None:
        after = {agent: self.env.observe(agent) for agent in self.env.agents}
        paid = self._payer.pay(self._before, self._actions, self._earned, after)
        self._paid = {agent: paid[agent] for agent in self.env.agents}
        for agent, payment in self._paid.items():
            self._owed[agent] += payment
        self._open_round()
