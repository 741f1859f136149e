"""What an agent written in Python may do on its turn in the sharing game."""

from __future__ import annotations

from dataclasses import dataclass

from mechlab.games.seats import Refusal as Refusal  # what a turn is, and what was refused of it
from mechlab.games.seats import Turn as Turn


@dataclass(frozen=True)
class SendMessage:
    """A private message; ``asks`` names the pieces that it requests from its recipient."""

    to: int
    text: str = ""
    asks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Broadcast:
    """A public message."""

    text: str


@dataclass(frozen=True)
class SendInformation:
    """Copies of pieces that the sender holds; nothing is sent where one of them is not held.

    ``values`` are what is told of them, from 0 to 100, by default what the sender knows; another
    value than the sender's own is a falsified piece.
    """

    to: int
    pieces: tuple[int, ...]
    values: tuple[int, ...] | None = None


@dataclass(frozen=True)
class SubmitTask:
    """Submit the open task that needs just these pieces; with a missing piece it fails."""

    pieces: tuple[int, ...]


Action = SendMessage | Broadcast | SendInformation | SubmitTask
