"""Our games as PettingZoo environments: every agent is a player at the game's table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pettingzoo import AECEnv, ParallelEnv

from mechlab.adapters.sitting import Setting, Sitting


class GameTurns(AECEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game turn by turn; see ``mechlab.adapters.pettingzoo.env``."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._sitting = Sitting(setting)
        self.metadata = {"name": setting.game.name, "render_modes": [], "is_parallelizable": False}
        self.possible_agents = list(self._sitting.names)
        self._done = {name: deepcopy(self._sitting.spaces.done) for name in self.possible_agents}
        self._seen = {name: deepcopy(self._sitting.seen) for name in self.possible_agents}
        self.render_mode = None

    def observation_space(self, agent: str) -> Any:
        """What an agent sees: the parts of ``parts``, flattened."""
        return self._seen[agent]

    def action_space(self, agent: str) -> Any:
        """What an agent may do."""
        return self._done[agent]

    @property
    def parts(self) -> Any:
        """The parts of an observation by name; ``gymnasium.spaces.unflatten`` takes it apart."""
        return self._sitting.spaces.seen

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode; ``options`` are not used."""
        self._sitting.begin(seed)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {"refused": []} for agent in self.agents}
        self._select()

    def _select(self) -> None:
        if self._sitting.turn is None:
            self.terminations = dict.fromkeys(self.agents, True)
        else:
            self.agent_selection = self._sitting.names[self._sitting.turn]

    def observe(self, agent: str) -> Any:
        """Return what an agent sees now."""
        return self._sitting.observe(self._sitting.names.index(agent))

    def step(self, action: Any) -> None:
        """Take the turn of the agent that is selected; a round is rewarded when it is over."""
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        before = self._sitting.income
        self._cumulative_rewards[agent] = 0.0
        self._sitting.act(action)
        gained = (self._sitting.income - before).tolist()
        self.rewards = dict(zip(self.agents, gained, strict=True))
        self.infos[agent] = self._sitting.info(self._sitting.names.index(agent))
        self._accumulate_rewards()
        self._select()


class GameRounds(ParallelEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game in which all agents act on what they saw when a step began.

    A step is one turn of every agent: a round, or a stage of it. In games of turns they are carried
    out in the game's own order. See ``mechlab.adapters.pettingzoo.parallel_env``.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._sitting = Sitting(setting)
        self.metadata = {"name": setting.game.name, "render_modes": []}
        self.possible_agents = list(self._sitting.names)
        self._done = {name: deepcopy(self._sitting.spaces.done) for name in self.possible_agents}
        self._seen = {name: deepcopy(self._sitting.seen) for name in self.possible_agents}
        self.agents: list[str] = []
        self.render_mode = None

    observation_space = GameTurns.observation_space
    action_space = GameTurns.action_space
    parts = GameTurns.parts

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> Any:
        """Begin an episode; ``options`` are not used."""
        self._sitting.begin(seed)
        self.agents = list(self.possible_agents)
        return self._observed(), {agent: {"refused": []} for agent in self.agents}

    def step(self, actions: Mapping[str, Any]) -> Any:
        """Let every agent act; one without an action does nothing."""
        sitting, before = self._sitting, self._sitting.income
        for _ in self.agents:
            if sitting.turn is not None:
                sitting.act(actions.get(sitting.names[sitting.turn]))
        gained = (sitting.income - before).tolist()
        rewards = dict(zip(self.agents, gained, strict=True))
        seen = self._observed()
        over = dict.fromkeys(self.agents, sitting.turn is None)
        cut = dict.fromkeys(self.agents, False)
        infos = {agent: sitting.info(i) for i, agent in enumerate(self.agents)}
        self.agents = [] if sitting.turn is None else self.agents
        return seen, rewards, over, cut, infos

    def _observed(self) -> dict[str, Any]:
        return {agent: self._sitting.observe(i) for i, agent in enumerate(self.agents)}
