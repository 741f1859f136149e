"""What endpoints send back, as documented and as nobody documents it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mechlab.llm._output import InvalidAnswer, ModelOutput, Usage, parse_answer
from mechlab.llm._response import parse_output
from mechlab.llm._retry import CallFailed
from mechlab.llm._tokens import count_tokens
from mechlab.llm.budget import Spending
from mechlab.llm.prices import Price

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
COUNTS = ANYTHING | st.sampled_from([0, -1, 100, 2600, 10**400, 1e308, -22_000_000])
DETAILS = st.dictionaries(st.sampled_from(["cached_tokens", "reasoning_tokens"]), COUNTS) | ANYTHING
USAGES = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["prompt_tokens", "completion_tokens", "total_tokens"], COUNTS),
        **dict.fromkeys(["prompt_tokens_details", "completion_tokens_details"], DETAILS),
        "prompt_cache_hit_tokens": COUNTS,
        "cost": COUNTS | st.fixed_dictionaries({"total_cost": COUNTS}),
        "is_byok": st.booleans(),
    },
)


class Bid(BaseModel):
    price: int


SENT = [{"role": "user", "content": ("a b " * 47).strip()}]  # 94 words and 6 around them


def read(sent=SENT, usage=None, finish="stop", **message):
    """Read a response with one choice."""
    choice = {"message": {"content": "", **message}, "finish_reason": finish}
    return parse(sent, choices=[choice], usage=usage)


def parse(sent=SENT, **body):
    return parse_output(json.dumps(body).encode(), sent)


def test_what_an_endpoint_does_not_count_is_estimated():
    usage = read(content="abcd efgh").usage
    assert usage == Usage(100, 0, 2, counted=False)


def test_numbers_are_estimated_as_the_many_tokens_that_they_are():
    """Rows of numbers, as prompts of the sharing game have, are far from four characters each."""
    numbers = ", ".join(map(str, range(100, 200)))
    usage = read([{"role": "user", "content": numbers}], content=numbers, reasoning="7 8").usage
    assert usage.prompt == count_tokens(numbers) + 6 > len(numbers) / 3
    assert usage.answer == count_tokens("7 8" + numbers)


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 5}, (100, 0, 5)),
        ({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}, (100, 0, 5)),
        (  # reasoning inside the answer, as OpenAI counts it
            {"prompt_tokens": 1000, "completion_tokens": 1600, "total_tokens": 2600}
            | {"completion_tokens_details": {"reasoning_tokens": 1500}},
            (1000, 0, 1600),
        ),
        (  # beside it, and in the total alone
            {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 2600},
            (1000, 0, 1600),
        ),
        (
            {"prompt_tokens": 1000, "completion_tokens": 100}
            | {"completion_tokens_details": {"reasoning_tokens": 1500}},
            (1000, 0, 1600),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64},
            (100, 64, 5),
        ),
    ],
)
def test_counts_are_read_as_the_most_that_they_can_mean(counts, tokens):
    usage = read(usage=counts, content="abcd efgh").usage
    assert (usage.prompt, usage.cached, usage.answer) == tokens
    assert usage.counted
    assert not usage.doubt


@pytest.mark.parametrize(
    ("counts", "tokens", "doubt"),
    [
        ({"prompt_tokens": -40_000, "completion_tokens": 5}, (100, 0, 5), "prompt_tokens = -40000"),
        (
            {"prompt_tokens": 0, "completion_tokens": 0},
            (100, 0, 2),
            "prompt_tokens = 0, ",
        ),
        (
            {"prompt_tokens": "sk-5ecre7", "completion_tokens": 5},
            (100, 0, 5),
            "prompt_tokens = str",
        ),
        ({"prompt_tokens": 100, "completion_tokens": -5}, (100, 0, 2), "completion_tokens = -5"),
        (
            {"prompt_tokens": 100, "completion_tokens": 1e400},
            (100, 0, 2),
            "completion_tokens = i",
        ),
        ({"prompt_tokens": 100, "completion_tokens": 10**30}, (100, 0, 2), "completion_tokens = 1"),
        (
            {"prompt_tokens": 100, "completion_tokens": 5}
            | {"prompt_tokens_details": {"cached_tokens": 500}},
            (600, 500, 5),
            "cached_tokens = 500",
        ),
    ],
)
def test_counts_that_cannot_be_right_are_replaced_and_said_to_be(counts, tokens, doubt):
    usage = read(usage=counts, content="abcd efgh").usage
    assert (usage.prompt, usage.cached, usage.answer) == tokens
    assert not usage.counted
    assert usage.doubt.startswith(doubt)


@pytest.mark.parametrize(
    ("counts", "cost"),
    [
        ({"cost": 0.00125}, 0.00125),  # OpenRouter
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 2}}, 2.5),
        ({"cost": {"total_cost": 0.0125, "input_tokens_cost": 0.01}}, 0.0125),  # Perplexity
        ({"cost": 0}, 0.0),
        ({"cost": -1}, None),
        ({"cost": 1e9}, None),
        ({"cost": float("nan")}, None),
        ({"cost": True}, None),
        ({"cost": "0.1"}, None),
        ({}, None),
    ],
)
def test_what_an_endpoint_says_it_charged_is_read_where_it_can_be_right(counts, cost):
    assert read(usage={"prompt_tokens": 10, "completion_tokens": 2, **counts}).usage.cost == cost


@given(USAGES, st.integers(0, 10**6), st.text(max_size=50))
def test_no_usage_record_earns_tokens_or_dollars(counts, characters, content):
    sent = [{"role": "user", "content": "x" * characters}]
    usage = read(sent, usage=counts, content=content).usage
    assert 0 <= usage.cached <= usage.prompt
    assert usage.prompt >= characters / 128
    assert usage.answer >= len(content) / 128
    spent = Spending.of(usage, Price(prompt=2, cached=1, answer=8).of(usage))
    assert 0 <= spent.tokens < 2**31
    assert 0 <= spent.dollars < 1e4
    assert usage.cost is None or 0 <= usage.cost < 1000
    if counts is None:
        assert not usage.counted


@given(st.text(max_size=20) | st.sampled_from(["length", "error", "SAFETY", "tool_calls"]))
def test_any_reason_to_finish_gives_an_answer_a_reason_or_a_fault(finish):
    for content in ("", None, '{"price": 7}'):
        try:
            parse_answer(read(finish=finish, content=content), Bid)
        except CallFailed as failure:
            assert finish.lower() == "error"
            assert failure.fault.retried
        except InvalidAnswer as reason:
            assert str(reason)


@given(ANYTHING)
def test_any_message_is_an_output_or_a_fault(message):
    for choice in (message, {"message": message}, {"message": {"content": message}}):
        try:
            output = parse(choices=[choice])
        except CallFailed as failure:
            assert failure.fault.kind == "garbled"
        else:
            assert ModelOutput.load(output.dump()) == output


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 502, "message": "Provider disconnected"}, "server"),
        ({"code": 429, "message": "slow"}, "rate_limit"),
        ({"code": 400, "message": "upstream"}, "server"),
        ("overloaded", "server"),
    ],
)
def test_an_endpoint_that_fails_while_the_model_writes_has_failed_itself(error, kind):
    choice = {"message": {"content": '{"pri'}, "finish_reason": "error", "error": error}
    with pytest.raises(CallFailed) as failed:
        parse(choices=[choice])
    assert failed.value.fault.kind == kind
    assert failed.value.fault.retried
    assert failed.value.fault.detail in ("Provider disconnected", "slow", "upstream", "overloaded")


def test_an_answer_that_reasoning_left_no_tokens_for_was_cut():
    output = read(finish="length", reasoning_content="Let me see")
    with pytest.raises(InvalidAnswer, match="cut off at the limit of tokens") as reason:
        parse_answer(output, Bid)
    assert "raise max_completion_tokens" in reason.value.advice


@pytest.mark.parametrize("choice", [{}, {"message": None}, {"message": {"role": "assistant"}}])
def test_a_response_without_a_message_was_withheld_and_is_no_fault(choice):
    finish = "content_filter: PROHIBITED_CONTENT"
    output = parse(choices=[{**choice, "finish_reason": finish}])
    with pytest.raises(InvalidAnswer, match=r"withheld by the filter .*PROHIBITED_CONTENT"):
        parse_answer(output, Bid)


def test_parts_that_think_are_reasoning():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "7 or 8?"}]}
    output = read(content=[thinking, {"type": "text", "text": '{"price": 7}'}])
    assert (output.content, output.all_reasoning) == ('{"price": 7}', "7 or 8?")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_body_is_read_in_the_encoding_that_it_has(encoding):
    text = json.dumps({"choices": [{"message": {"content": "Größe"}}]}, ensure_ascii=False)
    assert parse_output(text.encode(encoding), []).content == "Größe"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "garbled"),
        (b"\xff\xfe\xff", "garbled"),
        (b"null", "garbled"),
        (b'{"choices": []}', "garbled"),
        (b'{"choices": [{"message": 3}]}', "garbled"),
        (b"[" * 100_000, "garbled"),
        (b'{"error": {"code": 429, "message": "slow"}}', "rate_limit"),
        (b'{"error": {"code": "429", "message": "slow"}}', "rate_limit"),
        (b'{"error": {"code": 1e400, "message": ["slow"]}}', "server"),
        (b'{"error": "overloaded"}', "server"),
    ],
)
def test_a_body_that_is_no_completion_is_a_fault(body, kind):
    with pytest.raises(CallFailed) as faulty:
        parse_output(body, [])
    assert faulty.value.fault.kind == kind
