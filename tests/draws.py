"""Random flows and random mechanisms for property tests."""

import numpy as np
from hypothesis import strategies as st

from mechlab.flows import FIELDS, Amounts, Flows
from mechlab.mechanism import MECHANISMS, Capped, Stack
from mechlab.parameters import parameters

CLASSES = [MECHANISMS.get(name) for name in MECHANISMS]


def amounts(rng, episodes, agents, share=1.0, whole=True):
    """Amounts from 0 to 20 with empty diagonals; ``share`` of them above 0."""
    made = Amounts.zeros(episodes, agents)
    for _, array in made.arrays():
        drawn = rng.integers(1, 21, array.shape) if whole else rng.uniform(0, 20, array.shape)
        array[...] = drawn * (rng.random(array.shape) < share)
        if array.ndim == 3:
            array *= 1 - np.eye(agents)
    return made


def busy(seed=0, episodes=3, agents=4):
    """Flows in which everything happens, differently between all agents."""
    rng = np.random.default_rng(seed)
    now, past = (amounts(rng, episodes, agents, whole=False) for _ in range(2))
    return Flows.over(now, past, round=3, unit=10000.0)


@st.composite
def flows(draw, min_agents=1):
    """Any flows: few episodes and agents, nothing or much happening, ties likely or not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 3)), draw(st.integers(min_agents, 5))
    share, whole = draw(st.sampled_from([0.0, 0.2, 1.0])), draw(st.booleans())
    now, past = (amounts(rng, *shape, share, whole) for _ in range(2))
    unit = draw(st.sampled_from([1.0, 10000.0]))
    return Flows.over(now, past, draw(st.integers(0, 10000)), unit)


def over(flows, change):
    """The flows with each array of the round and of the past as ``change(name, array)`` has it."""
    now, past = (
        Amounts(**{name: change(name, array) for name, array in part.arrays()})
        for part in (flows, flows.past)
    )
    return Flows.over(now, past, flows.round, flows.unit)


def values(declared):
    """Valid values of a parameter."""
    if isinstance(declared.default, bool):
        return st.booleans()
    if isinstance(declared.default, str):
        return st.sampled_from(declared.choices or [declared.default])
    if isinstance(declared.default, int):
        return st.integers(declared.low, declared.high)
    return st.floats(declared.low, declared.high, allow_nan=False, allow_infinity=False)


def instances(cls):
    """Instances of a registered mechanism, with any valid parameters."""
    return st.builds(cls, **{name: values(known) for name, known in parameters(cls).items()})


registered = st.sampled_from(CLASSES).flatmap(instances)
stacks = st.lists(registered, min_size=2, max_size=3).map(lambda parts: Stack.of(*parts))
capped = st.builds(Capped, registered | stacks, st.floats(0, 1e5))

KINDS = {cls.name: instances(cls) for cls in CLASSES} | {"stack": stacks, "capped": capped}

__all__ = ["CLASSES", "FIELDS", "KINDS", "amounts", "busy", "flows", "instances", "over", "values"]
