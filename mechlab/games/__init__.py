"""The built-in games, one a file; importing this package registers them."""

from mechlab.games.sharing import Sharing

__all__ = ["Sharing"]
