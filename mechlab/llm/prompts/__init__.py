"""The prompts of our games: one dialogue a game, with its texts in a template beside it.

They are found through the entry-point group ``mechlab.dialogues``, as those of other packages are;
``template`` holds what they share.
"""

__all__ = ["template"]
