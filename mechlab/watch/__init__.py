"""A running search on a small page, served to this machine alone, that keeps itself up to date.

``serve`` runs until Ctrl-C; ``Lookout(store).look()`` returns the same state as a ``Scene``.
"""

from mechlab.watch._scene import Lookout, Scene
from mechlab.watch._server import serve

__all__ = ["Lookout", "Scene", "serve"]
