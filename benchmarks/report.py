"""Reports: how large a page is, how long it takes to build, and to open in Chromium.

    python benchmarks/report.py

Prints one line for each page: trials, megabytes, seconds to build (with checks and replays),
seconds until the verdict is shown, and until the last chart is drawn.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.report.chromium import Chromium
from tests.report.results import with_trials

TRIALS = (100, 3000, 10_000)


def built(trials, path):
    """Return the seconds that it takes to build a page."""
    result = with_trials(trials)
    begun = time.perf_counter()
    result.report(path)
    return time.perf_counter() - begun


def opened(browser, path):
    """Return the seconds until the first content is shown and until all charts are drawn."""
    browser.open(path)
    seen = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    return browser.js(seen) / 1000, browser.js("performance.mark('drawn').startTime") / 1000


def main():
    with tempfile.TemporaryDirectory() as folder:
        built(100, Path(folder) / "warm.html")  # compiles the game
        browser = Chromium(Path(folder))
        for trials in TRIALS:
            path = Path(folder) / f"{trials}.html"
            took = built(trials, path)
            seen, drawn = opened(browser, path)
            size = path.stat().st_size / 1e6
            print(
                f"{trials:>6} trials: {size:.2f} MB, built in {took:.1f} s, "
                f"verdict after {seen:.2f} s, last chart after {drawn:.1f} s"
            )
        browser.close()


if __name__ == "__main__":
    main()
