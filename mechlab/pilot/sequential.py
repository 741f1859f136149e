"""The steps of a pilot, until there is an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mechlab.errors import UserError
from mechlab.pilot.confirm import Evidence, Look
from mechlab.pilot.design import BEGIN, FEWEST, NARROW, Bracket, believed, wanted
from mechlab.pilot.emulate import Line, Offline
from mechlab.pilot.episodes import MEASURES, Played
from mechlab.pilot.fit import Fitted, fitted
from mechlab.pilot.result import Dose, PilotResult, PilotStatus
from mechlab.study import Study


class Quest:
    """All that was played and seen of a study.

    Args:
        study: with a ``[pilot]``.
        lines: its candidates.

    Raises:
        UserError: for a budget that does not cover the pilot and ``FEWEST`` episodes.
    """

    def __init__(self, study: Study, lines: tuple[Line, ...]) -> None:
        assert study.pilot is not None
        self.study, self.lines = study, {line.candidate: line for line in lines}
        self.played = Played(study)
        self.brackets: dict[str, Bracket] = {}
        self.looks: list[Look] = []
        self.piloted = study.pilot.episodes * len(lines)
        if study.budget.episodes < self.piloted + FEWEST:
            raise UserError(
                f"budget.episodes must cover the pilot and {FEWEST} more, at least "
                f"{self.piloted + FEWEST}, got {study.budget.episodes}"
            )

    def answer(self) -> PilotResult:
        """Play until the interval is narrow, the target out of reach, or the budget used up."""
        for line in self.lines.values():
            self.played.play(line, line.middle, self.piloted // len(self.lines))
        while True:
            if not self.looks:  # once the answer has been bracketed, the curve stands
                fit = fitted(self.played)
                offline = self._searched(fit)
            found = min(offline, key=self._believed)
            line = self.lines[found.candidate]
            if line.candidate not in self.brackets:
                self._begin(line, found)
                continue
            evidence = self._evidence(line, found, fit)
            self.looks.append(evidence.look())
            status = self._status(line)
            if status:
                return self._result(status, evidence, fit, offline)
            self._go_on(line, found)

    def _searched(self, fit: Fitted) -> tuple[Offline, ...]:
        """Return the candidates as the emulated agents have them, the smallest first."""
        found = [line.offline(fit.agent, fit.draws) for line in self.lines.values()]
        return tuple(sorted(found, key=lambda one: one.size))

    def _believed(self, found: Offline) -> float:
        line, seen = self.lines[found.candidate], {look.candidate: look for look in self.looks}
        means = {dose.size: dose.mean for dose in self._doses(line)}
        return believed(line, found, seen.get(found.candidate), means)

    def _begin(self, line: Line, found: Offline) -> None:
        bracket = self.brackets[line.candidate] = Bracket.first(line, found)
        self._play(line, bracket.doses(min(found.size, line.high), BEGIN))

    def _go_on(self, line: Line, found: Offline) -> None:
        look = self.looks[-1]
        size = min(self._believed(found), line.high)
        bracket = self.brackets[line.candidate].moved(line, size, look.bend)
        self.brackets[line.candidate] = bracket
        self._play(line, bracket.doses(size, wanted(look) if math.isfinite(look.size) else BEGIN))

    def _play(self, line: Line, doses: Mapping[float, int]) -> None:
        for size, episodes in doses.items():
            if min(episodes, self.played.left) > 0:
                self.played.play(line, size, episodes)

    def _evidence(self, line: Line, found: Offline, fit: Fitted) -> Evidence:
        episodes, bracket = self.played.measured(line), self.brackets[line.candidate]
        near = episodes[episodes["size"].map(bracket.near)]
        return Evidence(line, found.curve, near, line.inverse(fit.agent))

    def _status(self, line: Line) -> PilotStatus | None:
        """Return how the latest look decides the study, None where it does not."""
        look, enough = self.looks[-1], self.looks[-1].episodes >= FEWEST
        shown = enough and math.isfinite(look.high)
        low = max(look.low, line.low)
        if shown and (look.high <= line.low or look.high - low <= NARROW * look.high):
            return "confirmed"
        if enough and look.low == math.inf and look.highest >= line.high:
            return "unreachable"
        if self.played.left:
            return None
        return "confirmed" if shown else "out_of_budget"

    def _result(
        self, status: PilotStatus, evidence: Evidence, fit: Fitted, offline: tuple[Offline, ...]
    ) -> PilotResult:
        look, line = self.looks[-1], evidence.line
        size = {
            "confirmed": look.high,
            "unreachable": line.high,
            "out_of_budget": min(min(map(self._believed, offline)), line.high),
        }[status]
        return PilotResult(
            study=self.study,
            status=status,
            candidate=line.candidate,
            mechanism=line.at(size),
            interval=(min(max(look.low, line.low), size), size),
            fit=fit,
            offline=offline,
            looks=tuple(self.looks),
            doses=tuple(dose for one in self.lines.values() for dose in self._doses(one)),
            outcome={measure: evidence.at(size, measure) for measure in MEASURES},
            episodes={"pilot": self.piloted, "confirm": len(self.played) - self.piloted},
        )

    def _doses(self, line: Line) -> list[Dose]:
        table, rows = self.played.measured(line), []
        for size in table["size"].unique().tolist():
            reached = table.loc[table["size"] == size, "reached"]
            rows.append(Dose(line.candidate, size, len(reached), float(reached.mean())))
        return rows
