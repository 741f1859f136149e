"""The page of a watched search."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from mechlab.report import embed
from mechlab.report.build import environment, text_of
from mechlab.study import Study
from mechlab.watch.look import Scene

_STYLE = """
progress { width: 100%; accent-color: var(--link); }
table th { padding: .4rem .6rem; text-align: left; }
"""


@dataclass(frozen=True)
class Rows:
    """A table of the page."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""


def render(study: Study, scene: Scene) -> str:
    """Return the page of one moment of a search."""
    script = (files("mechlab.watch") / "watch.js").read_text(encoding="utf-8")
    style = text_of("style.css") + _STYLE
    policy = f"{embed.policy([script], [style])}; connect-src 'self'"
    template = environment("mechlab.watch").get_template("page.html.j2")
    return template.render(
        study=study,
        scene=scene,
        tables=_tables(study, scene),
        script=script,
        style=style,
        policy=policy,
    )


def _tables(study: Study, scene: Scene) -> list[Rows]:
    believed = "What is believed comes from the trials; only what is shown counts."
    size = ("candidate", "trials", "believed", "shown on fresh episodes", "status")
    trial = ("trial", "setting", f"share of {study.target.relative_to}", "episodes", "state")
    return [
        Rows(
            f"Smallest sufficient {study.minimise}",
            size,
            [(s.candidate, str(s.trials), s.believed, s.shown, s.status) for s in scene.standings],
            believed,
        ),
        Rows(
            "Workers",
            ("worker", "what it does", "heard of"),
            [(w.name, w.doing if w.alive else "is dead", _ago(w.silence)) for w in scene.workers],
        ),
        Rows("Latest trials", trial, list(scene.recent)),
    ]


def _ago(seconds: float) -> str:
    return f"{max(0.0, seconds):.0f} s ago"
