"""PettingZoo environments whose rewards become rewards plus payments."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils import BaseParallelWrapper, BaseWrapper

from mechlab.adapters.verbs import Account, Agent, Step, Verbs
from mechlab.mechanism import Mechanism

Infos = dict[Agent, dict[str, Any]]


def _account(env: Any, mechanism: Mechanism, told: Verbs) -> Account:
    name = getattr(env, "metadata", {}).get("name", type(env).__name__)
    return Account(mechanism, told, env.possible_agents, name)


def _told(info: dict[str, Any], reward: float, payment: float) -> dict[str, Any]:
    return {**info, "production": float(reward), "payment": float(payment)}


class ParallelPayments(BaseParallelWrapper):  # type: ignore[misc] # PettingZoo has no types
    """A parallel environment under a mechanism: a step is a round."""

    def __init__(self, env: Any, mechanism: Mechanism, told: Verbs) -> None:
        super().__init__(env)
        self._account = _account(env, mechanism, told)
        self._seen: dict[Agent, Any] = {}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Begin an episode, with nothing paid so far."""
        self._seen, infos = self.env.reset(seed=seed, options=options)
        self._account.reset()
        return self._seen, infos

    def step(self, actions: dict[Agent, Any]) -> Any:
        """Play a round; pay for it."""
        seen, rewards, ended, cut, infos = self.env.step(actions)
        agents = tuple(self.env.possible_agents)
        paid = self._account.pay(Step(agents, self._seen, actions, rewards, seen))
        self._seen = seen
        income = {agent: reward + paid[agent] for agent, reward in rewards.items()}
        told = {a: _told(infos.get(a, {}), reward, paid[a]) for a, reward in rewards.items()}
        return seen, income, ended, cut, {**infos, **told}


class TurnPayments(BaseWrapper):  # type: ignore[misc] # PettingZoo has no types
    """An environment of turns under a mechanism; a round ends before anybody acts again.

    ``rewards`` hold the payments of a round after its last step; ``infos`` hold what each agent's
    cumulative reward is made of since its own last turn.
    """

    def __init__(self, env: Any, mechanism: Mechanism, told: Verbs) -> None:
        super().__init__(env)
        self._account = _account(env, mechanism, told)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode, with nothing paid so far."""
        self.env.reset(seed=seed, options=options)
        self._account.reset()
        self._paid = dict.fromkeys(self.env.agents, 0.0)
        self._owed = dict.fromkeys(self.env.agents, 0.0)
        self._open_round()

    def _open_round(self) -> None:
        self._before: dict[Agent, Any] = {}
        self._actions: dict[Agent, Any] = {}
        self._earned = dict.fromkeys(self.env.possible_agents, 0.0)

    @property
    def rewards(self) -> dict[Agent, float]:
        """Rewards of the last step, with the payments of the round that it ended."""
        return {a: reward + self._paid.get(a, 0.0) for a, reward in self.env.rewards.items()}

    @rewards.setter
    def rewards(self, value: Any) -> None:
        raise AttributeError("rewards are the environment's own, and payments")

    @property
    def _cumulative_rewards(self) -> dict[Agent, float]:
        earned = self.env._cumulative_rewards
        return {agent: reward + self._owed[agent] for agent, reward in earned.items()}

    @property
    def infos(self) -> Infos:
        """The environment's own, and what the cumulative reward of each agent is made of."""
        earned = self.env._cumulative_rewards
        return {
            agent: _told(info, earned[agent], self._owed[agent])
            for agent, info in self.env.infos.items()
        }

    def step(self, action: Any) -> None:
        """Take a turn; pay for the round if it was its last."""
        agent = self.env.agent_selection
        dead = self.env.terminations[agent] or self.env.truncations[agent]
        self._before[agent] = None if dead else self.env.observe(agent)
        self.env.step(action)
        self._paid = dict.fromkeys(self.env.agents, 0.0)
        self._owed[agent] = 0.0
        if dead:
            return
        self._actions[agent] = action
        for name, reward in self.env.rewards.items():
            self._earned[name] += float(reward)
        if self._round_is_over():
            self._pay()

    def _round_is_over(self) -> bool:
        env = self.env
        live = [a for a in env.agents if not env.terminations[a] and not env.truncations[a]]
        acted = self._actions.keys()
        return env.agent_selection in acted or all(agent in acted for agent in live)

    def _pay(self) -> None:
        agents = tuple(self.env.possible_agents)
        after = {agent: self.env.observe(agent) for agent in self.env.agents}
        paid = self._account.pay(Step(agents, self._before, self._actions, self._earned, after))
        self._paid = {agent: paid[agent] for agent in self.env.agents}
        for agent, payment in self._paid.items():
            self._owed[agent] += payment
        self._open_round()
