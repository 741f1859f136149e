"""From replies to answers: nothing is mended, nothing is made up."""

import pytest
from pydantic import BaseModel

from mechlab.llm.answers import Invalid, read_answer, reasoning_of, strict_schema, thoughts_of
from mechlab.llm.output import Reply, read_reply
from mechlab.llm.retry import Faulty

BAD = ("prose", "schema", "refusal", "empty", "length")  # answers of the server that are not valid


class Bid(BaseModel):
    price: int
    text: str = ""


@pytest.mark.parametrize(
    ("content", "reasoning"),
    [
        ('{"price": 7}', ""),
        ('  {"price": 7}\n', ""),
        ('<think>8? {"price": 8}</think>{"price": 7}', '8? {"price": 8}'),
        ('why not</think>\n{"price": 7}', "why not"),
        ('<Reasoning>a</Reasoning> <think>b</think> {"price": 7}', "a\nb"),
        ('```json\n{"price": 7}\n```', ""),
        ('My answer:\n```\n{"price": 7}\n```\nThank you.', ""),
        ('I bid {"price": 7}.', ""),
    ],
)
def test_wrapping_is_taken_off(content, reasoning):
    reply = Reply(content)
    assert read_answer(reply, Bid).price == 7
    assert reasoning_of(reply) == reasoning


def test_tags_within_an_answer_belong_to_it():
    content = '{"price": 7, "text": "<think>no</think> ```json {}```"}'
    assert read_answer(Reply(content), Bid).text == "<think>no</think> ```json {}```"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(""), "empty"),
        (Reply("<think>I never come to an end"), "Invalid JSON"),
        (Reply("no"), "Invalid JSON"),
        (Reply('{"price": 7'), "Invalid JSON"),
        (Reply('{"price": 7', finish="length"), "cut off at the limit of tokens"),
        (Reply('{"price": "seven"}'), "price: Input should be a valid integer"),
        (Reply('{"bid": 7}'), "price: Field required"),
        (Reply('{"price": 7} or {"price": 8}'), "Invalid JSON"),
        (Reply("", refusal="I cannot."), "refusal: I cannot."),
        (Reply("[" * 100_000), "Invalid JSON"),
        (Reply("{" * 100_000), "Invalid JSON"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(reply, why):
    with pytest.raises(Invalid, match=why) as error:
        read_answer(reply, Bid)
    assert "\n" not in str(error.value)


def test_thoughts_are_read_without_a_schema():
    assert thoughts_of(Reply('<think>x</think>{"thoughts": "I wait."}')) == "I wait."
    assert thoughts_of(Reply("none")) == ""


def test_a_strict_schema_closes_objects_within_objects():
    class Deal(BaseModel):
        bids: list[Bid]

    schema = strict_schema(Deal)
    inner = schema["$defs"]["Bid"]
    assert schema["additionalProperties"] is False is inner["additionalProperties"]
    assert inner["required"] == ["price", "text"]
    assert "default" not in inner["properties"]["text"]


def test_a_reply_survives_the_store():
    reply = Reply("\x00\U0001f600\u202e", reasoning="r", refusal="no", finish="stop")
    assert Reply.loaded(reply.dumped()) == reply


def test_what_an_endpoint_does_not_count_is_estimated_and_said_to_be():
    reply = read_reply('{"choices": [{"message": {"content": "abcdefgh"}}]}', asked=400)
    assert (reply.usage.prompt, reply.usage.answer, reply.usage.counted) == (100, 2, False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "garbled"),
        ("null", "garbled"),
        ('{"choices": []}', "garbled"),
        ('{"choices": [{"message": 3}]}', "garbled"),
        ("[" * 100_000, "garbled"),
        ('{"error": {"code": 429, "message": "slow"}}', "rate_limit"),
        ('{"error": "overloaded"}', "server"),
    ],
)
def test_a_body_that_is_no_completion_is_a_fault(body, kind):
    with pytest.raises(Faulty) as faulty:
        read_reply(body, 0)
    assert faulty.value.fault.kind == kind
