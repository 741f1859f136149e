"""Which language the word lists find in thoughts."""

import pytest

from mechlab.errors import UserError
from mechlab.llm.thoughts import WordLists

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
