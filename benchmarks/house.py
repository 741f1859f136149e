"""How large and how tangled the package is.

    python benchmarks/house.py [ROOT]    read off the source below ROOT, by default this project's
    python benchmarks/house.py --follow  runs a small search, and follows its study and its result

Read off the source:

- files, lines: Python files of `mechlab/`.
- rooms: files and folders right inside `mechlab/`, and the folders `mechanisms` and `benchmarks`.
- arrows: pairs of rooms of which one imports the other. A package's `__init__` that defines
  nothing only hands names on, so what it imports draws no arrow.
- circles: groups of modules that import each other in a loop, with imports for types alone and
  imports inside functions.
- public names: functions and classes at the top level of `mechlab/` with no underscore at the
  beginning of their name or of any module or package that they stand in.
- imported once: modules that exactly one other module of `mechlab/` imports.
- strangers: imports of a private module from another room; there must be none.

Followed: the modules of which a function gets the study as an argument during ``search``, or the
result in the room of reports, and how often that happens.
"""

import ast
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

FOLDERS = ("mechlab", "mechanisms", "benchmarks")


def modules(root):
    """Return the path of each module by its dotted name."""
    found = {}
    for path in sorted(p for folder in FOLDERS for p in (root / folder).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree, names):
    """Return the modules among `names` that a syntax tree imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in names else node.module


def room(module):
    """Return the room of a module: `mechlab.search.run` stands in `mechlab.search`."""
    return ".".join(module.split(".")[:2]) if module.startswith("mechlab") else module.split(".")[0]


def definitions(tree):
    """Return the functions and classes at the top level of a syntax tree."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in tree.body if isinstance(node, kinds)]


def circles(graph):
    """Return the groups of nodes that reach each other, by Tarjan's algorithm."""
    index, low, stack, groups = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[-len(group) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for node in list(graph):
        if node not in index:
            visit(node)
    return groups


def private(module):
    """Whether a name or a module is for its own room only."""
    return any(part.startswith("_") and part != "__main__" for part in module.split("."))


def measure(root):
    """Return each figure, with what it is made of where that is short."""
    paths = modules(root)
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths.items()}
    graph = {
        name: {other for other in imported(tree, paths) if other in paths and other != name}
        for name, tree in trees.items()
    }
    ours = [name for name in paths if room(name).startswith("mechlab")]
    faces = {n for n in ours if paths[n].name == "__init__.py" and not definitions(trees[n])}
    importers = defaultdict(set)
    for name in ours:
        for other in graph[name]:
            importers[other].add(name)
    arrows = {
        (room(a), room(b)) for a in graph if a not in faces for b in graph[a] if room(a) != room(b)
    }
    public = Counter(
        room(name)
        for name in ours
        for definition in definitions(trees[name])
        if not private(f"{name}.{definition}")
    )
    strangers = [f"{a} -> {b}" for a in ours for b in graph[a] if private(b) and room(a) != room(b)]
    return {
        "files": (len(ours), ""),
        "lines": (sum(len(paths[n].read_text().splitlines()) for n in ours), ""),
        "rooms": (len({room(name) for name in paths}), ""),
        "arrows": (len(arrows), ""),
        "circles": (len(circles(graph)), "; ".join(" ".join(c) for c in circles(graph))),
        "public names": (public.total(), ", ".join(f"{r} {n}" for r, n in public.most_common())),
        "imported once": (sum(len(importers[name]) == 1 for name in ours), ""),
        "strangers": (len(strangers), "; ".join(strangers)),
    }


def calls_with(value, action):
    """Return what `action` returns, and the modules whose functions got `value`, once a call."""
    found = []

    def watch(frame, event, _):
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        module = frame.f_globals.get("__name__", "")
        ours = event == "call" and module.startswith("mechlab")
        if ours and any(frame.f_locals.get(name) is value for name in names if name != "self"):
            found.append(module)

    sys.setprofile(watch)
    try:
        return action(), found
    finally:
        sys.setprofile(None)


def follow():
    """Print what a study meets in a search, and a result in its report."""
    import mechlab

    study = mechlab.Study.load(Path(__file__).parents[1] / "studies/public_goods_threshold.toml")
    with tempfile.TemporaryDirectory() as folder:
        record = f"sqlite:///{folder}/record.db"
        result, searched = calls_with(study, lambda: mechlab.search(study, record))
        _, shown = calls_with(result, lambda: result.report(f"{folder}/page.html"))
    reported = [module for module in shown if module.startswith("mechlab.report")]
    for name, calls in (("study in search", searched), ("result in its report", reported)):
        print(f"{name}: {len(set(calls))} modules, {len(calls)} calls")


if __name__ == "__main__":
    if sys.argv[1:] == ["--follow"]:
        follow()
        sys.exit()
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for name, (figure, parts) in measure(root).items():
        print(f"{name:14}{figure:>7}  {parts[:300]}")
