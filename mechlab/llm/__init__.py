"""Live agents: models behind an OpenAI-compatible endpoint, played as turns of a game."""
