"""Prompts from templates: what the dialogues of all games share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, ClassVar, Self

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from pydantic import BaseModel, ConfigDict

from mechlab.games.base import Game
from mechlab.llm._output import edited
from mechlab.llm.dialogue import Message
from mechlab.llm.settings import PromptOptions
from mechlab.mechanism import Mechanism, Vocabulary


@dataclass(frozen=True)
class Nouns:
    """What things are called in prompts.

    Attributes:
        vocabulary: the game's nouns, used by the mechanism's rules.

    >>> Nouns.of(PromptOptions(framing="neutral"), Vocabulary(), unit="item").agent
    'player'
    """

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    agent: str = "agent"
    income: str = "revenue"
    neutral: bool = False

    @classmethod
    def of(cls, options: PromptOptions, vocabulary: Vocabulary, **neutral: str) -> Self:
        """Return the nouns of a prompt; ``neutral`` replaces words if names are neutral."""
        if options.framing != "neutral":
            return cls(vocabulary)
        return cls(replace(vocabulary, **neutral), "player", "score", True)

    def rephrase(self, sentence: str) -> str:
        """Return a sentence with neutral names, and points for dollars, if names are neutral.

        >>> Nouns(neutral=True).rephrase("Ask the agents; an agent earns $1,000 for it.")
        'Ask the players; a player earns 1,000 points for it.'
        """
        if not self.neutral:
            return sentence
        named = re.sub(r"\bagent", "player", re.sub(r"\b(a|A)n agent\b", r"\1 player", sentence))
        return re.sub(r"\$(\d[\d,]*(\.\d+)?)", r"\1 points", named)

    def money(self, amount: float) -> str:
        """Return an amount of money in words, or in points.

        >>> Nouns().money(-2.5), Nouns(neutral=True).money(1000)
        ('-$2.50', '1,000 points')
        """
        return self.rephrase(self.vocabulary.money(amount))


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("mechlab.llm", "prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text, no markup: see ``quoted``
    )
    environment.filters.update(
        quoted=partial(json.dumps, ensure_ascii=False),  # no agent's words can pass for ours
        plain="{:.10g}".format,  # a number with the digits that it needs
        bare=Vocabulary(currency="").money,  # an amount without its unit, for tables
    )
    environment.globals["shared"] = environment.get_template("shared.j2").module
    return environment.get_template(f"{name}.j2")


class Prompt:
    """A template file, with a block ``rules`` and a block ``turn``.

    Args:
        name: of the file, without ``.j2``.
        values: of the template's variables that are the same in a whole episode.
    """

    def __init__(self, name: str, **values: Any) -> None:
        self._template, self._values, self._rules = _template(name), values, ""

    def __call__(self, block: str, **values: Any) -> str:
        """Return the text of a block, with no more than one empty line in a row."""
        context = self._template.new_context({**self._values, **values})
        return re.sub("\n{3,}", "\n\n", "".join(self._template.blocks[block](context)))

    def messages(self, **values: Any) -> list[Message]:
        """Return the rules, which stay those of the first turn, and a turn."""
        self._rules = self._rules or self("rules", **values)
        texts = {"system": self._rules, "user": self("turn", **values)}
        return [{"role": role, "content": text.strip()} for role, text in texts.items()]


_CHARACTERS, _ITEMS = 120, 3  # of each text and list in a short answer: a sentence, three pieces


class Closed(BaseModel):
    """An object with no other fields than its own; a ``description`` of a field is for models."""

    model_config = ConfigDict(extra="forbid")


class ThoughtfulAnswer(Closed):
    """An answer with private thoughts, which come first; a game's own adds its actions."""

    thoughts: str


class TemplateDialogue:
    """A ``Dialogue`` without ``actions`` and ``typical_answer``, which a game's own adds.

    Class attributes:
        schema: of the answer, before lengths are limited.
        template: see ``Prompt``.
        neutral_words: words of the game's vocabulary where names are neutral.
        names: further nouns of the template, each plain and neutral.
    """

    schema: ClassVar[type[BaseModel]]
    template: ClassVar[str]
    neutral_words: ClassVar[Mapping[str, str]] = {}
    names: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(
        self, game: Game, mechanism: Mechanism, agent: int, options: PromptOptions
    ) -> None:
        self.game, self.agent, self.full = game, agent, options.history == "full"
        self.nouns = Nouns.of(options, game.vocabulary, **self.neutral_words)
        names = {name: pair[self.nouns.neutral] for name, pair in self.names.items()}
        values = {"game": game, "mechanism": mechanism, "options": options, "nouns": self.nouns}
        self.text = Prompt(self.template, agent=self.nouns.agent, full=self.full, **names, **values)
        self._short = options.answers == "short"
        self.expect(self.schema)

    def expect(self, schema: type[BaseModel]) -> None:
        """Expect answers of a schema from now on, of limited length if the options say so."""
        self.answer = _shortened(schema) if self._short else schema

    def messages(self, view: Any) -> list[Message]:
        """Return the rules, which are the same for all agents and rounds, and the turn."""
        return self.text.messages(view=view, **self.context(view))

    def context(self, view: Any) -> Mapping[str, Any]:
        """Return what the template needs beside the view."""
        return {}


@cache
def _shortened(schema: type[BaseModel]) -> type[BaseModel]:
    """Return the same schema with texts and lists of limited length in its JSON schema.

    The limits bind the endpoint that writes the answer; a longer answer is no less valid.
    """

    class Short(schema):  # type: ignore[valid-type,misc] # known only now
        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            limited: dict[str, Any] = edited(schema.model_json_schema(*args, **options), _limited)
            return limited

    Short.__name__ = schema.__name__
    return Short


def _limited(schema: dict[str, Any]) -> dict[str, Any]:
    """Limit the length of a text or list; a schema that lists its values has no need of it."""
    limits = {"string": {"maxLength": _CHARACTERS}, "array": {"maxItems": _ITEMS}}
    return schema if "enum" in schema else {**schema, **limits.get(schema.get("type", ""), {})}
