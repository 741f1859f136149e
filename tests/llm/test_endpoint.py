"""Where an endpoint and its key are found, and that the key is not shown."""

import pickle

import pytest

from mechlab.agents.population import Population
from mechlab.errors import UserError
from mechlab.llm._output import Usage
from mechlab.llm.budget import price_of
from mechlab.llm.settings import OPENAI, EndpointSettings, Live, find_endpoint
from mechlab.study import Study, template


@pytest.fixture(autouse=True)
def nothing_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "GROQ_BASE_URL", "GROQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_environment_comes_before_the_file(nothing_set, monkeypatch):
    (nothing_set / ".env").write_text(
        "OPENAI_API_KEY=from-file\nGROQ_BASE_URL=https://groq.test/v1/\nGROQ_API_KEY='g'\n"
    )
    assert find_endpoint("openai", {}).key == "from-file"
    assert find_endpoint("openai", {}).url == OPENAI
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    assert find_endpoint("openai", {}).key == "from-environment"
    groq = find_endpoint("groq", {})
    assert (groq.url, groq.key) == ("https://groq.test/v1", "g")
    assert "'g'" not in repr(groq)


def test_the_study_comes_before_both(monkeypatch):
    monkeypatch.setenv("GROQ_BASE_URL", "https://other.test")
    monkeypatch.setenv("MY_KEY", "mine")
    place = EndpointSettings(url="https://groq.test/v1", key_variable="MY_KEY")
    found = find_endpoint("groq", {"groq": place})
    assert (found.url, found.key) == ("https://groq.test/v1", "mine")


def test_on_this_machine_no_key_is_needed(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
    assert find_endpoint("openai", {}).key == ""


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", r"OPENAI_API_KEY is not set"),
        ("api.openai.com", "OPENAI_BASE_URL: a base URL is written like"),
        ("https://me:pass@host.test/v1", "holds no user, password or query"),
        ("https://host.test/v1?key=s3cret", "holds no user, password or query"),
    ],
)
def test_what_is_missing_or_wrong_is_named(url, message, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(UserError, match=message) as error:
        find_endpoint("openai", {})
    assert "s3cret" not in str(error.value)
    assert "pass@" not in str(error.value)


def test_an_endpoint_that_nobody_knows():
    with pytest.raises(UserError, match="set GROQ_BASE_URL, or"):
        find_endpoint("groq", {})


def written(live):
    return template().replace('population = "o3"', 'population = "llm:m"') + f"\n[live]\n{live}\n"


@pytest.mark.parametrize(
    ("live", "message"),
    [
        ("[live.caps]\ncall = 5", "did you mean 'calls'"),
        ("[live.caps]\ncalls = -5", "live.caps.calls must be greater than or equal to 0, got -5"),
        ("[live.endpoints.x]\nurl = 'ftp://x'", "live.endpoints.x.url: a base URL is written like"),
        (
            "[live.endpoints.x]\nurl = 'http://x'\nkey_variable = 'sk-s3cret'",
            "names an environment variable",
        ),
        ("[live.endpoints.x]\nurl = 'http://x'\nkey = 'sk-s3cret'", "unknown field"),
        ("[live.options]\npersona = 'kind'", "live.options.persona must be"),
        ("invalid_limit = 2", "live.invalid_limit must be less than or equal to 1"),
    ],
)
def test_a_study_names_what_is_wrong_and_never_a_key(live, message):
    with pytest.raises(UserError, match=message) as error:
        Study.read(written(live))
    assert "s3cret" not in str(error.value)


def test_what_the_evidence_depends_on_is_part_of_a_study_and_caps_are_not():
    plain, capped, warm = (
        Study.read(written(live))
        for live in ("", "[live.caps]\ncalls = 5", "[live.options]\ntemperature = 1")
    )
    assert plain.digest == capped.digest != warm.digest
    offline = Study.read(template())
    assert "live" not in offline.canonical


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
        ("llm:m(temperature=9)", "temperature must be less than or equal to 2, got 9"),
        ("llm:m(persona=kind)", "persona must be"),
        ("llm:m(endpoint='a b')", "endpoint must match pattern"),
    ],
)
def test_a_wrong_agent_is_named(spec, message):
    with pytest.raises(UserError, match=message):
        Population.of(spec, 2)


def test_prices_are_those_of_the_table_and_of_the_users_own(nothing_set, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    endpoint = find_endpoint("openai", {})
    usage = Usage(prompt=1_000_000, cached=400_000, answer=100_000)
    # o3, OpenAI's list of 2025: $2 in, $0.50 cached, $8 out for a million tokens.
    assert price_of("o3", endpoint.url).of(usage) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
    assert price_of("openai/o3", endpoint.url) == price_of("o3", endpoint.url)
    assert price_of("nobody", endpoint.url) is None
    (nothing_set / "prices.toml").write_text("[nobody]\nprompt = 1\ncached = 1\nanswer = 0\n")
    assert price_of("nobody", endpoint.url).of(usage) == 1.0
    (nothing_set / "prices.toml").write_text("[nobody]\nprompt = -1\ncached = 1\nanswer = 0\n")
    with pytest.raises(UserError, match=r"prices.toml: nobody.prompt"):
        price_of("nobody", endpoint.url)


def test_on_this_machine_models_cost_nothing():
    here = find_endpoint("x", {"x": EndpointSettings(url="http://localhost:1/v1")})
    assert price_of("anything", here.url).of(Usage(prompt=10**9)) == 0.0


def test_settings_have_safe_defaults():
    assert Live().caps.model_dump() == {"calls": None, "tokens": None, "dollars": None}
