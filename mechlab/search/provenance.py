"""What rebuilds a search: its study, its seeds, and all that it ran on."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mechlab.database import masked
from mechlab.streams import CERTIFY, EXPLORE
from mechlab.study import Study

_PACKAGES = ("mechlab", "numpy", "numba", "scipy", "optuna", "sqlalchemy")


def provenance(study: Study) -> dict[str, Any]:
    """Return what rebuilds a search of ``study``, as plain JSON values.

    The keys: ``study`` (its text), ``digest``, ``seeds``, ``mechanisms`` (their versions),
    ``agents`` (the kinds), ``packages``, ``commit``, ``python``, ``platform``, ``command``.
    """
    return {
        "study": study.text,
        "digest": study.digest,
        "seeds": {
            "study": study.seed,
            "explore_from": EXPLORE.start,
            "certify_from": CERTIFY.start,
        },
        "mechanisms": {k: v for c in study.candidates.values() for k, v in c.versions.items()},
        "agents": sorted(study.group.kinds),
        **surroundings(),
    }


def surroundings() -> dict[str, Any]:
    """Return what a command ran on: ``packages, commit, python, platform`` and ``command``."""
    return {
        "packages": {name: _version(name) for name in _PACKAGES},
        "commit": _commit(Path(__file__).parents[1]),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "command": masked(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"


def _commit(folder: Path) -> str:
    """Return the commit of the checkout that the code runs from, marked where it was changed."""
    tracked = _git(folder, "ls-files", "--error-unmatch", "__init__.py")
    describe = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    return _git(folder, *describe) if tracked else "not run from a checkout"


def _git(folder: Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(folder), *arguments]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
