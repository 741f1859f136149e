"""Leaves out what cannot be imported where an optional library is absent."""

import os
from importlib.util import find_spec

ADAPTERS = ["mechlab/adapters/*", "tests/adapters/*"]
everything = os.environ.get("MECHLAB_NO_SKIPS") or find_spec("mpe2")
collect_ignore_glob = [] if everything else ADAPTERS
