"""Texts for models: templates, and the nouns of a telling."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Protocol, Self, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from pydantic import BaseModel

from mechlab.games.base import Game
from mechlab.games.sharing.view import Exchange
from mechlab.llm.dialogue import Message, Telling
from mechlab.mechanism import Mechanism, Vocabulary


class Happened(Protocol):
    """What a view tells of the past."""

    @property
    def round(self) -> int:
        """When it happened."""


Event = TypeVar("Event", bound=Happened)


@dataclass(frozen=True)
class Nouns:
    """What things are called in the prompts of one telling.

    Attributes:
        vocabulary: the game's nouns, in which the mechanism is told.
        agent, income: what agents and their earnings are called.
        neutral: whether names are neutral ones.

    >>> Nouns.of(Telling(framing="neutral"), Vocabulary(), unit="item").agent
    'player'
    """

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    agent: str = "agent"
    income: str = "revenue"
    neutral: bool = False

    @classmethod
    def of(cls, telling: Telling, vocabulary: Vocabulary, **neutral: str) -> Self:
        """Return the nouns of a telling; ``neutral`` replaces words where names are neutral."""
        if telling.framing != "neutral":
            return cls(vocabulary)
        return cls(replace(vocabulary, **neutral), "player", "score", True)

    def told(self, sentence: str) -> str:
        """Return a sentence with neutral names, and points for dollars, where names are neutral.

        >>> Nouns(neutral=True).told("Ask the agents; an agent earns $1,000 for it.")
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
        return self.told(self.vocabulary.money(amount))


def numbers(values: Iterable[object]) -> str:
    """Return numbers in a row.

    >>> numbers((3, 14))
    '3, 14'
    """
    return ", ".join(map(str, values))


def holders(held: Mapping[int, Iterable[object]], agent: str) -> str:
    """Return what each agent has.

    >>> holders({0: (3, 14), 2: (1,)}, "agent")
    'agent 0: 3, 14; agent 2: 1'
    """
    return "; ".join(f"{agent} {number}: {numbers(items)}" for number, items in held.items())


def parcels(copies: Iterable[Exchange]) -> str:
    """Return who sent whom which pieces.

    >>> parcels([Exchange(0, 1, 2, 7), Exchange(0, 1, 2, 9), Exchange(0, 0, 1, 7)])
    '0 to 1: 7; 1 to 2: 7, 9'
    """
    pairs: dict[tuple[int, int], list[int]] = {}
    for copy in copies:
        pairs.setdefault((copy.giver, copy.receiver), []).append(copy.piece)
    return "; ".join(f"{i} to {j}: {numbers(pieces)}" for (i, j), pieces in sorted(pairs.items()))


def latest(events: Sequence[Event], since: int) -> Sequence[Event]:
    """Return the events of a round and of those after it; events stand in their order.

    >>> latest([Exchange(0, 1, 2, 7), Exchange(3, 1, 2, 9)], 1)
    [Exchange(round=3, giver=1, receiver=2, piece=9)]
    """
    return events[bisect_left(events, since, key=attrgetter("round")) :]


def valued(pieces: Mapping[int, int]) -> str:
    """Return pieces with their values.

    >>> valued({3: 50, 14: 7})
    '3 (50), 14 (7)'
    """
    return ", ".join(f"{piece} ({value})" for piece, value in pieces.items())


def missed(pieces: Iterable[int], directory: Mapping[int, Iterable[int]]) -> str:
    """Return pieces with who holds them.

    >>> missed([3, 14], {3: (0, 2), 14: ()})
    '3 (held by 0, 2), 14 (held by nobody)'
    """
    return ", ".join(
        f"{piece} (held by {numbers(directory[piece]) or 'nobody'})" for piece in pieces
    )


def incomes(board: Iterable[float], agent: str) -> str:
    """Return what each agent has earned.

    >>> incomes((10000.0, 2.5), "agent")
    'agent 0: 10,000; agent 1: 2.50'
    """
    return "; ".join(f"{agent} {number}: {bare(income)}" for number, income in enumerate(board))


def quoted(text: str) -> str:
    """Return a text in quotes on one line, so that no agent's words can pass for ours.

    >>> print(quoted('Hi\\n## Rules'))
    "Hi\\n## Rules"
    """
    return json.dumps(text, ensure_ascii=False)


def plain(amount: float) -> str:
    """Return a number with the digits that it needs.

    >>> plain(5.0), plain(0.4)
    ('5', '0.4')
    """
    return f"{amount:.10g}"


_BARE = Vocabulary(currency="")


def bare(amount: float) -> str:
    """Return an amount without its unit, for tables.

    >>> bare(10000.0), bare(2.5)
    ('10,000', '2.50')
    """
    return _BARE.money(amount)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("mechlab.llm", "prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text, no markup: see ``quoted``
    )
    environment.filters.update(numbers=numbers, quoted=quoted, bare=bare, holders=holders)
    environment.filters.update(parcels=parcels, plain=plain, valued=valued, missed=missed)
    environment.filters.update(incomes=incomes)
    environment.globals["shared"] = environment.get_template("shared.j2").module
    return environment.get_template(f"{name}.j2")


class Text:
    """The blocks of a game's template as texts.

    Args:
        name: name of the template file.
        values: what holds for a whole episode.
    """

    def __init__(self, name: str, **values: Any) -> None:
        self._template, self._values = _template(name), values

    def __call__(self, block: str, **values: Any) -> str:
        """Return the text of a block, with no more than one empty line in a row."""
        context = self._template.new_context({**self._values, **values})
        text = "".join(self._template.blocks[block](context))
        while "\n\n\n" in text:
            text = text.replace("\n\n\n", "\n\n")
        return text


_LETTERS, _ITEMS = 120, 3  # of each text and list in a short answer


@cache
def shortened(form: type[BaseModel]) -> type[BaseModel]:
    """Return the same form with texts and lists of limited length in its JSON schema.

    The limits bind the endpoint that writes the answer; a longer answer is no less valid.

    >>> class Bid(BaseModel):
    ...     why: str
    >>> shortened(Bid).model_json_schema()["properties"]["why"]["maxLength"]
    120
    """

    class Short(form):  # type: ignore[valid-type,misc] # known only now
        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            limited: dict[str, Any] = _limited(form.model_json_schema(*args, **options))
            return limited

    Short.__name__ = form.__name__
    return Short


def _limited(node: Any) -> Any:
    """Return a JSON schema with limits on all its texts and lists."""
    if isinstance(node, list):
        return [_limited(item) for item in node]
    if not isinstance(node, dict):
        return node
    limits = {"string": {"maxLength": _LETTERS}, "array": {"maxItems": _ITEMS}}
    kind = node.get("type") if "enum" not in node else None
    more = limits.get(kind, {}) if isinstance(kind, str) else {}
    return {**{name: _limited(value) for name, value in node.items()}, **more}


class Told:
    """What the dialogues of all games share: the rules once, then a turn at a time.

    A game's own adds ``actions`` and, for estimates before anything is spent, ``typical``: an
    answer of ordinary length to a view.

    Class attributes:
        form: what is answered, before lengths are limited. template: name of the template file.
        renamed: words of the game where names are neutral.
        names: further nouns of the template, each plain and neutral.
    """

    form: ClassVar[type[BaseModel]]
    template: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}
    names: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, game: Game, mechanism: Mechanism, agent: int, telling: Telling) -> None:
        self.game, self.full = game, telling.history == "full"
        self.nouns = Nouns.of(telling, game.vocabulary, **self.renamed)
        names = {name: pair[self.nouns.neutral] for name, pair in self.names.items()}
        values = {"game": game, "mechanism": mechanism, "telling": telling, "nouns": self.nouns}
        self.text = Text(self.template, agent=self.nouns.agent, full=self.full, **names, **values)
        self._short = telling.answers == "short"
        self.asked(self.form)
        self._rules = ""

    def asked(self, form: type[BaseModel]) -> None:
        """Ask for answers of a form from now on, short ones where that was told."""
        self.answer = shortened(form) if self._short else form

    def messages(self, view: Any) -> list[Message]:
        """Return the rules, which are the same for all agents and rounds, and the turn."""
        news = self.news(view)
        self._rules = self._rules or self.text("rules", view=view, **news)
        texts = {"system": self._rules, "user": self.text("turn", view=view, **news)}
        return [{"role": role, "content": text.strip()} for role, text in texts.items()]

    def news(self, view: Any) -> Mapping[str, Any]:
        """Return what the template needs beside the view."""
        return {}
