"""The episodes of live agents, read from the store that their calls are kept in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from mechlab.calibrate.episodes import checked, first_line
from mechlab.errors import UserError
from mechlab.live.transcripts import open_transcripts

_SQLITE = b"SQLite format 3\0"  # how such a file begins


def is_store(path: str | Path) -> bool:
    """Whether a file is a store of calls, and no table of episodes.

    Raises:
        UserError: for a file that cannot be read.
    """
    return first_line(path).startswith(_SQLITE)


def read_store(path: str | Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the finished episodes of the sharing game in a store, and the settings of the game.

    They must be of one group at the same settings: a fit is of one kind of agents. The table is as
    ``mechlab.calibrate.episodes.checked`` returns it, with all measures.

    Raises:
        UserError: for a store without such episodes, or with several groups or settings.
    """
    with open_transcripts(f"sqlite:///{path}") as store:
        played = [one for one in store.episodes() if one.finished and one.game == "sharing"]
    if not played:
        raise UserError(f"{path} holds no finished episode of the sharing game with live agents")
    groups = {(one.population, json.dumps(one.settings, sort_keys=True)) for one in played}
    if len(groups) > 1:
        told = "; ".join(f"{population} at {settings}" for population, settings in sorted(groups))
        raise UserError(f"{path} must hold episodes of one group at the same settings, got {told}")
    run = [{"condition": one.condition, "mechanism": one.mechanism} for one in played]
    rows = [{**about, **one.measures} for about, one in zip(run, played, strict=True)]
    return checked(pd.DataFrame(rows), str(path)), played[0].settings
