"""From a model's output to an answer: nothing is repaired, nothing is made up."""

import json
from enum import Enum

import pytest
from pydantic import BaseModel, Field, create_model

from mechlab.llm._output import (
    InvalidAnswer,
    ModelOutput,
    parse_answer,
    request_body,
    strict_schema,
)


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
    output = ModelOutput(content)
    assert parse_answer(output, Bid).price == 7
    assert output.all_reasoning == reasoning


def test_tags_within_an_answer_belong_to_it():
    content = '{"price": 7, "text": "<think>no</think> ```json {}```"}'
    assert parse_answer(ModelOutput(content), Bid).text == "<think>no</think> ```json {}```"


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (ModelOutput(""), "empty"),
        (ModelOutput("<think>I never come to an end"), "^answer: "),
        (ModelOutput("no"), "^answer: "),
        (ModelOutput('{"price": 7'), "^answer: "),
        (ModelOutput('{"price": 7', finish="length"), "cut off at the limit of tokens; answer: "),
        (
            ModelOutput("", finish="MAX_TOKENS"),
            "cut off .* there was no answer yet",
        ),
        (ModelOutput("", finish="content_filter: SAFETY"), "withheld by the filter .*SAFETY"),
        (ModelOutput("", finish="tool_calls"), "there was no answer, it ended with 'tool_calls'"),
        (ModelOutput('{"price": "seven"}'), "^price: "),
        (ModelOutput('{"bid": 7}'), "^price: "),
        (ModelOutput('{"price": 7} or {"price": 8}'), "^answer: "),
        (ModelOutput("", refusal="I cannot."), "refusal: I cannot."),
        (ModelOutput("[" * 100_000), "^answer: "),
        (ModelOutput("{" * 100_000), "^answer: "),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(output, why):
    with pytest.raises(InvalidAnswer, match=why) as error:
        parse_answer(output, Bid)
    assert "\n" not in str(error.value)


def test_thoughts_are_read_without_a_schema():
    assert ModelOutput('<think>x</think>{"thoughts": "I wait."}').thoughts == "I wait."
    assert ModelOutput("none").thoughts == ""


def test_a_strict_schema_closes_objects_within_objects():
    class Deal(BaseModel):
        bids: list[Bid]

    schema = strict_schema(Deal)
    inner = schema["$defs"]["Bid"]
    assert schema["additionalProperties"] is False is inner["additionalProperties"]
    assert inner["required"] == ["price", "text"]
    assert "default" not in inner["properties"]["text"]


@pytest.mark.parametrize("name", ["default", "discriminator", "oneOf", "properties"])
def test_a_field_may_be_named_like_a_word_of_json_schema(name):
    plain = create_model("Plain", text=(str, ""), other=(str, ""))
    schema = strict_schema(create_model("Named", **{name: (str, ""), "other": (str, "")}))
    assert list(schema["properties"]) == schema["required"] == [name, "other"]
    assert schema["properties"]["other"] == strict_schema(plain)["properties"]["other"]
    assert "default" not in schema["properties"][name]


@pytest.mark.parametrize("form", ["json_schema", "json_object", "text"])
def test_docstrings_are_not_sent_to_models_but_descriptions_are(form):
    class Side(Enum):
        """For developers."""

        LEFT = "left"

    class Inner(BaseModel):
        """For developers."""

        side: Side = Field(description="for models")

    class Outer(BaseModel):
        """For developers."""

        description: str
        inner: list[Inner]

    body = json.dumps(request_body(form, Outer, [{"role": "system", "content": "rules"}]))
    assert "for models" in body
    assert "For developers" not in body
    assert "description" in strict_schema(Outer)["properties"]


def test_a_reply_survives_the_store():
    output = ModelOutput("\x00\U0001f600\u202e", reasoning="r", refusal="no", finish="stop")
    assert ModelOutput.load(output.dump()) == output
