"""Puts the records of all plugins in order, and finds names that two of them offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mismartera_core.registrations import Registration
from mismartera_core.registry.plugins import KINDS, Loaded, PluginProblem

ONE_TOO_MANY = "uninstall one of them, or `mismartera plugins disable` it"
Index = dict[str, dict[str, Registration]]
Sources = dict[str, dict[str, list[str]]]


def index(loaded: Iterable[Loaded]) -> tuple[Index, Sources, list[PluginProblem]]:
    """Records by kind and name, who offers each, and names that two offer.

    A broken plugin has no say: what it offers is in nobody's way.
    """
    sources: Sources = {kind: defaultdict(list) for kind in KINDS}
    usable: dict[str, dict[str, list[tuple[Loaded, Registration]]]]
    usable = {kind: defaultdict(list) for kind in KINDS}
    for part in loaded:
        for kind, record in part.records:
            sources[kind][record.name].append(part.name)
            if part.manager is not None:
                usable[kind][record.name].append((part, record))
    found: Index = {kind: {} for kind in KINDS}
    problems = []
    for kind, by_name in usable.items():
        for name, rows in sorted(by_name.items()):
            if len(rows) == 1:
                found[kind][name] = rows[0][1]
                continue
            reason = offered(kind, name, [part.name for part, _ in rows])
            last = rows[-1][0]
            text = f"{reason}; neither is used"
            problems.append(PluginProblem(last.name, last.version, text, ONE_TOO_MANY))
    return found, {kind: dict(by_name) for kind, by_name in sources.items()}, problems


def offered(kind: str, name: str, sources: Sequence[str]) -> str:
    """A sentence that names all who offer one thing.

    Args:
        kind: See `KINDS`.
        name: What they offer.
        sources: Who they are.
    """
    return f"{kind.replace('_', ' ')} {name!r} is offered by {' and by '.join(sources)}"
