"""The built-in games; importing this package registers them.

The module ``base`` has the interfaces and the registry: ``Game``, ``Table``, ``Player``, ``Turn``,
``Refusal``, ``GAMES``, ``game``, ``make_game``. What players see and do is in ``simultaneous``,
``sharing.view`` and ``grants.view``; ``payoffs`` has the tables of two-player games.
"""

from mechlab.games.commons import Commons
from mechlab.games.grants import Grants
from mechlab.games.matrix import Matrix
from mechlab.games.public_goods import PublicGoods
from mechlab.games.sharing import Sharing

__all__ = ["Commons", "Grants", "Matrix", "PublicGoods", "Sharing"]
