"""Who may import whom: the folders of the project, and the rooms of docs/architecture.md."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.house import measure

ROOT = Path(__file__).parents[1]
FOLDERS = {"mechlab", "mechanisms", "studies", "tests", "benchmarks", "reports"}
FRONT = {"mechlab/__init__.py", "mechlab/__main__.py"}  # the doors, before all rooms
PACKAGE = {"mechlab", "mechlab.__version__"}  # always there before any of its files
FILES = {
    folder: sorted(str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py"))
    for folder in ("mechlab", "mechanisms")
}


def imported(file, inside=True):
    """Return the dotted names that a file imports, also inside its functions or not."""
    names = set()
    for node in nodes(ast.parse((ROOT / file).read_text()), inside):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports by relative path"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def nodes(tree, inside):
    """Walk a syntax tree, into functions or not."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if inside or not isinstance(node, ast.FunctionDef):
            yield from nodes(node, inside)


def file_of(name):
    """Return the file of ours that an imported name stands in, or None."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = Path(*parts[:length])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if (ROOT / file).is_file():
                return file.as_posix()
    return None


def rooms():
    """Return the rooms of the table in docs/architecture.md, each a list of files and folders."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("## Rooms")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    places = [re.findall(r"`([^`]+)`", row) for row in rows]
    whole = [[p if p.split("/")[0] in FOLDERS else f"mechlab/{p}" for p in row] for row in places]
    return [row for row in whole if row[0].startswith("mechlab/")]


def room_of(file):
    """Return the numbers of the rooms in which a file stands."""
    return [
        number
        for number, places in enumerate(rooms())
        if any(file == place or (place[-1] == "/" and file.startswith(place)) for place in places)
    ]


@pytest.fixture(scope="module")
def house():
    return measure(ROOT)


@pytest.mark.parametrize("file", FILES["mechlab"])
def test_mechlab_imports_none_of_the_other_folders(file):
    others = FOLDERS - {"mechlab"}
    assert not {name for name in imported(file) if name.split(".")[0] in others}


@pytest.mark.parametrize("file", FILES["mechanisms"])
def test_a_mechanism_imports_mechlab_alone(file):
    others = FOLDERS - {"mechlab"}
    if file == "mechanisms/__init__.py":  # which collects them
        others -= {"mechanisms"}
    assert not {name for name in imported(file) if name.split(".")[0] in others}


@pytest.mark.parametrize("file", sorted(set(FILES["mechlab"]) - FRONT))
def test_every_file_stands_in_one_room_and_loads_none_below(file):
    rooms_of_file = room_of(file)
    assert len(rooms_of_file) == 1, f"{file} must stand in one row of docs/architecture.md, Rooms"
    for name in imported(file, inside=False) - PACKAGE:
        source = file_of(name)
        if source is not None:
            assert source not in FRONT, f"{file} imports {name} through the front door"
            assert room_of(source) <= rooms_of_file, f"{file} imports {name} from a room below it"


def test_every_room_exists():
    assert not [place for places in rooms() for place in places if not (ROOT / place).exists()]


def test_importing_mechlab_imports_no_plug_in():
    code = (
        "import mechlab.mechanism, mechlab.games.base, sys; sys.exit('mechanisms' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_no_modules_import_each_other_in_a_circle(house):
    """Imports inside functions and for types alone count too."""
    count, circles = house["circles"]
    assert not count, circles


def test_a_private_module_is_imported_in_its_own_room_only(house):
    count, imports = house["strangers"]
    assert not count, imports
