"""Our games as PettingZoo environments: every agent is a player at the game's table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.spaces.utils import flatten, flatten_space
from gymnasium.utils.seeding import np_random
from pettingzoo import AECEnv, ParallelEnv

from mechlab.adapters._spaces import spaces
from mechlab.flows import Array
from mechlab.games.base import Game
from mechlab.mechanism import Mechanism
from mechlab.simulation import rounds


class Match:
    """One episode after the other at a game's table, where every agent is a player.

    Attributes:
        game, mechanism, condition: what is played.
        turn: number of the player whose turn it is; None when the episode is over.
    """

    def __init__(self, game: Game, mechanism: Mechanism, condition: str) -> None:
        self.game, self.mechanism, self.condition = game, mechanism, condition
        self.spaces = spaces(game, condition, mechanism)
        self.flat = flatten_space(self.spaces.observation)
        self.turn: int | None = None
        self._rng: Any = None

    def begin(self, seed: int | None) -> None:
        """Begin an episode; without a seed, the next one of the last seed."""
        if seed is not None or self._rng is None:
            self._rng, _ = np_random(seed)
        game, mechanism = self.game, self.mechanism
        seeds = self._rng.integers(1 << 63, size=1).astype(np.uint64)
        state = game.start(seeds, self.condition)
        self.table = game.make_table(state, mechanism, range(game.agents))
        behaviour = np.zeros((game.rounds, game.agents, len(game.propensities)))
        self._turns = rounds(game, state, behaviour, mechanism, table=self.table)
        self._advance(None)

    def act(self, action: Any) -> None:
        """Take the turn of the player whose turn it is; None does nothing."""
        self._advance(() if action is None else self.spaces.act(self._view, action))

    def _advance(self, answer: Any) -> None:
        try:
            self.turn, self._view = self._turns.send(answer)
        except StopIteration:
            self.turn = None

    @property
    def income(self) -> Array:
        """Income of each agent in the rounds that are settled, payments included, (N,)."""
        return self.table.income.copy()

    def observe(self, i: int) -> Any:
        """Return what player i observes now, flattened."""
        observation = self.spaces.observe(self.table.look(i))
        return np.asarray(flatten(self.spaces.observation, observation), self.flat.dtype)

    def info(self, i: int) -> dict[str, Any]:
        """Return why actions of player i's last turn were refused."""
        return {"refused": [refusal.reason for refusal in self.table.refused[i]]}


class _GameEnv:
    """What both kinds of environment share: names, spaces, and the match that is played."""

    def __init__(self, match: Match) -> None:
        super().__init__()
        self._match, game = match, match.game
        self.metadata = {"name": game.name, "render_modes": [], "is_parallelizable": False}
        self.possible_agents = [f"agent_{i}" for i in range(game.agents)]
        spaces = (match.spaces.action, match.flat)
        self._actions, self._observations = (
            {name: deepcopy(space) for name in self.possible_agents} for space in spaces
        )
        self.agents: list[str] = []
        self.render_mode = None

    def observation_space(self, agent: str) -> Any:
        """Return the space of an agent's observations: the parts of ``parts``, flattened."""
        return self._observations[agent]

    def action_space(self, agent: str) -> Any:
        """Return the space of an agent's actions."""
        return self._actions[agent]

    @property
    def parts(self) -> Any:
        """The parts of an observation by name; ``gymnasium.spaces.unflatten`` takes it apart."""
        return self._match.spaces.observation


class GameTurns(_GameEnv, AECEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game turn by turn; see ``mechlab.adapters.pettingzoo.env``."""

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode; ``options`` are not used."""
        self._match.begin(seed)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {"refused": []} for agent in self.agents}
        self._select()

    def _select(self) -> None:
        if self._match.turn is None:
            self.terminations = dict.fromkeys(self.agents, True)
        else:
            self.agent_selection = self.possible_agents[self._match.turn]

    def observe(self, agent: str) -> Any:
        """Return what an agent observes now."""
        return self._match.observe(self.possible_agents.index(agent))

    def step(self, action: Any) -> None:
        """Take the turn of the selected agent; rewards come at the end of a round."""
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        before = self._match.income
        self._cumulative_rewards[agent] = 0.0
        self._match.act(action)
        gained = (self._match.income - before).tolist()
        self.rewards = dict(zip(self.agents, gained, strict=True))
        self.infos[agent] = self._match.info(self.possible_agents.index(agent))
        self._accumulate_rewards()
        self._select()


class GameRounds(_GameEnv, ParallelEnv):  # type: ignore[misc] # PettingZoo has no types
    """A game in which all agents act on what they observed before the step.

    A step is one turn of every agent: a round, or a stage of it. In games with turns they are taken
    in the game's own order. See ``mechlab.adapters.pettingzoo.parallel_env``.
    """

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> Any:
        """Begin an episode; ``options`` are not used."""
        self._match.begin(seed)
        self.agents = list(self.possible_agents)
        return self._observe_all(), {agent: {"refused": []} for agent in self.agents}

    def step(self, actions: Mapping[str, Any]) -> Any:
        """Let every agent act; one without an action does nothing."""
        match, before = self._match, self._match.income
        for _ in self.agents:
            if match.turn is not None:
                match.act(actions.get(self.possible_agents[match.turn]))
        gained = (match.income - before).tolist()
        rewards = dict(zip(self.agents, gained, strict=True))
        observations = self._observe_all()
        terminations = dict.fromkeys(self.agents, match.turn is None)
        truncations = dict.fromkeys(self.agents, False)
        infos = {agent: match.info(i) for i, agent in enumerate(self.agents)}
        self.agents = [] if match.turn is None else self.agents
        return observations, rewards, terminations, truncations, infos

    def _observe_all(self) -> dict[str, Any]:
        return {agent: self._match.observe(i) for i, agent in enumerate(self.agents)}
