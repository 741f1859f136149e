"""The built-in games, one a file or folder; importing this package registers them."""

from mechlab.games.commons import Commons
from mechlab.games.grants import Grants
from mechlab.games.matrix import Matrix
from mechlab.games.public_goods import PublicGoods
from mechlab.games.sharing import Sharing

__all__ = ["Commons", "Grants", "Matrix", "PublicGoods", "Sharing"]
