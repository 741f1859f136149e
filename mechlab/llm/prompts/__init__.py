"""What models are told and answer with: one file a game, texts as templates beside them."""

from mechlab.llm.prompts import commons as commons
from mechlab.llm.prompts import grants as grants
from mechlab.llm.prompts import matrix as matrix
from mechlab.llm.prompts import public_goods as public_goods
from mechlab.llm.prompts import sharing as sharing
