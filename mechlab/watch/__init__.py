"""A running search, watched: a small page on this machine alone that keeps itself up to date."""

from mechlab.watch.look import Lookout, Scene
from mechlab.watch.serve import serve

__all__ = ["Lookout", "Scene", "serve"]
