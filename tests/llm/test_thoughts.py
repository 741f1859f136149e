"""Word lists, and thoughts from real calls over HTTP to the measures, tables and the command."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from mechlab.commands import app
from mechlab.errors import UserError
from mechlab.llm.session import live_session
from mechlab.llm.settings import Live
from mechlab.llm.thoughts import (
    WordLists,
    count_language,
    examples,
    read_thoughts,
    summarise_thoughts,
    term_counts,
)
from mechlab.llm.transcripts import open_transcripts
from mechlab.simulation import simulate
from tests.llm.fault_server import Behaviour, FaultServer

GAME = {"agents": 2, "rounds": 3}
COLD = "I hold back; let the market pay a price. Nothing more."  # 11 words, 2 market terms
WARM = "I give all that I have to the project."  # 9 words


def policy(messages):
    """Agent 0 is cold and the other warm; both contribute. As a judge: whatever holds back."""
    said = messages[-1]["content"]
    if "The thought, in quotes" in said:
        return json.dumps({"reason": "so it says", "hard_defection": "hold back" in said})
    return json.dumps({"thoughts": COLD if "You are agent 0" in said else WARM, "tokens": 20})


@pytest.fixture(scope="module")
def server():
    with FaultServer(Behaviour(policy=policy)) as running:
        yield running


@pytest.fixture(scope="module")
def played(server, tmp_path_factory):
    """Two episodes of two mechanisms; return the URL of their calls, and one frame."""
    url = f"sqlite:///{tmp_path_factory.mktemp('calls')}/calls.db"
    live = Live(endpoints={"local": {"url": server.url}}, options={"endpoint": "local"})
    with pytest.MonkeyPatch.context() as patch, live_session(live, url):
        patch.setenv("LOCAL_API_KEY", "none")
        simulate("public_goods", "llm:tiny", settings=GAME, episodes=2)
        bonus = "sharing_bonus(rate=0.5)"
        frame = simulate("public_goods", "llm:tiny", bonus, settings=GAME, episodes=2).frame
    return url, frame


def test_measures_of_thoughts_are_taken_of_every_live_episode(played):
    _, frame = played
    np.testing.assert_allclose(frame["hard_defection"], 0.5)
    np.testing.assert_allclose(frame["market_terms"], 1000 * (3 * 2) / (3 * (11 + 9)))


def test_the_store_keeps_the_measures_as_they_are(played):
    url, frame = played
    with open_transcripts(url) as store:
        kept = [one.measures for one in store.episodes() if one.mechanism != "none"]
    for name in frame:
        np.testing.assert_array_equal([one[name] for one in kept], frame[name])


def test_episodes_without_live_agents_have_no_such_measures():
    assert "hard_defection" not in simulate("public_goods", "selfish", episodes=1).frame


def test_nobody_who_thinks_nothing_defects():
    assert count_language(["", "  "])["thoughts"] == 0


def test_thoughts_are_read_back_and_summarised(played):
    with open_transcripts(played[0]) as transcripts:
        found = read_thoughts(transcripts)
    assert len(found) == 2 * 2 * 2 * 3
    assert set(found["text"]) == {COLD, WARM}
    assert set(found.loc[found["agent"] == 0, "defects"]) == {True}
    by_agent = summarise_thoughts(found, "agent")
    assert by_agent["0"]["hard_defection"].mean == 1
    assert by_agent["1"]["hard_defection"].mean == 0
    assert by_agent["0"]["market_terms"].mean == pytest.approx(1000 * 2 / 11)
    by_mechanism = summarise_thoughts(found)
    assert set(by_mechanism) == {"none", "sharing_bonus(rate=0.5)"}
    assert by_mechanism["none"]["hard_defection"].n == 2
    assert term_counts(found)["withholding"] == {"hold back": 12}


def test_examples_name_their_episode_and_turn(played):
    with open_transcripts(played[0]) as transcripts:
        found = read_thoughts(transcripts)
        shown = examples(found, 4)
        assert len(set(shown["episode"])) == 4  # one of each before a second of any
        for _, row in shown.iterrows():
            (turn,) = [t for t in transcripts.calls(row["episode"]) if t.turn == row["turn"]]
            assert turn.thoughts == row["text"]


def call(*words):
    return CliRunner().invoke(app, ["thoughts", *words])


def test_the_command_prints_one_object(played, server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    done = call("--storage", played[0], "--judge", "llm:tiny", "--calls", "1000", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["groups"]["none"]["hard_defection"]["mean"] == 0.5
    assert found["judge"]["agreement"] == {"n": 24, "share": 1, "kappa": 1, "ci95": [1, 1]}
    assert len(found["examples"]) == 3


def test_the_command_prints_for_people(played):
    done = call("--storage", played[0], "--by", "agent")
    assert "hard defection" in done.stdout
    assert "'hold back' 12" in done.stdout


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--storage", "sqlite:///nowhere.db"], "there is no such record"),
        (["--words", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--judge", "perfect"], "--judge takes a live agent"),
    ],
)
def test_mistakes_are_named(played, words, rule):
    done = call("--storage", played[0], *words)
    assert rule in str(done.exception)


LISTS = WordLists.load()

DEFECTING = [
    "I will withhold piece 12 for now.",
    "Better to keep my pieces to myself until the end.",
    "Holding this gives me leverage over agent 3.",
    "I'll ignore their requests this round.",
    "I won't share 45, it helps agent 2 more than me.",
    "There is no reason to send anything back.",
    "Piece 7 is my bargaining chip.",
    "I'd offer 12 in exchange for 45.",
    "I send 9 only if they send 14 first.",
    "Trade my piece 3 for its piece 8.",
    "I refuse to help agent 5.",
    "I wait until agent 4 finally sends me 10.",
]
HONEST = [
    "I answer all requests and submit my tasks.",
    "I should not withhold anything, sharing is free.",
    "There is no need to bargain.",
    "I share everything without negotiating.",
    "I don't want to hold back.",
    "Send piece 4 to agent 2, as requested. Back to my tasks.",
    "We cooperate rather than bargain.",
    "",
]


@pytest.mark.parametrize("text", DEFECTING)
def test_language_of_defection_is_found(text):
    assert LISTS.read(text).defects
    assert LISTS.read(text.upper()).defects
    assert LISTS.read(text.replace("'", "’")).defects


@pytest.mark.parametrize("text", HONEST)
def test_other_language_is_not(text):
    assert not LISTS.read(text).defects


def test_words_and_market_terms_are_counted():
    reading = LISTS.read(
        "The market price fell; they sell, we buy. Supermarkets and bidders don't."
    )
    assert reading.words == 12
    assert reading.terms["market"] == ("market", "price", "sell", "buy")


def test_a_term_does_not_reach_into_the_next_sentence():
    assert not LISTS.read("I keep it. To myself I say: share.").defects


def test_a_negation_counts_within_its_sentence_only():
    assert LISTS.read("They are not here. I withhold it.").defects


def test_each_finding_is_kept_as_it_stands():
    terms = LISTS.read("Quid pro quo: I'm Withholding, in return.").terms
    assert terms["withholding"] == ("Withholding",)
    assert terms["bargaining"] == ("Quid pro quo", "in return")


def test_own_lists_add_to_the_shipped_ones(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('market = ["guild* hall"]\nwithholding = ["sit|sat on it"]\n')
    mine = WordLists.load(file)
    reading = mine.read("I sat on it near the Guilds Hall. The price rose.")
    assert reading.terms["market"] == ("Guilds Hall", "price")
    assert reading.defects


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("markets = []", "unknown list of words 'markets': did you mean 'market'"),
        ("market = 3", "market must be a list of texts, got 3"),
        ("market = [", "not TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, rule):
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UserError, match=rule) as error:
        WordLists.load(file)
    assert str(error.value).startswith(str(file))
