"""Machine code that was kept is used only where all sources are the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import mechlab

CHOOSE = """
import numpy as np
from mechlab.games.chance import several
print(int(several(np.uint64(1), 0, 3, 1.0)))
"""


def test_a_change_in_a_file_whose_steps_are_inlined_elsewhere_is_compiled(tmp_path):
    here = Path(mechlab.__file__).parents[1]
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("mechlab", "mechanisms"):
        shutil.copytree(here / name, tmp_path / name, ignore=ignored)

    def chosen():
        told = subprocess.run(
            [sys.executable, "-c", CHOOSE], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return told.stdout.strip()

    assert chosen() == "7"
    bits = tmp_path / "mechlab/games/bits.py"
    text = bits.read_text()
    changed = text.replace("return ~NOTHING >>", "return NOTHING >>")
    assert changed != text
    bits.write_text(changed)
    assert chosen() == "0"
