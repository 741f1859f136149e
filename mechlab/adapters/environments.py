"""Our games as PettingZoo environments: every agent is a player at the game's table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces.utils import flatten, flatten_space
from gymnasium.utils.seeding import np_random
from pettingzoo import AECEnv, ParallelEnv

from mechlab.adapters.spaces import spaces
from mechlab.flows import Array
from mechlab.game import Game
from mechlab.mechanism import Mechanism
from mechlab.simulate import rounds


@dataclass(frozen=True)
class Setting:
    """What is played: a game under a mechanism, in a condition."""

    game: Game
    mechanism: Mechanism
    condition: str


class Sitting:
    """One episode after the other at a game's table, with nobody but players.

    Attributes:
        turn: number of the player whose turn it is; None when the episode is over.
        income: what each has earned and was paid in the rounds that are settled, (N,).
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        game = setting.game
        self.spaces = spaces(game, setting.condition, setting.mechanism.hides)
        self.names = [f"agent_{i}" for i in range(game.agents)]
        self.seen = flatten_space(self.spaces.seen)
        self.turn: int | None = None
        self._rng: Any = None

    def begin(self, seed: int | None) -> None:
        """Begin an episode; without a seed, the next one of the last seed."""
        if seed is not None or self._rng is None:
            self._rng, _ = np_random(seed)
        game, mechanism = self.setting.game, self.setting.mechanism
        lot = self._rng.integers(1 << 63, size=1).astype(np.uint64)
        state = game.start(lot, self.setting.condition)
        self.table = game.seat(state, mechanism, range(game.agents))
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
        """What each has earned and was paid so far."""
        return self.table.income.copy()

    def observe(self, i: int) -> Any:
        """Return what player i sees now, flattened."""
        seen = self.spaces.observe(self.table.look(i))
        return np.asarray(flatten(self.spaces.seen, seen), self.seen.dtype)

    def info(self, i: int) -> dict[str, Any]:
        """Return what was refused of player i's last turn."""
        refused = self.table.look(i).refused
        return {"refused": [refusal.reason for refusal in refused]}


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
