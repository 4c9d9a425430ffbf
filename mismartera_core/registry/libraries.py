"""Which libraries a module needs and lacks, read from its source; nothing is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_FORGIVEN = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})
"""An import within a `try` that catches one of these may fail."""


def missing_libraries(module: str) -> tuple[str, ...]:
    """Libraries that importing a module would ask for in vain.

    Modules of the same package are followed; imports within functions wait, and do not count.

    Args:
        module: Full name.

    Returns:
        Names as `import` has them; also the module's own where there is no such module.
    """
    top = module.partition(".")[0]
    if not _exists(top):
        return (top,)
    missing: set[str] = set()
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if parent := name.rpartition(".")[0]:
            waiting.append(parent)
        file = _file(name)
        for wanted in _imports(name, file) if file else ():
            library = wanted.partition(".")[0]
            if library == top:
                waiting.append(wanted)
            elif not _exists(library):
                missing.add(library)
    return tuple(sorted(missing))


@cache
def _exists(library: str) -> bool:
    if library in sys.modules or library in sys.stdlib_module_names:
        return True
    try:
        return find_spec(library) is not None
    except (ImportError, ValueError):
        return False


def _file(module: str) -> Path | None:
    """Source of a module, found without importing the packages it lies in."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not spec.submodule_search_locations:
        return Path(spec.origin) if spec.origin and not rest and _is_source(spec.origin) else None
    for folder in spec.submodule_search_locations:
        path = Path(folder, *rest)
        for file in (path / "__init__.py", path.with_suffix(".py") if rest else path):
            if file.is_file():
                return file
    return None


def _is_source(file: str) -> bool:
    return file.endswith(".py")


def _imports(module: str, file: Path) -> tuple[str, ...]:
    """Modules that a source file imports when it is imported."""
    return _read(module, file, file.stat().st_mtime_ns)


@cache
def _read(module: str, file: Path, changed: int) -> tuple[str, ...]:  # noqa: ARG001 - part of the key
    return tuple(_statements(module, file))


def _statements(module: str, file: Path) -> Iterator[str]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in _top_level(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *([base] if base else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements outside of functions, unless they may fail or are for types only."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.dump(node.test):
                yield from _top_level(node.body)
            yield from _top_level(node.orelse)
        elif isinstance(node, ast.Try):
            if not any(_forgives(handler) for handler in node.handlers):
                yield from _top_level(node.body)
            yield from _top_level([*node.orelse, *node.finalbody])
        elif isinstance(node, ast.With | ast.ClassDef):
            yield from _top_level(node.body)


def _forgives(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(word in ast.dump(handler.type) for word in _FORGIVEN)
