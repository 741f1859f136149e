"""The page as a parser sees it: whole, self-contained, safe, and saying what the result says."""

import json
import time
from dataclasses import replace
from math import nan

import lxml.html
import pandas as pd
import pytest

from mechlab.analysis.comparison import Comparison
from mechlab.errors import UserError
from tests.report.hostile import HOSTILE
from tests.report.results import a_result, named, only_begun, with_transcripts, with_trials

CHARTS = {
    "standing",
    "dose-0",
    "dose-1",
    "certificate",
    "pareto",
    "income",
    "revenue",
    "lorenz",
    "giving-0",
    "giving-1",
    "map",
    "course",
}


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    return a_result().report(tmp_path_factory.mktemp("report") / "one.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(html):
    return lxml.html.document_fromstring(html)


@pytest.fixture(scope="module")
def data(page):
    return json.loads(page.get_element_by_id("data").text)


def test_the_verdict_stands_first_and_says_all(page):
    first = page.xpath("//main/section")[0]
    said = " ".join(first.text_content().split())
    best = a_result().best
    for fact in (
        "certified",
        "answer_bonus(rate=640)",
        "between $580 and $640 per piece",
        "of group revenue",
        "stand-ins",
        f"{best.efficiency.mean:.1%}",
        "95% confidence",
    ):
        assert fact in said, fact


def test_every_chart_has_a_figure_words_and_data(page, data):
    plots = {plot.get("data-figure"): plot for plot in page.xpath("//div[@data-figure]")}
    assert set(plots) == set(data["figures"]) == CHARTS
    for plot in plots.values():
        assert page.get_element_by_id(plot.get("aria-describedby")).text_content().strip()
    for table in page.xpath("//div[@data-table]"):
        packed = data["tables"][table.get("data-table")]
        assert (
            len(packed["columns"])
            == len(packed["values"])
            == len(packed["titles"])
            == len(packed["kinds"])
        )
        assert len({len(column) for column in packed["values"]}) == 1


def test_nothing_comes_from_elsewhere(page):
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    loaded = page.xpath("//@src | //link/@href | //@srcset | //@action | //@style")
    assert loaded == []
    assert all(href.startswith("#") for href in page.xpath("//a/@href"))


def test_every_link_leads_to_a_section_or_a_word_of_the_glossary(page):
    targets = {href.removeprefix("#") for href in page.xpath("//a/@href")}
    assert any(target.startswith("word-") for target in targets)
    assert targets <= set(page.xpath("//@id"))


def test_provenance_holds_the_study_word_for_word(page):
    assert a_result().study.text in page.get_element_by_id("provenance").text_content()


def test_the_trials_are_all_there(data):
    assert len(data["tables"]["trials"]["values"][0]) == len(a_result().trials)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "hostile.html"
    return named(HOSTILE).report(path).read_text("utf-8")


def test_hostile_text_stays_text(hostile, page):
    attacked = lxml.html.document_fromstring(hostile)
    for tag in (
        "script",
        "style",
        "img",
        "iframe",
        "form",
        "object",
        "embed",
        "base",
        "link",
        "svg",
    ):
        assert len(attacked.findall(f".//{tag}")) == len(page.findall(f".//{tag}")), tag
    handlers = "//@onerror | //@onload | //@onfocus | //@onmouseover | //@ontoggle | //@style"
    assert attacked.xpath(handlers) == []
    said = " ".join(attacked.text_content().split())
    for text in HOSTILE:
        assert " ".join(text.split()) in said, text


def test_the_data_block_cannot_be_left(hostile):
    block = hostile.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block)["tables"]["answers"]["values"]


def test_a_search_that_has_only_begun(tmp_path):
    begun = only_begun()
    verdict = _verdict(begun, tmp_path)
    assert "not decided" in verdict and "not measured" in verdict and "nan" not in verdict


def test_a_trial_that_still_runs(tmp_path):
    trials = a_result().trials.copy()
    measured = ["size", "attainment", "attainment_lower", "attainment_upper", "spend", "subsidy"]
    trials.loc[trials.index[-1], measured] = nan
    trials.loc[trials.index[-1], "finished"] = pd.NaT
    assert "certified" in _verdict(replace(a_result(), trials=trials), tmp_path)


@pytest.mark.parametrize("compared", [False, True])
def test_where_no_dose_varies_there_is_no_section_about_it(tmp_path, compared):
    fixed = replace(a_result(), trials=a_result().trials.assign(size=300.0))
    path = (Comparison((fixed,)) if compared else fixed).report(tmp_path / "page.html")
    html = path.read_text("utf-8")
    headings = {h.text_content() for h in lxml.html.document_fromstring(html).iter("h2", "h3")}
    assert "Provenance" in headings
    assert "Dose and response" not in headings
    assert 'href="#doses"' not in html


def _verdict(result, folder):
    html = result.report(folder / "page.html").read_text("utf-8")
    verdict = lxml.html.document_fromstring(html).get_element_by_id("verdict")
    return " ".join(verdict.text_content().split())


def test_ten_thousand_trials_are_small_and_quick(tmp_path):
    result = with_trials(10_000)
    started = time.process_time()
    path = result.report(tmp_path / "big.html")
    assert time.process_time() - started < 5
    assert path.stat().st_size < 8_000_000


def test_an_unwritable_path_is_one_line_and_harms_nothing(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(
        UserError, match=r"file/report\.html: the report cannot be written: .+"
    ) as error:
        a_result().report(tmp_path / "file" / "report.html")
    assert "\n" not in str(error.value)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        a_result().report(tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_transcripts_stand_in_the_page_word_for_word(tmp_path):
    path = with_transcripts().report(tmp_path / "live.html")
    page = lxml.html.document_fromstring(path.read_text("utf-8"))
    data = json.loads(page.get_element_by_id("data").text)
    turns = data["tables"]["turns"]
    thoughts = turns["values"][turns["columns"].index("thoughts")]
    assert len(thoughts) == len(HOSTILE)
    assert all(text in said for text, said in zip(HOSTILE, thoughts, strict=True))
    assert data["transcripts"]["texts"].count("rules") == 1  # sent to all, kept once
    assert "#transcripts" in page.xpath("//nav/a/@href")
    examples = page.xpath("//*[@class='examples']//button/@data-turn")
    assert examples and all(HOSTILE[int(row)] for row in examples)


def test_a_page_holds_as_many_transcripts_as_there_is_room_for(monkeypatch):
    from mechlab.report import _transcripts

    (played, turns), *_ = with_transcripts().spoken
    many = tuple((replace(played, id=str(i), number=i), turns) for i in range(5))
    monkeypatch.setattr(_transcripts, "ROOM", 25_000)
    section, _ = _transcripts.transcripts(replace(a_result(), spoken=many))
    shown = section.tables["turns"].frame["episode"].nunique()
    assert 0 < shown < 5
    assert f"{5 - shown} more only in the record" in section.note
