"""Pages of replications, decompositions and sweeps; in a real browser too."""

import shutil

import pytest

from mechlab.analysis.decomposition import decompose
from mechlab.analysis.replication import replicate
from mechlab.analysis.sweep import Sweep
from mechlab.report import write
from mechlab.report._page import Page, Section, Statement, provenance
from mechlab.report.decomposition import decomposition_page
from mechlab.report.replication import replication_page
from mechlab.report.sweep import sweep_page
from tests.report.hostile import HOSTILE

SWEEP = """
question = "Does time help?"
population = ["o3", "perfect"]
episodes = 5
mechanism = "sharing_bonus(rate=1000)"
[vary]
settings = [{rounds = 5}, {rounds = 10}]
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "decomposition": decomposition_page(decompose(population="o3", episodes=5)),
        "replication": replication_page(replicate(episodes=5)),
        "sweep": sweep_page([Sweep.read(SWEEP).play()]),
    }
    return {name: write(page, folder / f"{name}.html") for name, page in pages.items()}


def test_text_from_outside_is_text(tmp_path):
    """Whatever a name or a question holds, no element of the page comes of it."""
    attacks = tuple(HOSTILE)
    facts = dict(zip(attacks, attacks, strict=True))
    folded = Section("two", attacks[1], points=attacks, facts=facts, folded=True)
    one = Section("one", attacks[0], sentences=attacks, command=attacks[2], parts=(folded,))
    last = provenance({"command": attacks[0], **facts})
    answer = Statement(attacks[2], attacks)
    hostile = Page(attacks[0], attacks[1], (answer,), (one, last), attacks, attacks, attacks[3])
    quiet = Page("a", "b", (Statement("c"),), (provenance({"command": "e"}),))
    html, plain = (
        write(page, tmp_path / f"{i}.html").read_text() for i, page in enumerate((hostile, quiet))
    )
    assert html.lower().count("<script") == plain.lower().count("<script")
    assert html.lower().count("<img") == plain.lower().count("<img")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("choreographer", reason="needs the extra 'browser'")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
        pytest.skip("needs Chromium")
    from tests.report.chromium import Chromium

    chromium = Chromium(tmp_path_factory.mktemp("downloads"))
    yield chromium
    chromium.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["decomposition", "replication", "sweep"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_chart_is_drawn_and_nothing_complains(pages, browser, name, width):
    browser.open(pages[name], width=width)
    marks = ".points path, .lines path, .barlayer path"
    drawn = browser.js(
        "[...document.querySelectorAll('.plot')].map(p =>"
        f" [p.dataset.figure, p.querySelectorAll('{marks}').length])"
    )
    assert drawn
    assert all(count for _, count in drawn), drawn
    assert browser.complaints == []
    assert browser.js("document.documentElement.scrollWidth - innerWidth") <= 0
