"""Studies side by side: ranks and ties from known intervals, contexts, and what is refused."""

from dataclasses import replace
from math import inf, nan

import lxml.html
import pytest

from mechlab.analysis.comparison import Comparison
from mechlab.errors import UserError
from mechlab.report._comparison_parts import rankings
from mechlab.report.comparison import statements
from tests.report.hostile import HOSTILE
from tests.report.results import a_result, named


def with_answers(study_name, intervals, population=None):
    """A result of this name whose two candidates have these intervals and statuses."""
    result = a_result()
    answers = tuple(
        replace(answer, interval=ends, size=ends[1], status=status)
        for answer, (ends, status) in zip(result.answers, intervals, strict=True)
    )
    changes = {"name": study_name, **({"population": population} if population else {})}
    return replace(result, study=result.study.model_copy(update=changes), answers=answers)


SMALL = [((100.0, 120.0), "certified"), ((300.0, 330.0), "certified")]
TIED = [((100.0, 320.0), "certified"), ((300.0, 330.0), "certified")]


def ranks(comparison):
    (places,) = comparison.rankings.values()
    return {place.name: (place.first, place.last, place.level) for place in places}


def test_intervals_that_do_not_meet_are_ranked():
    assert ranks(Comparison((with_answers("a", SMALL),))) == {
        "answer_bonus": (1, 1, ()),
        "use_bonus": (2, 2, ()),
    }


def test_intervals_that_meet_are_a_tie_and_said_to_be():
    comparison = Comparison((with_answers("a", TIED),))
    assert ranks(comparison)["answer_bonus"] == (1, 2, ("use_bonus",))
    (words,) = statements(comparison)
    assert words.headline.startswith("Tied: answer_bonus and use_bonus may need")
    assert ": tied." in " ".join(words.sentences)


def test_studies_of_several_groups_are_ranked_together_and_each_by_itself():
    other = with_answers("b", SMALL, "reluctant*5 + perfect*5")
    comparison = Comparison((with_answers("a", SMALL), other))
    assert comparison.contexts == ("reluctant", "reluctant*5 + perfect*5")
    (goal,) = comparison.rankings
    assert {context: len(p) for context, p in comparison.within(goal).items()} == dict.fromkeys(
        comparison.contexts, 2
    )
    (words,) = statements(comparison)
    assert "answer_bonus needs the smallest rate" in words.headline
    assert "with each of the 2 groups" in words.headline
    assert comparison.confidence == pytest.approx(0.9)  # Bonferroni: 1 - 2 * 0.05


def test_the_same_candidate_for_the_same_group_is_told_apart_by_its_study():
    comparison = Comparison((with_answers("a", SMALL), with_answers("b", TIED)))
    labels = [entry.label for entry in comparison.entries]
    assert len(set(labels)) == 4
    assert labels[0] == "answer_bonus, reluctant (a)"


def test_different_goals_are_not_ranked_against_each_other():
    result = with_answers("b", SMALL)
    study = result.study.model_copy(update={"minimise": "spend"})
    comparison = Comparison((with_answers("a", SMALL), replace(result, study=study)))
    assert [goal[0] for goal in comparison.rankings] == ["rate", "spend"]
    tables = [table for part in rankings(comparison) for table in part.tables.values()]
    for table in tables:  # one for each question: in each the ranks 1 and 2 are given once
        assert table.frame["rank"].tolist() == ["1", "2"]
    assert len(tables) == 2


def test_what_is_not_shown_has_open_ends():
    shown = [((nan, nan), "not_reached"), ((50.0, nan), "out_of_budget")]
    comparison = Comparison((with_answers("a", shown),))
    (places,) = comparison.rankings.values()
    assert {p.name: p.interval for p in places} == {
        "answer_bonus": (-inf, inf),
        "use_bonus": (50.0, inf),
    }
    (words,) = statements(comparison)
    assert words.headline == "No mechanism was shown to reach at least 80% of sequential play."
    assert "Not shown to be enough: answer_bonus; not decided: use_bonus." in words.sentences


def test_nothing_and_the_same_twice_are_refused():
    with pytest.raises(UserError, match="nothing to compare"):
        Comparison(())
    with pytest.raises(UserError, match="'reluctant' twice"):
        Comparison((a_result(), a_result()))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    comparison = Comparison(
        (with_answers("a", SMALL), with_answers("b", TIED, "reluctant*5 + perfect*5"))
    )
    path = comparison.report(tmp_path_factory.mktemp("compare") / "page.html")
    return lxml.html.document_fromstring(path.read_text("utf-8"))


def test_the_page_has_every_part(page):
    drawn = {plot.get("data-figure") for plot in page.xpath("//div[@data-figure]")}
    doses = {f"dose-{i}" for i in range(4)}
    assert drawn == {"sizes-0", "differences-0", "price", "needs", *doses}
    for plot in page.xpath("//div[@data-figure]"):
        assert page.get_element_by_id(plot.get("aria-describedby")).text_content().strip()
    tables = {table.get("data-table") for table in page.xpath("//div[@data-table]")}
    assert {"ranking-0", "promises"} <= tables
    promises = page.get_element_by_id("promises").text_content()
    assert "cannot be farmed" in promises and "comes in from outside" in promises
    assert "mechlab compare a.toml b.toml" in page.get_element_by_id("provenance").text_content()


def test_a_notebook_shows_the_verdict_and_hostile_text_stays_text():
    card = lxml.html.fragment_fromstring(named(HOSTILE[:5])._repr_html_())
    assert HOSTILE[0] in card.text_content()
    assert not card.xpath(".//script")
    shown = Comparison((with_answers("a", SMALL),))._repr_html_()
    assert "answer_bonus needs the smallest rate" in shown
