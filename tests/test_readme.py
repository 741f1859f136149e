"""What the README shows runs as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
# Set-up, which CI runs itself, other machines, and models that cost money.
ELSEWHERE = ("make", "postgresql", "tcp:", "export", "llm:")


def commands():
    lines = [line for kind, block in BLOCKS if kind == "console" for line in block.splitlines()]
    shown = [line.removeprefix("$ ").split("    #")[0].strip() for line in lines]
    return [line for line in shown if line and not any(word in line for word in ELSEWHERE)]


EXAMPLES = [block for kind, block in BLOCKS if kind == "python"]


def run(code):
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_examples_in_python_run():
    run("\n".join(example for example in EXAMPLES if "pettingzoo" not in example))


def test_the_example_of_pettingzoo_runs():
    pytest.importorskip("mpe2")
    run("\n".join(example for example in EXAMPLES if "pettingzoo" in example))


@pytest.mark.slow
def test_the_commands_run(tmp_path):
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    assert len(commands()) > 6
    for command in commands():
        arguments = [sys.executable, "-m", *shlex.split(command)]
        ran = subprocess.run(
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
        )
        assert ran.returncode == 0, f"{command}: {ran.stderr}"
