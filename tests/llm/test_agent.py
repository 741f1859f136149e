"""Live agents as members of populations."""

import pickle

import pytest

from mechlab.agents.population import Population
from mechlab.errors import UserError

NAMES = ("gpt-4.1-mini", "org/model-3.1:8b", "accounts/x/models/y@2", "a_b", "qwen2.5:7b-q4_K_M")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_models_are_written_as_they_are(name):
    group = Population.of(f"llm:{name}*2 + llm:{name}(temperature=0.5, history=full) + perfect", 4)
    first, _, third, _ = group.members
    assert first.model == name
    assert third.options.chosen == {"temperature": 0.5, "history": "full"}
    assert Population.of(str(group), 4) == group
    assert pickle.loads(pickle.dumps(group)) == group
    assert group.kinds == {"live", "scripted"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("llm:", "is written llm:MODEL"),
        ("llm:m(temprature=1)", "did you mean 'temperature'"),
        ("llm:m(temperature=9)", "temperature must .*, got 9"),
        ("llm:m(persona=kind)", "persona must be"),
        ("llm:m(endpoint='a b')", "endpoint must .*, got 'a b'"),
    ],
)
def test_a_wrong_agent_is_named(spec, message):
    with pytest.raises(UserError, match=message):
        Population.of(spec, 2)
