"""What models are told and answer with: one file a game, texts as templates beside them."""

from mechlab.live.prompts import sharing as sharing
