"""The built-in agents, one kind a file; importing this package registers them."""

from mechlab.agents import conditional, emulated, logit, scripted, selfish

__all__ = ["conditional", "emulated", "logit", "scripted", "selfish"]
