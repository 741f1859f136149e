"""The user's mistakes: one line each, with the nearest valid name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class UserError(ValueError):
    """A problem that the user can mend; the command line prints it as one line and exits 2."""


class OutOfBudget(UserError):
    """A cap on calls, tokens or money is reached; a search then ends with what it knows.

    Attributes:
        episodes: the first episodes, as far as they were finished; None where none was.
    """

    episodes: Any = None


def unknown(kind: str, name: str, valid: Iterable[str]) -> UserError:
    """Return the error for a name that is not among the valid ones.

    >>> print(unknown("mechanism", "sharing_bonu", ["sharing_bonus", "royalty"]))
    unknown mechanism 'sharing_bonu': did you mean 'sharing_bonus'? (valid: royalty, sharing_bonus)
    """
    names = sorted(valid)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UserError(f"unknown {kind} {name!r}: {hint}(valid: {', '.join(names) or 'none'})")
