"""Live agents: models behind an OpenAI-compatible endpoint that play a game turn by turn.

``session`` keeps what the episodes of a run share and ``driver`` plays them; ``settings`` is the
``[live]`` table of a study, ``budget`` its caps, ``prices`` and ``estimate`` what calls cost;
``transcripts`` reads calls back, ``thoughts`` and ``judge`` read what models think; ``dialogue``
is what a game provides to be played by models, and ``prompts`` holds ours.
"""

__all__ = [
    "agent",
    "budget",
    "dialogue",
    "driver",
    "estimate",
    "judge",
    "prices",
    "prompts",
    "session",
    "settings",
    "thoughts",
    "transcripts",
]
