"""The page in a real browser: drawn, silent, self-contained, and of use to hand, key and ear."""

import csv
import json
import re
import shutil
import subprocess
import tarfile
import time

import pytest

from mechlab.analysis.comparison import Comparison
from tests.report.hostile import HOSTILE
from tests.report.results import a_result, named, renamed, with_transcripts, with_trials

pytest.importorskip("choreographer", reason="needs the extra 'export'")
if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
    pytest.skip("needs Chromium", allow_module_level=True)

from tests.report.chromium import Chromium  # after the check that it can be imported

pytestmark = pytest.mark.slow

TRIALS = "document.querySelector('#search > [data-table=trials]')"
RIGHT_EDGES = (
    "[...document.querySelectorAll('.plot .main-svg')].map(s => s.getBoundingClientRect().right)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def browser(folder):
    chromium = Chromium(folder / "downloads")
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def report(folder):
    return a_result().report(folder / "report.html")


@pytest.fixture(scope="module")
def compared(folder):
    names = ["\n".join(HOSTILE[i : i + 8]) for i in range(0, len(HOSTILE), 8)]
    other = renamed(named(names, mechanisms=2), "other")  # each mechanism is checked anew
    return Comparison((a_result(), other)).report(folder / "compare.html")


@pytest.fixture
def page(browser, report):
    browser.media()
    browser.open(report)
    return browser


def test_every_chart_is_drawn_and_nothing_complains(page):
    marks = ".points path, .lines path, .heatmaplayer image, .barlayer path"
    drawn = page.js(
        "[...document.querySelectorAll('.plot')].map(p =>"
        f" [p.dataset.figure, p.querySelectorAll('{marks}').length, p.clientHeight])"
    )
    assert len(drawn) == 12
    assert all(marks > 0 and height > 100 for _, marks, height in drawn), drawn
    assert page.complaints == []


def test_no_line_or_part_of_a_cell_in_a_csv_is_a_formula(page):
    starts = ("", "a;", "a\n", "a\r\n", "a\t", "a;  ", "\t", "a;;")
    cells = [f"{start}{sign}1+1" for start in starts for sign in "=+-@＝"]
    written = page.js(f"{json.dumps(cells)}.map(quoted)")
    for cell, text in zip(cells, written, strict=True):
        parts = re.split("[;\t\r\n]", text.strip('"'))
        assert not [part for part in parts if part.strip().startswith(tuple("=+-@＝"))]
        assert text.strip('"').replace("'", "") == cell
    assert page.js("quoted('rate=-1, b')") == '"rate=-1, b"'


def test_no_request_leaves_the_file(page, report):
    assert [url for url in page.requests if not url.startswith(("data:", "blob:"))] == [
        report.as_uri()
    ]


def test_it_opens_in_two_seconds(page):
    """The verdict can be read; charts follow one by one."""
    assert page.js("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 2000


def test_sorting(page):
    head = f"[...{TRIALS}.querySelectorAll('th')].find(h => h.textContent === 'spend')"
    rows = f"[...{TRIALS}.querySelectorAll('tbody tr')]"
    column = f"{rows}.map(r => r.cells[{head}.cellIndex].textContent)"
    for direction in ("ascending", "descending"):
        page.js(f"{head}.querySelector('button').click()")
        values = [float(text.strip("$").replace(",", "")) for text in page.js(column)]
        assert values == sorted(values, reverse=direction == "descending")
        assert page.js(f"{head}.getAttribute('aria-sort')") == direction


def test_filtering_and_paging(page):
    page.js(
        f"const f = {TRIALS}.querySelector('input'); f.value = 'use_bonus size>500';"
        " f.dispatchEvent(new Event('input'))"
    )
    trials = a_result().trials
    wanted = trials[(trials["candidate"] == "use_bonus") & (trials["size"] > 500)]
    assert page.js(f"{TRIALS}.querySelector('[role=status]').textContent").endswith(
        f" of {len(wanted)}"
    )
    page.js("f.value = 'no such word'; f.dispatchEvent(new Event('input'))")
    assert page.js(f"{TRIALS}.querySelector('[role=status]').textContent") == "No rows"
    page.js("f.value = ''; f.dispatchEvent(new Event('input'))")
    page.js(f"[...{TRIALS}.querySelectorAll('button')].find(b => b.textContent === 'Next').click()")
    assert page.js(f"{TRIALS}.querySelector('[role=status]').textContent").startswith("Rows 16 to ")


def test_the_theme_follows_the_system_and_the_button(page):
    def ink():
        return page.js("document.querySelector('.plot .xtitle').style.fill")

    light = ink()
    page.media(prefers_color_scheme="dark")
    page.wait("document.documentElement.dataset.theme === 'dark'")
    page.wait(f"document.querySelector('.plot .xtitle').style.fill !== {light!r}")
    page.js("document.getElementById('theme').click()")
    page.wait(f"document.querySelector('.plot .xtitle').style.fill === {light!r}")
    assert page.js("document.documentElement.dataset.theme") == "light"
    assert page.complaints == []


def test_the_keyboard_reaches_everything(page):
    page.js("document.body.tabIndex = -1; document.body.focus()")
    page.press("Tab")
    assert page.js("document.activeElement.className") == "skip"
    page.js("document.querySelector('#search > .table th button').focus()")
    page.press("Enter")
    assert page.js("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"


def test_the_glossary_explains_on_focus(page):
    page.js("document.querySelector('.term').focus()")
    tip = "document.getElementById('tip')"
    assert page.js(f"{tip}.hidden") is False
    assert len(page.js(f"{tip}.textContent")) > 20
    page.press("Escape")
    assert page.js(f"{tip}.hidden") is True


def test_the_data_of_every_chart_can_be_had(page, folder):
    page.js("document.querySelectorAll('details.data').forEach(d => d.open = true)")
    page.wait(
        "[...document.querySelectorAll('.chart .table')].every(t => t.querySelector('table'))"
    )
    page.js("document.querySelector('#chart-revenue .bar button:last-child').click()")
    rows = _downloaded(folder / "downloads" / "revenue.csv")
    assert rows[0][0] == "round" and len(rows) == 21
    page.js(f"[...{TRIALS}.querySelectorAll('button')].find(b => b.textContent === 'CSV').click()")
    rows = _downloaded(folder / "downloads" / "trials.csv")
    assert len(rows) == 1 + len(a_result().trials)
    spend = [float(row[rows[0].index("spend")]) for row in rows[1:]]
    assert spend == pytest.approx(a_result().trials["spend"].tolist(), rel=1e-5)


def _downloaded(path):
    for _ in range(100):
        if path.exists() and path.stat().st_size:
            return list(csv.reader(path.read_text("utf-8").splitlines()))
        time.sleep(0.05)
    raise AssertionError(f"{path} did not arrive: {list(path.parent.iterdir())}")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_sideways_scroll(browser, report, width):
    browser.media()
    browser.open(report, width=width, height=844)
    assert browser.js("document.documentElement.scrollWidth") <= width
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert max(browser.js(RIGHT_EDGES)) <= width


def test_print_has_whole_charts(page):
    page.media("print")
    page.resize(720, 1000)
    page.js("window.dispatchEvent(new Event('beforeprint'))")
    page.wait(f"{RIGHT_EDGES}.every(right => right <= 720)")
    assert page.js("getComputedStyle(document.querySelector('nav')).display") == "none"
    tables = "[...document.querySelectorAll('section > .table table')]"
    assert max(page.js(f"{tables}.map(t => t.getBoundingClientRect().right)")) <= 720
    page.js("window.dispatchEvent(new Event('afterprint'))")


def test_ten_thousand_trials_open(browser, folder):
    path = with_trials(10_000).report(folder / "big.html")
    browser.media()
    browser.open(path)
    assert browser.complaints == []
    assert browser.js("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 2000


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 8))
def test_hostile_text_runs_nothing(browser, folder, report, start):
    texts = HOSTILE[start : start + 8]
    browser.media()
    browser.open(named(texts).report(folder / f"hostile-{start}.html"))
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.js("window.pwned") is None
    assert browser.js("document.querySelector('main img, iframe, object, form, base')") is None
    assert browser.complaints == []
    assert len([url for url in browser.requests if not url.startswith(("data:", "blob:"))]) == 1
    assert browser.js("document.querySelectorAll('style').length") <= 3
    assert browser.js("getComputedStyle(document.body).color") == "rgb(28, 33, 39)"
    said = " ".join(browser.js("document.body.innerText").split())
    for text in texts:
        assert " ".join(text.split()) in said, text


def test_hostile_text_in_charts_is_shown_letter_by_letter(browser, folder):
    texts = [text for text in HOSTILE if "<" in text][:8]
    browser.media()
    browser.open(named(texts).report(folder / "labels.html"))
    legend = browser.js(
        "[...document.querySelectorAll('#chart-pareto .legendtext')].map(t => t.textContent)"
    )
    for text in texts:
        shown = text if len(text) <= 40 else text[:39] + "…"
        assert shown in legend, (shown, legend)
    assert browser.js("document.querySelectorAll('.plot svg a, .plot svg b').length") == 0


def test_a_click_on_a_trial_shows_it_in_the_table(page):
    point = page.js(
        "(() => { const p = document.querySelector('[data-figure=course] .points path');"
        " p.scrollIntoView({block: 'center'}); const r = p.getBoundingClientRect();"
        " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
    )
    page.click(*point)
    shown = f"[...{TRIALS}.querySelectorAll('tbody tr')].map(r => r.cells[0].textContent)"
    trials = a_result().trials
    first = trials[trials["candidate"] == a_result().best.candidate]["number"].iloc[0]
    assert page.js(shown) == [str(first)]


@pytest.fixture(scope="module")
def axe(folder):
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("needs npm, to fetch axe-core")
    subprocess.run(
        [npm, "pack", "--silent", "axe-core@4.14.1"], cwd=folder, check=True, capture_output=True
    )
    with tarfile.open(folder / "axe-core-4.14.1.tgz") as package:
        return package.extractfile("package/axe.min.js").read().decode() + ";1"


@pytest.mark.parametrize("which", ["report", "compared"])
def test_axe_finds_no_serious_fault(browser, axe, which, request):
    browser.media()
    browser.open(request.getfixturevalue(which))
    browser.js(axe)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    for theme in ("light", "dark"):
        browser.wait(f"document.documentElement.dataset.theme === '{theme}'")
        found = browser.js(
            "axe.run().then(r => r.violations.map(v =>"
            " [v.impact, v.id, v.nodes.map(n => n.target[0])]))"
        )
        assert [fault for fault in found if fault[0] in ("serious", "critical")] == []
        browser.js("document.getElementById('theme').click()")


def test_a_comparison_of_hostile_names_is_drawn_and_runs_nothing(browser, compared):
    browser.media()
    browser.open(compared)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    drawn = browser.js(
        "[...document.querySelectorAll('.plot')].map(p => p.querySelectorAll('.main-svg').length)"
    )
    assert len(drawn) >= 4 + 2 + 8 and all(drawn)
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith(("data:", "blob:"))] == [
        compared.as_uri()
    ]
    assert browser.js("window.pwned") is None
    assert browser.js("document.querySelector('main img, iframe, object, form, base')") is None
    assert browser.js("getComputedStyle(document.body).color") == "rgb(28, 33, 39)"
    said = " ".join(browser.js("document.body.innerText").split())
    for text in HOSTILE:
        assert " ".join(text.split()) in said, text


@pytest.mark.parametrize("width", [390, 1280])
def test_a_comparison_has_no_sideways_scroll_and_prints_whole_charts(browser, compared, width):
    browser.media()
    browser.open(compared, width=width, height=844)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert max(browser.js(RIGHT_EDGES)) <= width
    browser.media("print")
    browser.resize(720, 1000)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    browser.wait(f"{RIGHT_EDGES}.every(right => right <= 720)")
    browser.js("window.dispatchEvent(new Event('afterprint'))")


def test_a_comparison_sorts_and_hands_out_its_data(browser, compared, folder):
    browser.media()
    browser.open(compared)
    ranking = "document.querySelector('[data-table=ranking-0]')"
    browser.js(f"{ranking}.querySelector('th:nth-child(2) button').click()")
    assert browser.js(f"{ranking}.querySelector('th:nth-child(2)').ariaSort") == "ascending"
    browser.js(
        f"[...{ranking}.querySelectorAll('button')].find(b => b.textContent === 'CSV').click()"
    )
    rows = _downloaded(folder / "downloads" / "ranking-0.csv")
    assert len(rows) == 1 + 2 + 8


def test_transcripts_are_searched_and_read_and_run_nothing(browser, folder):
    browser.media()
    browser.open(with_transcripts().report(folder / "live.html"))
    turns = "document.querySelector('[data-table=turns]')"
    browser.js(
        f"const f = {turns}.querySelector('input'); f.value = 'round=2 agent=1 pwned';"
        " f.dispatchEvent(new Event('input'))"
    )
    assert browser.js(f"{turns}.querySelectorAll('tbody tr').length") >= 1
    browser.js(f"{turns}.querySelector('tbody button').focus()")
    browser.press("Enter")
    assert browser.js("document.activeElement.id") == "turn"
    browser.js("f.value = ''; f.dispatchEvent(new Event('input'))")
    said = []
    for row, text in enumerate(HOSTILE):
        browser.js(f"window.turnOf = document.querySelector('[data-turn=\"{row}\"]'); 1")
        browser.js(f"f.value = 'row={row}'; f.dispatchEvent(new Event('input'))")
        browser.js(f"{turns}.querySelector('tbody button').click()")
        said.append(browser.js("document.getElementById('turn').innerText"))
        assert " ".join(text.split()) in " ".join(said[-1].split()), text
    assert browser.js("window.pwned") is None
    assert browser.js("document.querySelector('main img, iframe, object, form, base')") is None
    assert browser.complaints == []
    assert len([url for url in browser.requests if not url.startswith(("data:", "blob:"))]) == 1


def test_a_click_on_a_trial_of_live_agents_shows_what_they_said(browser, folder):
    browser.media()
    browser.open(with_transcripts().report(folder / "live.html"))
    point = browser.js(
        "(() => { const p = document.querySelector('[data-figure=course] .points path');"
        " p.scrollIntoView({block: 'center'}); const r = p.getBoundingClientRect();"
        " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
    )
    browser.click(*point)
    browser.wait("!document.getElementById('turn').hidden")
    assert with_transcripts().spoken[0][0].mechanism in browser.js(
        "document.querySelector('#turn h3').textContent"
    )


def test_the_watched_page_renews_itself(browser, tmp_path):
    from tests.watch.test_watch import search, serve_in_background, study

    url = f"sqlite:///{tmp_path}/watched.db"
    search(study(), url)
    address = serve_in_background(study("<script>window.pwned=1</script>"), url)
    browser.media()
    browser.visit(address)
    first = "document.querySelector('main')"
    browser.js(f"window.before = {first}; 1")
    browser.wait(f"{first} !== window.before")
    assert browser.js("window.pwned") is None
    assert browser.complaints == []
    assert set(browser.requests) <= {address, f"{address}favicon.ico"}
