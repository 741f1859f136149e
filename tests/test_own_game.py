"""The game of one's own in docs/games.md is short, runs, and prints what the page says."""

import re
import subprocess
import sys
from pathlib import Path

from mechlab.games.base import GAMES

PAGE = (Path(__file__).parents[1] / "docs" / "games.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_game_is_at_most_40_lines_and_prints_what_the_page_says(tmp_path):
    game, use = BLOCKS
    assert len(game.rstrip().splitlines()) <= 40
    script = tmp_path / "favours.py"
    script.write_text(game + use, encoding="utf-8")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert f"prints `{run.stdout.strip()}`" in PAGE


def test_the_table_names_every_game():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)) == set(GAMES)
