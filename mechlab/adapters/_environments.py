"""Our games as PettingZoo environments: every agent is a player at the game's table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.spaces.utils import flatten, flatten_space
from gymnasium.utils.seeding import np_random
from pettingzoo import AECEnv, ParallelEnv

from mechlab.adapters._spaces import spaces
from mechlab.agents.scenario import Scenario
from mechlab.flows import Array
from mechlab.simulation import rounds


class _GameEnv:
    """What both kinds of environment share: one episode after the other at a game's table.

    Players stand in for the agents of the scenario.

    Attributes:
        parts: the parts of an observation by name; ``gymnasium.spaces.unflatten`` takes it apart.
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self._scenario, game = scenario, scenario.game
        self._spaces = spaces(game, scenario.condition, scenario.mechanism)
        self.parts = self._spaces.observation
        self.metadata = {"name": game.name, "render_modes": [], "is_parallelizable": False}
        self.possible_agents = [f"agent_{i}" for i in range(game.agents)]
        both = (self._spaces.action, flatten_space(self.parts))
        self._actions, self._observations = (
            {name: deepcopy(space) for name in self.possible_agents} for space in both
        )
        self.agents: list[str] = []
        self.render_mode = None
        self._rng: Any = None

    def observation_space(self, agent: str) -> Any:
        """Return the space of an agent's observations: the parts of ``parts``, flattened."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Any:
        return self._actions[agent]

    def _begin(self, seed: int | None) -> None:
        """Begin an episode; without a seed, the next one of the last seed."""
        if seed is not None or self._rng is None:
            self._rng, _ = np_random(seed)
        game, mechanism = self._scenario.game, self._scenario.mechanism
        seeds = self._rng.integers(1 << 63, size=1).astype(np.uint64)
        state = game.start(seeds, self._scenario.condition)
        self._table = game.make_table(state, mechanism, range(game.agents))
        behaviour = np.zeros((game.rounds, game.agents, len(game.propensities)))
        self._turns = rounds(game, state, behaviour, mechanism, table=self._table)
        self.agents = list(self.possible_agents)
        self._advance(None)

    def _advance(self, answer: Any) -> None:
        """Go on to the next turn: of player number ``_turn``, None when the episode is over."""
        self._turn: int | None = None
        with suppress(StopIteration):
            self._turn, self._view = self._turns.send(answer)

    def _act(self, action: Any) -> None:
        """Take the turn of the player whose turn it is; None does nothing."""
        self._advance(() if action is None else self._spaces.act(self._view, action))

    def _rewards_since(self, income: Array) -> dict[str, float]:
        """Return what was earned since an income of each agent, payments included, (N,)."""
        return dict(zip(self.agents, (self._table.income - income).tolist(), strict=True))

    def observe(self, agent: str) -> Any:
        """Return what a player observes now, flattened."""
        view = self._table.look(self.possible_agents.index(agent))
        flat = flatten(self.parts, self._spaces.observe(view))
        return np.asarray(flat, self._observations[agent].dtype)

    def _info(self, agent: str) -> dict[str, Any]:
        """Return why actions of a player's last turn were refused."""
        refused = self._table.refused[self.possible_agents.index(agent)]
        return {"refused": [refusal.reason for refusal in refused]}


class GameTurns(_GameEnv, AECEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game turn by turn; see ``mechlab.adapters.pettingzoo.env``."""

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        self._begin(seed)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {"refused": []} for agent in self.agents}
        self._select()

    def _select(self) -> None:
        if self._turn is None:
            self.terminations = dict.fromkeys(self.agents, True)
        else:
            self.agent_selection = self.possible_agents[self._turn]

    def step(self, action: Any) -> None:
        """Take the turn of the selected agent; rewards come at the end of a round."""
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        before = self._table.income.copy()
        self._cumulative_rewards[agent] = 0.0
        self._act(action)
        self.rewards = self._rewards_since(before)
        self.infos[agent] = self._info(agent)
        self._accumulate_rewards()
        self._select()


class GameRounds(_GameEnv, ParallelEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game in which all agents act on what they observed before the step.

    A step is one turn of every agent: a round, or a stage of it. In games with turns they are taken
    in the game's own order. See ``mechlab.adapters.pettingzoo.parallel_env``.
    """

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> Any:
        self._begin(seed)
        observations = {agent: self.observe(agent) for agent in self.agents}
        return observations, {agent: {"refused": []} for agent in self.agents}

    def step(self, actions: Mapping[str, Any]) -> Any:
        """Let every agent act; one without an action does nothing."""
        before = self._table.income.copy()
        for _ in self.agents:
            if self._turn is not None:
                self._act(actions.get(self.possible_agents[self._turn]))
        rewards = self._rewards_since(before)
        observations = {agent: self.observe(agent) for agent in self.agents}
        terminations = dict.fromkeys(self.agents, self._turn is None)
        truncations = dict.fromkeys(self.agents, False)
        infos = {agent: self._info(agent) for agent in self.agents}
        self.agents = [] if self._turn is None else self.agents
        return observations, rewards, terminations, truncations, infos
