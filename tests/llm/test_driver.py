"""Live agents against a real server on loopback: episodes play, faults are accounted for."""

import asyncio
import json
import sqlite3
from collections import Counter

import pytest

from mechlab.errors import OutOfBudget, UserError
from mechlab.llm import _model
from mechlab.llm._model import ReplayMiss
from mechlab.llm._retry import EndpointError
from mechlab.llm.budget import TooManyInvalidTurns
from mechlab.llm.session import live_session
from mechlab.llm.settings import Caps, Live
from mechlab.llm.transcripts import open_transcripts
from mechlab.simulation import simulate
from tests.llm.conftest import KEY
from tests.llm.fault_server import FAULT_KINDS, INVALID, FaultServer

SMALL = {"agents": 3, "rounds": 4, "pieces": 9, "hand": 3, "needed": 2}
CALLS = 3 * 4  # of an episode
STORE = "sqlite:///.mechlab/calls.db"


def play(population="llm:maker/model-1.5:8b", **more):
    return simulate(population=population, **{"settings": SMALL, "episodes": 2, **more})


def calls(column="*"):
    with sqlite3.connect(".mechlab/calls.db") as database:
        return [row[0] for row in database.execute(f"select {column} from mechlab_call")]


def test_models_play_as_well_as_their_answers(server):
    """The server's policy asks and answers on its own turn, as in ``sequential`` play."""
    episodes = play(episodes=6)
    assert server.done == {"good": 6 * CALLS}
    assert (episodes["group_revenue"] / episodes["sequential"]).mean() > 0.7
    assert not episodes["invalid_turns"].any()


def test_the_same_answers_give_the_same_table_bit_for_bit(server):
    first = play(mechanism="sharing_bonus(rate=500)")
    again = play(mechanism="sharing_bonus(rate=500)")
    with live_session(replay=True):
        replayed = play(mechanism="sharing_bonus(rate=500)")
    assert first.frame.equals(again.frame)
    assert first.frame.equals(replayed.frame)
    assert (first.payments == replayed.payments).all()
    assert server.done.total() == 2 * CALLS


def test_replicates_stay_apart(server):
    """Episodes begin with different deals, but equal prompts would still be different calls."""
    server.behaviour.policy = lambda messages: json.dumps({"thoughts": "", "actions": []})
    play(settings={**SMALL, "hand": 0}, episodes=3)
    assert server.done.total() == len(calls("distinct key")) == 3 * CALLS


def test_a_replay_needs_every_answer_and_no_key(server, monkeypatch):
    play(episodes=1)
    monkeypatch.delenv("OPENAI_API_KEY")
    with live_session(replay=True):
        play(episodes=1)
        with pytest.raises(
            ReplayMiss, match=r"holds no answer of llm:maker/model-1\.5:8b for agent"
        ):
            play(episodes=2)
    assert server.done.total() == CALLS


def test_every_fault_is_accounted_for(server):
    """30% faults of all kinds: a 20-round episode completes and the record tells each of them."""
    kinds = [kind for kind in (*FAULT_KINDS, *INVALID) if kind != "stall"]
    server.behaviour.faults = dict.fromkeys(kinds, 0.3 / len(kinds))
    with live_session(Live(timeout=3600, patience=3600, invalid_limit=0.5)) as session:
        episodes = play(settings={**SMALL, "rounds": 20}, episodes=2)
    done = server.done
    with open_transcripts(STORE) as transcripts:
        spoken = [
            call for played in transcripts.episodes() for call in transcripts.calls(played.id)
        ]
    met = Counter(fault["kind"] for call in spoken for fault in call.faults)
    assert met == sum((Counter({FAULT_KINDS[kind]: done[kind]}) for kind in FAULT_KINDS), Counter())
    assert sum(done[kind] for kind in FAULT_KINDS) > 5
    problems = [call for call in spoken if call.problem]
    assert len(problems) == sum(done[kind] for kind in INVALID)
    assert len(spoken) - len(problems) == done["good"]
    # Turns: each was answered validly, or twice not.
    turns = {(played, call.turn) for played in (0, 1) for call in spoken}
    assert session.invalid_turns.turns == 2 * 60 == done["good"] + session.invalid_turns.invalid
    assert episodes["invalid_turns"].sum() == session.invalid_turns.invalid
    assert len(turns) == 120


def test_where_nothing_but_faults_comes_it_stops_and_resumes(server):
    server.behaviour.faults = {"500": 1.0}
    with (
        pytest.raises(EndpointError, match=r"nothing but faults, the last: server: 500: try later"),
        live_session(Live(patience=0.2)),
    ):
        play()
    assert not calls()
    server.behaviour.faults = {}
    assert len(play()) == 2
    assert server.done["good"] == 2 * CALLS


def test_an_endpoint_that_never_answers_is_given_up(server):
    server.behaviour.faults = {"stall": 1.0}  # for an hour, so that any time limit is shorter
    with (
        pytest.raises(EndpointError, match=r"timeout: no answer in 0\.2 s"),
        live_session(Live(timeout=0.2, patience=0.1)),
    ):
        play()


@pytest.mark.parametrize("waiting", ["429", "503"])
def test_from_the_first_call_on_an_endpoint_is_waited_for_as_it_asks(
    server, waiting, monkeypatch, caplog
):
    """A wrong URL is told soon; who says that he is busy, or loads a model, is there."""
    monkeypatch.setattr(_model, "_FIRST_PATIENCE", 0.0)
    monkeypatch.setattr(_model, "_QUIET", 0.0)
    server.behaviour.script = [waiting] * 3
    play(episodes=1)
    assert server.done == {waiting: 3, "good": CALLS}
    (line,) = caplog.messages  # one word of it, not one a fault
    assert line.startswith(f"waiting for llm:maker/model-1.5:8b at {server.url} (")
    assert f"{waiting}: " in line
    assert "the next attempt is in 0 s" in line


def test_where_the_money_ended_nothing_is_waited_for(server):
    server.behaviour.script = ["good", "quota"]
    with pytest.raises(EndpointError, match=r"quota: 429: You exceeded your current quota"):
        play(episodes=1)
    assert server.done == {"good": 1, "quota": 1}


def test_a_prompt_that_a_filter_refuses_is_an_empty_counted_turn(server):
    server.behaviour.script = ["filter", "good", "filter"]  # the first call of all too
    episodes = play(episodes=1)
    assert episodes["invalid_turns"] == [2]
    assert server.done == {"filter": 2, "good": CALLS - 2}  # and is not sent again
    assert play(episodes=1).frame.equals(episodes.frame)
    assert server.done.total() == CALLS
    with open_transcripts(STORE) as transcripts:
        first = transcripts.calls(transcripts.episodes()[0].id)[0]
    assert first.problem.startswith("refusal: the provider's filter refused the prompt: 400: ")
    assert [fault["kind"] for fault in first.faults] == ["filtered"]


def test_a_filter_that_refuses_too_many_prompts_stops_a_run_with_that_reason(server):
    server.behaviour.faults = {"filter": 1.0}
    with pytest.raises(TooManyInvalidTurns, match=r"20%.*filter refused the prompt: 400: Invalid"):
        play(episodes=5)


def test_prompts_do_not_follow_a_redirect(server):
    with FaultServer() as other:
        server.behaviour.faults = {"redirect": 1.0}
        server.behaviour.location = f"{other.url}/chat/completions"
        with pytest.raises(EndpointError, match=rf"307: it redirects to {other.url}/chat"):
            play()
        assert not other.done
    assert server.done == {"redirect": 1}


def test_a_server_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError, match="connection"), live_session(Live(patience=0.2)):
        play()


def test_a_resumed_run_asks_only_what_it_does_not_know(server):
    with live_session(Live(caps=Caps(calls=2 * CALLS))), pytest.raises(OutOfBudget) as cap:
        play(episodes=5)
    assert "leaves no room for an episode of 12 calls (24 calls," in str(cap.value)
    assert len(cap.value.episodes) == 2
    assert server.done.total() == 2 * CALLS
    whole = play(episodes=5)
    assert server.done.total() == 5 * CALLS
    assert whole.frame[:2].equals(cap.value.episodes.frame)


@pytest.mark.parametrize("caps", [{"calls": 20}, {"tokens": 20_000}, {"dollars": 0.004}])
def test_a_cap_is_passed_by_no_more_than_the_calls_under_way(server, caps, monkeypatch):
    monkeypatch.setattr("mechlab.llm.settings._LOCAL", ())  # as if it were not on this machine
    with live_session(Live(caps=Caps(**caps))) as session, pytest.raises(OutOfBudget):
        play("llm:gpt-4.1-mini", episodes=20)
    ((name, most),) = caps.items()
    dearest = {"calls": 0, "tokens": 1500, "dollars": 1500 * 1.6e-6}[name]  # 64 under way at most
    assert 0.3 * most < getattr(session.budget.spending, name) <= most + 64 * dearest
    assert server.done.total() == session.budget.spending.calls


def test_a_cap_in_dollars_needs_a_price(server, monkeypatch):
    monkeypatch.setattr("mechlab.llm.settings._LOCAL", ())
    with (
        live_session(Live(caps=Caps(dollars=1))),
        pytest.raises(UserError, match="is not in the table"),
    ):
        play()
    assert not server.done


def test_an_invalid_answer_is_returned_once_and_then_acts_as_an_empty_turn(server):
    server.behaviour.faults = {"prose": 1.0}
    with live_session(Live(invalid_limit=1.0)):
        episodes = play(episodes=1)
    assert episodes["invalid_turns"] == [CALLS]
    assert episodes["tasks"] == [0]
    first, second = server.requests[2:4]  # of the first turn that knows the response format
    assert second["messages"][: len(first["messages"])] == first["messages"]
    said, asked = second["messages"][-2:]
    assert said == {"role": "assistant", "content": "I would rather not use JSON."}
    assert "could not be read: answer: " in asked["content"]
    assert server.done.total() == 2 * CALLS


def test_too_many_invalid_answers_stop_a_run(server):
    server.behaviour.faults = {"refusal": 1.0}
    with pytest.raises(TooManyInvalidTurns, match=r"exceeds the limit of 20%.*I cannot take part"):
        play()


@pytest.mark.parametrize("form", ["json_object", "text"])
def test_an_endpoint_without_schemas_is_told_in_words(server, form):
    server.behaviour.forms = (form, "text")
    play(episodes=1)
    assert server.done == {"400": 1 if form == "json_object" else 2, "good": CALLS}
    assert "fits this JSON schema" in server.requests[-1]["messages"][0]["content"]
    play(episodes=1)  # the form makes no other call
    assert server.done["good"] == CALLS


def test_messages_are_stored_as_they_were_sent(server):
    for forms in (("json_schema",), ("text",)):
        server.behaviour.forms = forms
        play(f"llm:{forms[0]}", episodes=1)
    with open_transcripts(STORE) as transcripts:
        stored = [
            call.messages
            for played in transcripts.episodes()
            for call in transcripts.calls(played.id)
        ]
    sent = [
        request["messages"]
        for request in server.requests
        if request.get("response_format", {"type": "text"})["type"] in ("json_schema", "text")
    ]
    assert all(messages in sent for messages in stored)
    assert sum("fits this JSON schema" in messages[0]["content"] for messages in stored) == CALLS
    formats = [json.loads(request)["response_format"] for request in calls("request")]
    assert [by["type"] for by in formats] == ["json_schema"] * CALLS + ["text"] * CALLS
    with sqlite3.connect(".mechlab/calls.db") as database:
        (schema,) = database.execute(
            "select text from mechlab_text where id = ?", (formats[0]["json_schema"],)
        ).fetchone()
    response_format = server.requests[0]["response_format"]["json_schema"]
    assert json.loads(json.loads(schema)) == response_format["schema"]


def test_a_refusal_of_another_cause_does_not_weaken_the_format(server):
    server.behaviour.script = ["opaque"]
    play(episodes=1)
    assert server.done == {"opaque": 1, "good": CALLS}
    assert all(request["response_format"]["type"] == "json_schema" for request in server.requests)


def test_a_format_that_an_endpoint_refuses_without_a_word_is_left(server):
    server.behaviour.script = ["opaque", "opaque"]
    play(episodes=1)
    assert server.done == {"opaque": 2, "good": CALLS}
    assert server.requests[-1]["response_format"]["type"] == "json_object"


def test_another_worker_takes_the_format_that_the_first_one_found(server):
    server.behaviour.forms = ("text",)
    play(episodes=1)
    server.behaviour.forms = ("json_schema", "json_object", "text")
    play(episodes=2)
    assert server.done == {"400": 2, "good": 2 * CALLS}
    assert "response_format" not in server.requests[-1]


@pytest.mark.parametrize("form", ["json_schema", "json_object", "text"])
def test_a_population_may_state_the_format(server, form):
    play(f"llm:m(response_format={form})", episodes=1)
    assert server.done == {"good": CALLS}
    types = {
        request.get("response_format", {"type": "text"})["type"] for request in server.requests
    }
    assert types == {form}
    server.behaviour.forms = ()
    with pytest.raises(EndpointError, match="refused the request"):
        play(f"llm:other(response_format={form})", episodes=1)
    assert server.done["400"] == 1


def test_an_endpoint_that_ignores_the_format_gets_the_schema_in_words_after_a_mistake(server):
    """As layers over other APIs do: the model sees a schema only where the prompt holds it."""

    def policy(messages):
        seen = any("fits this JSON schema" in message["content"] for message in messages)
        return '{"thoughts": "", "actions": []}' if seen else "I wait."

    server.behaviour.policy = policy
    episodes = play(episodes=1)
    assert episodes["invalid_turns"] == [0]
    assert server.done == {"good": CALLS + 1}  # after the first mistake all calls have it
    play(episodes=2)  # another worker too
    assert server.done == {"good": 2 * CALLS + 1}


@pytest.mark.parametrize("kind", ["refusal", "empty", "cut_reasoning", "length", "think"])
def test_an_answer_that_no_schema_prevents_leaves_the_format_as_it_is(server, kind):
    server.behaviour.script = [kind]
    play(episodes=1)
    assert {request["response_format"]["type"] for request in server.requests} == {"json_schema"}


def test_counts_that_cannot_be_right_pass_no_cap_and_are_said_once(server, caplog):
    server.behaviour.usage = {"prompt_tokens": -40_000, "completion_tokens": 5}
    with live_session(Live(caps=Caps(tokens=15_000))) as session, pytest.raises(OutOfBudget):
        play(episodes=50)
    assert 0.3 * 15_000 < session.budget.spending.tokens < 15_000 + 64 * 1500
    (said,) = [record.getMessage() for record in caplog.records if "tokens" in record.getMessage()]
    assert "prompt_tokens = -40000" in said


def test_an_endpoint_that_fails_while_a_model_writes_is_asked_again(server):
    server.behaviour.faults = {"upstream": 0.3}
    episodes = play(episodes=1)
    assert episodes["invalid_turns"] == [0]
    assert server.done["upstream"] > 0
    assert server.done["good"] == CALLS == len(calls())


def test_a_group_whose_tokens_all_go_into_reasoning_is_told_what_to_raise(server):
    server.behaviour.faults = {"cut_reasoning": 1.0}
    with pytest.raises(TooManyInvalidTurns, match=r"cut off at the limit .*raise max_completion_"):
        play()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}", '{{"thoughts": "{}", "actions": []}}'])
def test_an_answer_of_megabytes_is_an_answer_like_any_other(server, form):
    answer = form.format("y " * 2_500_000)
    server.behaviour.policy = lambda _: answer
    with live_session(Live(invalid_limit=1.0)):
        play(settings={**SMALL, "rounds": 1}, episodes=1)
    assert {len(json.loads(output)["content"]) for output in calls("output")} == {len(answer)}


def test_a_request_that_is_refused_in_every_form_is_an_error(server):
    server.behaviour.forms = ()
    with pytest.raises(EndpointError, match="refused the request: refused: 400"):
        play()
    assert server.done == {"400": 3}


def test_a_wrong_key_is_an_error_at_once_and_is_not_shown(server, monkeypatch, capfd, caplog):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wr0ng")
    with pytest.raises(EndpointError, match="401: bad key") as error:
        play()
    told = str(error.value) + "".join(capfd.readouterr()) + caplog.text
    assert "sk-wr0ng" not in told
    assert server.done == {"401": 1}


@pytest.mark.parametrize("key", [KEY, "\\u0073" + KEY[1:], f"{KEY[:9]}\\n{KEY[9:]}"])
def test_the_key_reaches_neither_store_nor_log(server, caplog, key):
    """Even from a server that repeats it in its errors and answers, escaped or split."""
    caplog.set_level("DEBUG")
    server.behaviour.faults = {"echo": 0.5}
    answer = '{"thoughts": "my key is KEY", "actions": []}'.replace("KEY", key)
    server.behaviour.policy = lambda _: answer
    with live_session() as session:
        play(episodes=1)
        assert KEY not in repr(vars(session))
    with open_transcripts(STORE) as transcripts:
        said = transcripts.calls(transcripts.episodes()[0].id)
    assert {call.thoughts for call in said} == {"my key is [key]"}
    assert any("Bearer [key]" in fault["detail"] for call in said for fault in call.faults)
    with sqlite3.connect(".mechlab/calls.db") as database:
        assert KEY not in "\n".join(database.iterdump())
    assert KEY not in caplog.text


def test_a_key_that_anybody_may_know_damages_no_answer(server, monkeypatch):
    server.behaviour.key = ""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    thought = "I have none of the pieces; nonetheless I wait."
    server.behaviour.policy = lambda _: json.dumps({"thoughts": thought, "actions": []})
    play(episodes=1)
    with open_transcripts(STORE) as transcripts:
        spoken = transcripts.calls(transcripts.episodes()[0].id)
    assert {call.thoughts for call in spoken} == {thought}


def test_live_agents_sit_beside_others(server):
    class Silent:
        def act(self, view):
            return ()

    from mechlab.agents.population import Population

    live = Population.of("llm:m(temperature=0.5)", 1).members[0]
    group = [live, "perfect", Silent()]
    episodes = play(group, episodes=1)
    assert server.done.total() == SMALL["rounds"]
    assert server.requests[0]["temperature"] == 0.5
    assert episodes.population.kinds == {"live", "scripted", "own"}


def test_two_endpoints_in_one_group(server, monkeypatch):
    with FaultServer() as other:
        monkeypatch.setenv("OTHER_BASE_URL", other.url)
        play("llm:a*2 + llm:b(endpoint=other)", episodes=1)
        assert server.done.total() == 2 * SMALL["rounds"]
        assert other.done.total() == SMALL["rounds"]
        assert {request["model"] for request in other.requests} == {"b"}


def test_an_option_of_one_endpoint_is_not_sent_to_another(server, monkeypatch):
    with FaultServer() as other:
        monkeypatch.setenv("OTHER_BASE_URL", other.url)
        endpoints = {"other": {"extra": {"service_tier": "flex"}, "concurrency": 1}}
        with live_session(Live(extra={"seed": 5}, endpoints=endpoints)):
            play("llm:a*2 + llm:b(endpoint=other)", episodes=2)
        assert all(request["seed"] == 5 for request in server.requests + other.requests)
        assert {request["service_tier"] for request in other.requests} == {"flex"}
        assert not any("service_tier" in request for request in server.requests)
        assert other.busiest == 1


def test_it_runs_where_an_event_loop_runs_already(server):
    """As in a notebook."""

    async def cell():
        return play(episodes=1)

    assert len(asyncio.run(cell())) == 1


def test_a_text_that_databases_and_terminals_dislike_comes_back_as_it_was(server):
    hostile = "\x00\x1b[31m</script>\u202e '; drop table mechlab_call; --"
    server.behaviour.policy = lambda _: json.dumps({"thoughts": hostile, "actions": []})
    play(episodes=1)
    with open_transcripts(STORE) as transcripts:
        (played,) = transcripts.episodes()
        assert {call.thoughts for call in transcripts.calls(played.id)} == {hostile}
        assert played.finished


@pytest.mark.parametrize(
    ("asked", "given", "cost", "dollars"),
    [
        ("auto", None, {}, 2.0),
        ("flex", None, {}, 1.0),
        ("flex", "default", {}, 2.0),  # asked for and not given
        ("auto", "priority", {}, 3.5),  # as a project's own setting may have it
        ("auto", "priority", {"cost": 0.25}, 0.25),  # what was charged
        ("auto", None, {"cost": 0}, 2.0),
    ],
)
def test_a_call_costs_what_was_charged_or_its_tier(server, asked, given, cost, dollars):
    """A million tokens of prompts, at OpenAI's rates for o3."""
    server.behaviour.tier = given
    server.behaviour.usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, **cost}
    server.behaviour.policy = lambda messages: ""
    one = {"agents": 2, "rounds": 1, "pieces": 4, "hand": 2, "needed": 2}
    live = Live(extra={"service_tier": asked}, invalid_limit=1.0)
    with pytest.MonkeyPatch.context() as patch, live_session(live) as session:
        patch.setattr("mechlab.llm.prices.is_local", lambda url: False)
        simulate("sharing", "llm:o3", episodes=1, settings=one)
        spent = session.budget.spending
    assert spent.dollars / spent.calls == pytest.approx(dollars, rel=0.01)
