"""How ``mechlab search`` answers a study with a ``[pilot]`` table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mechlab.study import Study


def answer(study: Study, storage: str | None, page: Path, as_json: bool) -> None:
    """Pilot, emulate, search, confirm; print the answer and write its page."""
    from mechlab.commands import _terminal
    from mechlab.pilot import pilot
    from mechlab.report import write
    from mechlab.report.pilot import headline, pilot_page, sentences

    with _terminal.working("pilot, emulate, search, confirm"):
        result = pilot(study, storage)
    written = write(pilot_page(result), page)
    if as_json:
        _terminal.print_json({**result.as_json(), "report": str(written)})
        return
    for sentence in (headline(result), *sentences(result), f"Report: {written}"):
        _terminal.say(sentence)
