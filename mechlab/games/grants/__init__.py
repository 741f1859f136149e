"""The grants game: owners lend access to their pieces, and grants and tasks expire."""

from mechlab.games.grants.game import Grants

__all__ = ["Grants"]
