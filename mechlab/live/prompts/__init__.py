"""What models are told and answer with: one file a game, texts as templates beside them."""

from mechlab.live.prompts import commons as commons
from mechlab.live.prompts import grants as grants
from mechlab.live.prompts import matrix as matrix
from mechlab.live.prompts import public_goods as public_goods
from mechlab.live.prompts import sharing as sharing
