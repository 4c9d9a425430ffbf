"""A folder with the project of a plugin, used as if it were installed."""

from __future__ import annotations

import importlib
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mismartera_core.errors import PluginError, UsageError
from mismartera_core.hookspecs import PROJECT

_HOMES = ("src", ".")
"""Where a project keeps its packages."""


@dataclass(frozen=True, slots=True)
class Project:
    """The project of a plugin.

    Attributes:
        folder: Where its pyproject.toml is.
        name: Of the distribution.
        plugins: Names of its entry points.
        paths: What Python must search to find it: its packages and its metadata.
    """

    folder: Path
    name: str
    plugins: tuple[str, ...]
    paths: tuple[str, ...]


def is_project(text: str) -> bool:
    """Whether what was typed names a folder rather than a plugin.

    Raises:
        UsageError: It is written as a path, and there is no project.
    """
    found = (Path(text) / "pyproject.toml").is_file()
    if not found and (Path(text).is_dir() or "/" in text or "\\" in text):
        raise UsageError(
            f"expected the folder of a plugin, {text} has no pyproject.toml",
            hint="name the folder that `mismartera new` has made, or an installed plugin",
        )
    return found


@contextmanager
def as_if_installed(folder: Path) -> Iterator[Project]:
    """Let Python find a project's packages and entry points while the block runs.

    Args:
        folder: Where its pyproject.toml is.

    Raises:
        PluginError: It has no entry points of plugins, or their modules are not there.
    """
    said = _read(folder)
    points: Mapping[str, str] = said.get("entry-points", {}).get(PROJECT, {})
    if not points:
        raise PluginError(
            f"{folder / 'pyproject.toml'} names no plugin",
            hint=f'add [project.entry-points.{PROJECT}] with name = "package.module"',
        )
    homes = dict.fromkeys(_home(folder, target) for target in points.values())
    with tempfile.TemporaryDirectory() as made:
        _write_metadata(Path(made), said, points)
        before = list(sys.path)
        sys.path[:0] = paths = [*map(str, homes), made]
        importlib.invalidate_caches()
        try:
            yield Project(folder, said.get("name", folder.name), tuple(points), tuple(paths))
        finally:
            sys.path[:] = before
            importlib.invalidate_caches()


def _read(folder: Path) -> dict[str, Any]:
    file = folder / "pyproject.toml"
    try:
        found: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError) as error:
        raise PluginError(f"{file} cannot be read: {error}") from error
    return found


def _home(folder: Path, target: str) -> Path:
    """The folder that the package of an entry point lies in."""
    package = target.partition(":")[0].partition(".")[0]
    for home in _HOMES:
        path = (folder / home).resolve()
        if (path / package).is_dir() or (path / f"{package}.py").is_file():
            return path
    raise PluginError(
        f"there is no package {package!r} in {folder}",
        hint=f"its entry point says {target!r}; packages lie in src or beside pyproject.toml",
    )


def _write_metadata(site: Path, said: Mapping[str, Any], points: Mapping[str, str]) -> None:
    """What an installer would have written, as far as it is read."""
    name, release = said.get("name", "project"), said.get("version", "0")
    info = site / f"{name.replace('-', '_')}-{release}.dist-info"
    info.mkdir()
    headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {release}"]
    headers += [f"Summary: {said['description']}"] if said.get("description") else []
    headers += [f"Requires-Dist: {text}" for text in said.get("dependencies", ())]
    (info / "METADATA").write_text("\n".join(headers) + "\n", encoding="utf-8")
    lines = [f"[{PROJECT}]", *(f"{key} = {value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
