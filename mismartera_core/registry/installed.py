"""Which plugins are installed, read from the metadata of distributions; nothing is imported."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point, and what its distribution says of itself.

    Attributes:
        name: The plugin's name.
        target: Module that holds its hooks.
        project: Name of the distribution.
        version: Of the distribution.
        summary: Of the distribution.
        requires: Its requirements, as the metadata have them.
        distribution: None where the entry point belongs to none.
    """

    name: str
    target: str
    project: str = ""
    version: str = ""
    summary: str = ""
    requires: tuple[str, ...] = ()
    distribution: Distribution | None = None

    @property
    def source(self) -> str:
        """Distribution and module."""
        return f"{self.project} ({self.target})" if self.project else self.target


def installed_plugins(group: str) -> dict[str, list[Installed]]:
    """Entry points by name, sorted; a name should have one.

    Args:
        group: Entry-point group.
    """
    found: dict[str, list[Installed]] = defaultdict(list)
    for point in sorted(entry_points(group=group), key=lambda it: it.name):
        found[point.name].append(_describe(point))
    return dict(found)


def distributions(group: str) -> frozenset[str]:
    """Names of the distributions that bring plugins, spelt as packages are: my-plugin.

    Args:
        group: Entry-point group.
    """
    found = {point.dist.name for point in entry_points(group=group) if point.dist is not None}
    return frozenset(re.sub(r"[-_.]+", "-", name).lower() for name in found if name)


def _describe(point: EntryPoint) -> Installed:
    if point.dist is None:
        return Installed(point.name, point.value)
    said: dict[str, list[str]] = defaultdict(list)
    for key, value in _headers(point.dist):
        said[key].append(value)
    return Installed(
        name=point.name,
        target=point.value,
        project="".join(said["name"][:1]) or "a distribution without a name",
        version="".join(said["version"][:1]),
        summary="".join(said["summary"][:1]),
        requires=tuple(said["requires-dist"]),
        distribution=point.dist,
    )


def _headers(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """Headers of the metadata. The email parser of the standard library takes a millisecond."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    for line in text.partition("\n\n")[0].splitlines():
        key, colon, value = line.partition(":")
        if colon and not key[:1].isspace():
            yield key.lower(), value.strip()
