"""The built-in agents, one kind a file; importing this package registers them."""

from mechlab.agents import emulated, scripted, selfish

__all__ = ["emulated", "scripted", "selfish"]
