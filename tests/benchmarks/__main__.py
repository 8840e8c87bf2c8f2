"""`python -m tests.benchmarks [NAME [ARGS…]]`: runs one benchmark, or all of them.

A benchmark is a module of this package with `main(argv)`, which may return an exit code, and a
first docstring line that says what it measures; there is no list to add it to.
"""

import ast
import importlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def found() -> dict[str, str]:
    """Each benchmark's name and what it measures; a module without `main` is only a helper."""
    names: dict[str, str] = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            names[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return names


def run(argv: list[str]) -> int:
    benchmarks = found()
    chosen = argv[:1] or list(benchmarks)
    if unknown := [name for name in chosen if name not in benchmarks]:
        print(f"There is no benchmark called {unknown[0]}. There are:", file=sys.stderr)
        for name, purpose in benchmarks.items():
            print(f"  {name:<12} {purpose}", file=sys.stderr)
        return 2
    worst = 0
    for name in chosen:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        print(f"== {name}: {benchmarks[name]}  (load before it {load:.1f})", flush=True)
        code = importlib.import_module(f"tests.benchmarks.{name}").main(argv[1:])
        worst = max(worst, code or 0)
    return worst


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
