"""Machine code that was kept is used only where all sources are the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import mechlab

HIGHEST = """
import numpy as np
from mechlab.games.base import make_game
state, _ = make_game("sharing").start(np.arange(9, dtype=np.uint64), "baseline")
print(state.truth.max())
"""


def test_a_change_in_a_file_whose_steps_are_inlined_elsewhere_is_compiled(tmp_path):
    here = Path(mechlab.__file__).parents[1]
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("mechlab", "mechanisms"):
        shutil.copytree(here / name, tmp_path / name, ignore=ignored)

    def highest():
        command = [sys.executable, "-c", HIGHEST]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert highest() == 100
    rng = tmp_path / "mechlab/games/_rng.py"
    text = rng.read_text()
    changed = text.replace("return (key >> uint64(11)) * (1.0 / _PARTS)", "return 0.0")
    assert changed != text
    rng.write_text(changed)
    assert highest() == 19  # the lowest band of values
