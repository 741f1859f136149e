"""Where an endpoint and its key are found, and that the key is not shown."""

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.errors import UserError
from mechlab.llm._secrets import is_secret, unescaped
from mechlab.llm.settings import OPENAI, Endpoint, EndpointSettings, Live, find_endpoint
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
        ("https://host.test/v1?api-version=1&key=s3cret", "holds no user, password or query"),
        ("https://host.test:99999/v1", "OPENAI_BASE_URL: a base URL is written like"),
        ("https://[::1/v1", "OPENAI_BASE_URL: a base URL is written like"),
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
        ("[live.caps]\ncalls = -5", "live.caps.calls must .*, got -5"),
        ("[live.endpoints.x]\nurl = 'ftp://x'", "live.endpoints.x.url: a base URL is written like"),
        (
            "[live.endpoints.x]\nurl = 'http://x'\nkey_variable = 'sk-s3cret'",
            "names an environment variable",
        ),
        ("[live.endpoints.x]\nurl = 'http://x'\nkey = 'sk-s3cret'", "unknown field"),
        ("[live.options]\npersona = 'kind'", "live.options.persona must be"),
        ("[live.endpoints.x]\ntimeout = 0", "live.endpoints.x.timeout must .*, got 0"),
        ("[live.endpoints.x]\nconcurency = 3", "did you mean 'concurrency'"),
        ("invalid_limit = 2", "live.invalid_limit must .*, got 2"),
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


def test_an_endpoint_says_what_is_its_own_and_the_table_says_the_rest():
    groq = {"extra": {"seed": 2, "service_tier": "flex"}, "concurrency": 128, "timeout": 5}
    live = Live(extra={"seed": 1}, patience=60, endpoints={"groq": groq})
    own, others = live.endpoint("groq"), live.endpoint("openai")
    assert own.extra == {"seed": 2, "service_tier": "flex"}
    assert others.extra == {"seed": 1}
    assert (own.concurrency, others.concurrency) == (128, 64)
    assert (own.timeout, others.timeout) == (5, 300)
    assert own.patience == others.patience == 60
    assert live.episodes_at_once == 128


def test_the_evidence_depends_on_what_an_endpoint_is_sent_and_not_on_how_long_it_is_waited_for():
    plain, patient, seeded = (
        Study.read(written(f"[live.endpoints.openai]\n{live}"))
        for live in ("", "patience = 5\ntimeout = 7\nconcurrency = 3", "extra = {seed = 1}")
    )
    assert plain.digest == patient.digest != seeded.digest
    assert Study.read(written("")).digest == plain.digest


def test_an_endpoint_whose_url_is_not_written_has_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("GROQ_BASE_URL", "http://127.0.0.1:8080/v1")
    endpoints = {"groq": EndpointSettings(timeout=5)}
    assert find_endpoint("groq", endpoints).url == "http://127.0.0.1:8080/v1"
    assert find_endpoint("openai", {"openai": EndpointSettings()}, need_key=False).url == OPENAI


def test_settings_have_safe_defaults():
    assert Live().caps.model_dump() == {"calls": None, "tokens": None, "dollars": None}


VISIBLE = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\")
KEYS = st.text(VISIBLE, min_size=8, max_size=60)
BREAKS = ["", " ", "\n", "\r\n", "\\n", "\\\\n", "\\u000a"]


def key_as_sent(draw, key):
    """Return a key as a server may repeat it: escaped in part, and split."""
    forms = [lambda c: c, lambda c: f"\\u{ord(c):04x}", lambda c: f"\\\\u{ord(c):04X}"]
    broken = draw(st.integers(0, len(key) - 1))
    written = [draw(st.sampled_from(forms))(c) for c in key]
    written[broken] += draw(st.sampled_from(BREAKS))
    return "".join(written)


@given(st.data(), KEYS.filter(is_secret), st.text(max_size=30), st.text(max_size=30))
def test_no_text_keeps_a_key_however_it_is_written(data, key, before, after):
    endpoint = Endpoint("x", "http://x", key)
    text = before + key_as_sent(data.draw, key) + after
    redacted = endpoint.redact(text)
    assert "[key]" in redacted
    assert key not in redacted
    assert key not in unescaped(redacted)


PLACEHOLDERS = ["none", "x", "EMPTY", "ollama", "test", "1234", "sk-1234", "lm-studio", "dummy"]


@given(st.sampled_from(PLACEHOLDERS) | KEYS, st.text())
def test_a_text_without_the_key_stays_as_it_is(key, text):
    plain = Endpoint("x", "http://x", key)
    assert plain.redact(text) == text or key in unescaped(text)


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_a_key_that_servers_tell_one_to_use_damages_no_answer(key):
    text = f'I have none of the pieces; nonetheless {key}: {{"text": "test x 1234"}}'
    assert Endpoint("x", "http://x", key).redact(text) == text


@given(st.text(min_size=1).filter(lambda key: "\0" not in key and key.strip()))
def test_a_key_is_one_that_a_header_can_hold_or_is_refused_unseen(key):
    key = key.encode("utf-8", "replace").decode()
    variables = {"GROQ_API_KEY": key, "GROQ_BASE_URL": "https://x.example/v1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        try:
            endpoint = find_endpoint("groq", {})
        except UserError as error:
            assert "GROQ_API_KEY must hold a key of visible ASCII" in str(error)
            assert len(key) < 4 or key not in str(error)
        else:
            assert httpx2.Headers({"Authorization": f"Bearer {endpoint.key}"})
