"""What a person reads in the terminal, and the JSON objects of ``--json``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from mechlab.commands._app import safe
from mechlab.statistics import counted

if TYPE_CHECKING:  # a run is printed without loading searches and reports
    import pandas as pd

    from mechlab.llm.budget import Spending
    from mechlab.llm.estimate import Estimate
    from mechlab.search.plan import Plan
    from mechlab.search.results import SearchResult
    from mechlab.search.run import Progress
    from mechlab.simulation import Episodes


class SafeConsole(Console):
    """A console whose texts hold no control characters: what files and models say cannot steer it.

    >>> import io
    >>> console = SafeConsole(file=io.StringIO())
    >>> console.print(Text("red \\x1b[31m"))
    >>> console.file.getvalue()
    'red �[31m\\n'
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield segments as Rich does, each text made safe; Rich's own control codes stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(safe(segment.text), segment.style)


OUT = SafeConsole(highlight=False)
ERR = SafeConsole(stderr=True, highlight=False)


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show on stderr that work is under way; nothing where stderr is no terminal."""
    with ERR.status(Text(text)):
        yield


def say(*lines: str) -> None:
    """Print plain lines."""
    for line in lines:
        OUT.print(Text(line))


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout; undefined numbers are null."""
    print(json.dumps(_plain(value), allow_nan=False))


def run_as_json(played: Episodes, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of ``mechlab run --json``."""
    return {
        "game": played.game.name,
        "population": str(played.population),
        "mechanism": str(played.mechanism),
        "condition": played.condition,
        "episodes": len(played),
        "seed": played.seed,
        "settings": played.game.params,
        "measures": {name: one.as_json() for name, one in summary.items()},
    }


def print_run(played: Episodes, summary: Mapping[str, Any]) -> None:
    """Print the measures of episodes as a table."""
    title = f"{played.game.name}: {played.population}, {played.mechanism}, {played.condition}"
    table = Table(title=Text(title), title_justify="left", caption_justify="left", box=SIMPLE)
    table.caption = Text(
        f"{counted(len(played), 'episode')}, seed {played.seed}{_stand_ins(played)}"
    )
    table.add_column("measure", no_wrap=True)
    for heading in ("mean", "95% interval", "SD", "episodes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, one in summary.items():
        low, high = (number(value) for value in one.ci95)
        table.add_row(name, number(one.mean), f"{low} to {high}", number(one.sd), f"{one.n:,}")
    OUT.print(table)


def _stand_ins(played: Episodes) -> str:
    if "emulated" not in played.population.kinds:
        return ""
    return "; emulated agents are stand-ins fitted to published figures"


def search_as_json(result: SearchResult, page: Path) -> dict[str, Any]:
    """Return the object of ``mechlab search --json``."""
    from mechlab.report.verdict import Verdict
    from mechlab.search.pareto import as_json

    answer, study = result.best, result.study
    return {
        "study": study.name,
        "status": answer.status,
        "mechanism": str(answer.mechanism),
        "params": answer.mechanism.params,
        "size": {
            "measure": study.minimise,
            "value": answer.size,
            "interval": list(answer.interval),
            "lower_end": "shown" if answer.lower_shown else "estimated",
        },
        "estimand": Verdict(result).estimand,
        "attainment": {**answer.attainment.as_json(), "bounds": list(answer.bounds)},
        "effect": result.effect.as_json() if result.effect else None,
        "efficiency": answer.efficiency.as_json(),
        "spend": {**answer.spend.as_json(), "share_of_revenue": answer.spend_share},
        "audit": result.audit.as_json(),
        "target": study.target.model_dump(),
        "confidence": study.target.confidence,
        "episodes": result.episodes,
        "evidence": _records(result.evidence),
        "assumptions": [asdict(one) for one in result.assumptions],
        "reused": list(result.reused),
        "calls": result.calls,
        "cost_usd": result.cost_usd,
        "storage": result.storage,
        "report": str(page),
        **as_json(result.pareto, result.ranking),
        **({"advice": result.advice.as_json()} if result.advice else {}),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, without the cells that are empty."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(k): v for k, v in row.items() if v is not None} for row in rows]


def print_verdict(result: SearchResult, page: Path) -> None:
    """Print the verdict of a search: its headline, then a short table."""
    from mechlab.report.verdict import Verdict

    words = Verdict(result)
    colour = {"certified": "green", "estimated": "cyan", "not_reached": "red"}.get(
        words.status, "yellow"
    )
    OUT.print(Text(words.headline, style=f"bold {colour}"))
    rows = {
        "status": Text(f"{words.status.replace('_', ' ')}: {words.meaning}", style=colour),
        f"smallest {result.study.minimise}": Text(words.size),
        "efficiency": Text(" ".join(filter(None, (words.efficiency, words.effect)))),
        "spend": Text(words.spend),
        "rivals": Text(words.rivals),
        "ranking": Text(words.caution),
        "deviation": Text(words.deviation),
        "reuse": Text(words.reuse),
        "agents": Text(words.agents),
        "report": Text(str(page), style="bold"),
    }
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows.items():
        if text:
            table.add_row(name, text)
    OUT.print(table)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of plain texts."""
    table = Table(box=SIMPLE)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    OUT.print(table)


def print_plan(plan: Plan) -> None:
    """Print what a search is expected to take."""
    from mechlab.llm.prices import unknown_price

    low, high = plan.range
    say(f"{plan.study}: about {counted(round(plan.episodes), 'episode')} ({low:,} to {high:,})")
    ends = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in plan.statuses.items())
    explore = counted(round(plan.explore), "episode")
    say(f"  {explore} to explore, {round(plan.certify):,} to certify")
    say(f"  {counted(plan.repeats, 'simulation')}, on other luck: {ends}")
    say(_expected(plan))
    if plan.estimate.unpriced:
        say(f"  {unknown_price(*plan.estimate.unpriced)}")
    share = f"{number(100 * plan.resolution)}%" if plan.resolution >= 0 else "unknown"
    say(f"  smallest difference from the target that can be shown: {share} of the reference point")


def _expected(plan: Plan) -> str:
    """Say how long a search takes, and what its live agents cost, or would."""
    if not plan.calls:
        turns = f"live agents would take {counted(round(plan.turns), 'turn')}, one call each"
        return f"  {duration(plan.seconds)} on this machine; {turns}"
    return f"  {_costs(plan.estimate)}"


def print_estimate(expected: Estimate, as_json: bool) -> None:
    """Print what live agents are expected to cost."""
    from mechlab.llm.prices import unknown_price

    if as_json:
        print_json(expected.as_json())
        return
    if not expected.calls:
        say("no live agents: it costs nothing")
        return
    say(f"about {_costs(expected)}")
    if expected.unpriced:
        say(unknown_price(*expected.unpriced))


def _costs(expected: Estimate) -> str:
    cost = "at an unknown price" if expected.unpriced else f"${expected.dollars:,.2f}"
    by = (
        f"corrected by {counted(expected.measured, 'stored call')}"
        if expected.measured
        else "without reasoning, of which nothing is known yet"
    )
    return (
        f"{counted(round(expected.calls), 'model call')}, "
        f"{counted(round(expected.tokens), 'token')}, {cost}; "
        f"{duration(expected.seconds)} ({by})"
    )


def spending(spent: Spending, unpriced: Collection[str]) -> str:
    """Return spending in words; calls without a price are named."""
    if not unpriced:
        return str(spent)
    return f"{spent}, without the calls of {' and '.join(sorted(unpriced))}, whose price is unknown"


def duration(seconds: float) -> str:
    """Return a time in the two largest units that tell something.

    >>> duration(0.4), duration(75), duration(314_219)
    ('under a second', '1 min 15 s', '3 days 15 h')
    """
    if seconds < 1:
        return "under a second"
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    parts = ((days, "day" if days == 1 else "days"), (h, "h"), (m, "min"), (s, "s"))
    first = next(k for k, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """Show on stderr how far a search is; yields what to call with its ``Progress``."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("episodes at most"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda now: bar.update(
            task, description=now.phase, completed=now.episodes, total=now.budget
        )


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print a list of what there is: a name a paragraph, its parameters under it."""
    for row in rows:
        OUT.print(Text(row["name"], style="bold"))
        OUT.print(Padding(Text(row["what"]), (0, 0, 0, 2)))
        for name, declared in row.get("parameters", {}).items():
            line = f"{name} = {declared['default']}, in {declared['range']}. {declared['what']}"
            OUT.print(Padding(Text(line.strip(), style="dim"), (0, 0, 0, 4)))


def number(value: float) -> str:
    """Return a number with four significant digits, or ``-`` where it is undefined.

    >>> number(1234567.8), number(0.051234), number(float("nan"))
    ('1,234,568', '0.05123', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
