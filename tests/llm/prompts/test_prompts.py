"""What models are told in the other games, and that what they answer is taken."""

import json
import re

import pytest
from openai.lib._pydantic import to_strict_json_schema
from pydantic import ValidationError

from mechlab.errors import UserError
from mechlab.games.base import GAMES, make_game
from mechlab.games.grants.view import Grant, SendMessage, SubmitTask
from mechlab.games.simultaneous import Choose, Contribute, Harvest, Punish
from mechlab.llm._output import strict_schema
from mechlab.llm.dialogue import DIALOGUES, PromptOptions, dialogue_for
from mechlab.llm.estimate import rehearse
from mechlab.mechanism import parse
from mechlab.simulation import simulate

PLAYED = [(name, condition) for name in DIALOGUES for condition in GAMES.get(name).conditions]


class Listener:
    """Answers as is typical; keeps its views, what it is told and the schemas it answers by."""

    def __init__(self, dialogue):
        self.dialogue, self.seen, self.told, self.schemas = dialogue, [], [], []

    def act(self, view):
        self.seen.append(view)
        self.told.append(self.dialogue.messages(view))
        self.schemas.append(self.dialogue.answer)
        return self.dialogue.actions(self.dialogue.typical_answer(view))


def heard(name, condition="baseline", mechanism="none", settings=None, **telling):
    """Play an episode of listeners; return them and the episode."""
    game, rules = make_game(name, settings), parse(mechanism)
    told = PromptOptions(**telling)
    group = [Listener(dialogue_for(game, rules, i, told)) for i in range(game.agents)]
    return group, simulate(game, group, rules, episodes=1, seed=3, condition=condition)


def test_every_game_has_words():
    assert set(DIALOGUES) == {"sharing", "grants", "public_goods", "commons", "matrix"}


def test_the_public_record_of_the_grants_game_is_told():
    group, _ = heard("grants", mechanism="reputation", settings={"rounds": 4})
    for listener in group:
        for view, (_, user) in zip(listener.seen, listener.told, strict=True):
            (line,) = [x for x in user["content"].splitlines() if x.startswith("Public record")]
            for i, (answered, left) in view.record.items():
                assert f"agent {i}: {answered} / {left}" in line
    assert any(answered for answered, _ in group[0].seen[-1].record.values())


@pytest.mark.parametrize(("name", "condition"), PLAYED)
def test_typical_answers_are_carried_out(name, condition):
    group, episode = heard(name, condition, settings={"rounds": 4})
    assert episode.tallies["invalid_actions"] == 0
    assert episode["group_revenue"] > 0
    for listener in group:
        for schema in listener.schemas:
            assert to_strict_json_schema(schema) == schema.model_json_schema()
            assert "description" not in json.dumps(strict_schema(schema))


@pytest.mark.parametrize("name", list(DIALOGUES))
@pytest.mark.parametrize("framing", ["company", "plain", "neutral", "team"])
@pytest.mark.parametrize("persona", ["none", "competitive", "uncooperative"])
def test_tellings_differ_in_words_only(name, framing, persona):
    settings = {"rounds": 2}
    mechanism = "protocol + sharing_bonus(rate=0.5)"
    group, _ = heard(name, "baseline", mechanism, settings, framing=framing, persona=persona)
    texts = "".join(message["content"] for message in group[0].told[-1])
    assert ("objective: keep the other" in texts) == (persona == "uncooperative")
    assert ("make your own" in texts) == (persona == "competitive")
    if framing == "neutral":
        ours = re.sub(r'"[^"]*"', "", texts).lower()  # fields of the answer and earlier thoughts
        assert not re.search(r"\$|agent|revenue|company|dollar|cooperat(?!e with the others)", ours)


@pytest.mark.parametrize("name", ["public_goods", "commons", "matrix"])
def test_with_private_stakes_only_a_team_is_told_to_care_for_others(name):
    def rules(framing):
        return heard(name, settings={"rounds": 1}, framing=framing)[0][0].told[0][0]["content"]

    assert "make your revenue over all rounds" in rules("company")
    assert "team's score" in rules("team")


@pytest.mark.parametrize("name", list(DIALOGUES))
def test_the_unchanging_stands_first(name):
    cost = rehearse(make_game(name), parse("none"), PromptOptions(), "baseline")
    assert cost.shared_share >= 0.6


def test_what_is_hidden_is_not_told():
    for name, sign in [("public_goods", "agent 1: 10"), ("commons", "agent 1: 10")]:
        assert sign in heard(name)[0][0].told[-1][1]["content"]
        hidden = heard(name, mechanism="hidden")[0][0]
        assert sign not in hidden.told[-1][1]["content"]
        assert "so far, payments included" not in hidden.told[-1][1]["content"]
    assert "the other cooperate" in heard("matrix")[0][0].told[-1][1]["content"]
    assert (
        "the other cooperate"
        not in heard("matrix", mechanism="hidden")[0][0].told[-1][1]["content"]
    )


def test_public_goods_ask_for_a_contribution_then_for_punishment():
    game = make_game("public_goods")
    dialogue = dialogue_for(game, parse("none"), 0, PromptOptions())
    group, _ = heard("public_goods", "punishment", settings={"rounds": 1})
    give, punish = group[0].seen
    assert "What do you contribute?" in dialogue.messages(give)[1]["content"]
    answer = dialogue.answer(thoughts="hm", tokens=7)
    assert dialogue.actions(answer).actions == [Contribute(7)]
    assert "Contributed in this round: agent 0: 10" in dialogue.messages(punish)[1]["content"]
    answer = dialogue.answer(thoughts="hm", punish=[{"agent": 2, "amount": 1.5}])
    assert dialogue.actions(answer).actions == [Punish({2: 1.5})]


def test_the_commons_says_what_can_be_harvested():
    group, _ = heard("commons", "quota", settings={"rounds": 1})
    assert "You can harvest from 0 to 10 of them" in group[0].told[0][1]["content"]
    dialogue = group[0].dialogue
    assert dialogue.actions(dialogue.answer(thoughts="", units=3)).actions == [Harvest(3.0)]


@pytest.mark.parametrize("agent", [0, 1])
def test_payoffs_are_told_from_the_players_own_side(agent):
    """Kreps's trust game: who trusts one that abuses it loses 5, and the other gains 15."""
    group, _ = heard("matrix", settings={"table": "trust", "rounds": 1})
    rules = group[agent].told[0][0]["content"]
    told = {
        0: 'If you choose "trust" and the other "abuse", you earn -$5 and the other $15.',
        1: 'If you choose "abuse" and the other "trust", you earn $15 and the other -$5.',
    }
    assert told[agent] in rules
    assert told[1 - agent] not in rules
    dialogue = group[agent].dialogue
    move = {0: "refuse", 1: "abuse"}[agent]
    assert dialogue.actions(dialogue.answer(thoughts="", move=move)).actions == [Choose(1)]
    with pytest.raises(ValidationError):
        dialogue.answer(thoughts="", move="no such move")


def test_claims_are_told_in_a_sentence():
    group, _ = heard("matrix", settings={"table": "travellers_dilemma", "rounds": 1})
    rules = group[0].told[0][0]["content"]
    assert "a whole amount from $2 to $100" in rules
    assert len(rules) < 1500


def test_a_granted_piece_has_one_number():
    game = make_game("grants")
    dialogue = dialogue_for(game, parse("none"), 2, PromptOptions())

    def action(kind, to, pieces):
        return {"kind": kind, "to": to, "pieces": pieces, "text": ""}

    actions = [
        action("message", 3, [31]),
        action("lend", 4, [20, 29]),
        action("submit", -1, [5, 73]),
    ]
    taken = dialogue.actions(dialogue.answer(thoughts="", actions=actions)).actions
    assert taken == [SendMessage(3, "", (1,)), Grant(4, (0, 9)), SubmitTask(((0, 5), (7, 3)))]


def test_a_piece_of_somebody_else_is_refused():
    game, rules = make_game("grants", {"rounds": 2}), parse("none")

    class Thief(Listener):
        def act(self, view):
            self.seen.append(view)
            action = {"kind": "lend", "to": 1, "pieces": [99], "text": ""}
            return self.dialogue.actions(self.dialogue.answer(thoughts="", actions=[action]))

    thief = Thief(dialogue_for(game, rules, 0, PromptOptions()))
    episode = simulate(game, [thief, *["perfect"] * 9], rules, episodes=1)
    assert episode.tallies["invalid_actions"] == 2
    assert thief.seen[1].refused


def test_a_game_without_words_is_refused():
    class Silent:
        name = "silent"

    with pytest.raises(UserError, match="live agents cannot play 'silent'"):
        dialogue_for(Silent(), parse("none"), 0, PromptOptions())
