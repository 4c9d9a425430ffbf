"""The list of plugins that may load, pinned by version and by a hash of their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from mismartera_core.errors import ConfigError
from mismartera_core.registry.installed import Installed

LOCK_FILE = Path("plugins.lock.json")
"""Within the working folder."""

_VERSION = 1
_TRUSTED_METADATA = frozenset({"METADATA", "entry_points.txt"})
"""Of a dist-info folder; the other files differ from machine to machine."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A plugin as it was when it was allowed.

    Attributes:
        name: Name of the plugin.
        distribution: What it was installed as.
        version: Of the distribution.
        sha256: See `fingerprint`.
    """

    name: str
    distribution: str
    version: str
    sha256: str


def pin(plugin: Installed) -> Pin:
    """A plugin as it is now."""
    return Pin(plugin.name, plugin.project, plugin.version, fingerprint(plugin))


def read_lock(file: Path = LOCK_FILE) -> Mapping[str, Pin] | None:
    """Pins by name of the plugin; None where there is no lock file.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {row["name"]: Pin(**row) for row in found["plugins"]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file} is no list of allowed plugins: {type(error).__name__}: {error}",
            hint="write it anew with `mismartera plugins lock`",
        ) from error


def write_lock(pins: Iterable[Pin], file: Path = LOCK_FILE) -> None:
    """Write the list of plugins that may load."""
    rows = [asdict(pin) for pin in sorted(pins, key=lambda pin: pin.name)]
    text = json.dumps({"version": _VERSION, "plugins": rows}, indent=2)
    file.write_text(text + "\n", encoding="utf-8")


def refusal(plugin: Installed, lock: Mapping[str, Pin]) -> tuple[str, str] | None:
    """Why a lock does not let a plugin load, and what to do; None where it does.

    Args:
        plugin: As it is installed.
        lock: Pins by name.
    """
    meant = "`mismartera plugins lock` allows it, if that is meant"
    allowed = lock.get(plugin.name)
    if allowed is None:
        return f"it is not in {LOCK_FILE}, so it is not loaded", meant
    found = pin(plugin)
    if (found.distribution, found.version) != (allowed.distribution, allowed.version):
        here, there = (f"{it.distribution} {it.version}" for it in (found, allowed))
        return f"it is {here}, {LOCK_FILE} allows {there}", meant
    if found.sha256 != allowed.sha256:
        return f"its files are not those that {LOCK_FILE} allows", meant
    return None


def fingerprint(plugin: Installed) -> str:
    """sha256 over a plugin's files: those of its distribution and of the package it names.

    Installed for development, a distribution lists no source; the package is then read where it
    lies. Paths are relative, so that the hash is the same on every machine.
    """
    import hashlib

    found = dict(_package(plugin.target.partition(":")[0].partition(".")[0]))
    if plugin.distribution is not None:
        found |= dict(_distributed(plugin.distribution))
    whole = hashlib.sha256()
    for name in sorted(found):
        whole.update(f"{name}\0{hashlib.sha256(found[name].read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _distributed(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    """Files that a distribution lists, without those made when it was installed."""
    for path in distribution.files or ():
        info = path.parts[0].endswith((".dist-info", ".egg-info"))
        made = path.name not in _TRUSTED_METADATA if info else path.suffix in (".pth", ".pyc")
        file = Path(str(path.locate()))
        if not made and ".." not in path.parts and file.is_file():
            yield str(PurePosixPath(path)), file


def _package(name: str) -> Iterator[tuple[str, Path]]:
    """Files of a package or module, found without importing it."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return
    folders: Sequence[str] = spec.submodule_search_locations or () if spec else ()
    for folder in folders:
        for file in Path(folder).rglob("*"):
            if file.is_file() and file.suffix != ".pyc":
                yield f"{name}/{file.relative_to(folder).as_posix()}", file
    if spec and not folders and spec.origin:
        yield Path(spec.origin).name, Path(spec.origin)
