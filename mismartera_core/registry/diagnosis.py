"""What is wrong with the plugins that are installed, as far as it shows before they are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from mismartera_core.errors import PluginError
from mismartera_core.registrations import Registration
from mismartera_core.registry import Registry
from mismartera_core.registry.attributes import config_model, one_line, resolve_attribute
from mismartera_core.registry.installed import Installed
from mismartera_core.registry.libraries import missing_libraries
from mismartera_core.registry.limits import HungError, within
from mismartera_core.registry.plugins import OK, Offer, Plugin, PluginProblem
from mismartera_core.registry.versions import CORE, normalized, parsed, unmet_range

_SECONDS = 60.0
"""How long the import of what a record names may take; libraries such as numba take a few."""


def diagnose(
    registry: Registry, installed: Mapping[str, Sequence[Installed]]
) -> tuple[PluginProblem, ...]:
    """Everything that is broken: plugins, their requirements, and what their records name.

    Args:
        registry: The plugins as they were loaded.
        installed: The entry points by name.
    """
    found = list(registry.problems)
    for plugin in registry.plugins():
        if plugin.status == OK:
            points = installed.get(plugin.name, ())
            offers = [it for it in registry.offers() if it.plugin.name == plugin.name]
            lacking = _lacking(offers)
            found += _libraries(plugin, offers, points, lacking)
            found += _records(plugin, [it for it in offers if not _needs(it.record, lacking)])
    return tuple(found)


def _libraries(
    plugin: Plugin,
    offers: Sequence[Offer],
    points: Sequence[Installed],
    lacking: Mapping[str, tuple[str, ...]],
) -> Iterator[PluginProblem]:
    """Libraries its factories import and requirements of its distribution that are not there."""
    needed: dict[str, list[str]] = defaultdict(list)
    for offer in offers:
        for library in _needs(offer.record, lacking):
            needed[library].append(f"{offer.kind.replace('_', ' ')} {offer.record.name!r}")
    requires = points[0].requires if points else ()
    project = points[0].project if points else plugin.name
    told = set()
    for library, names in needed.items():
        package, cure = _package(library, requires, project)
        told.add(package)
        text = f"{', '.join(names)}: imports {library!r}, which is not installed"
        yield PluginProblem(plugin.name, plugin.version, text, cure)
    for text in requires:
        name, asked, marker = parsed(text)
        if not marker and name not in told and name != CORE and (wrong := _unmet(name, asked)):
            yield PluginProblem(plugin.name, plugin.version, wrong, f"pip install '{name}{asked}'")


def _lacking(offers: Sequence[Offer]) -> dict[str, tuple[str, ...]]:
    """Libraries that are missing, by module that the records name."""
    modules = {module for offer in offers for module in _modules(offer.record)}
    return {module: missing_libraries(module) for module in modules}


def _needs(record: Registration, lacking: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Missing libraries that what a record names would ask for."""
    return tuple(dict.fromkeys(it for module in _modules(record) for it in lacking[module]))


def _modules(record: Registration) -> tuple[str, ...]:
    named = [it for it in (record.factory, record.config_model) if isinstance(it, str)]
    return tuple(dict.fromkeys(text.partition(":")[0] for text in named))


def _package(library: str, requires: Sequence[str], project: str) -> tuple[str, str]:
    """Distribution that most likely brings a library, and how to install it."""
    wanted = library.replace("_", "").lower()
    rows = [parsed(text) for text in requires]
    absent = [row for row in rows if _unmet(row[0], "")]
    near = [row for row in rows if wanted in row[0].replace("-", "")] or absent
    if len({row[0] for row in near}) != 1:
        return library, f"pip install the distribution that brings {library!r}"
    name, asked, marker = near[0]
    if "extra" in marker:
        extra = marker.partition("extra")[2].strip(" =\"'()")
        return name, f"pip install '{project}[{extra}]'"
    return name, f"pip install '{name}{asked}'"


def _unmet(name: str, asked: str) -> str:
    """What is wrong with an installed distribution; empty where it is there and fits."""
    try:
        there = version(name)
    except PackageNotFoundError:
        return f"requires {name}{asked}, which is not installed"
    if unmet_range([f"{name}{asked}"], there, normalized(name)):
        return f"requires {name}{asked}, installed is {there}"
    return ""


def _records(plugin: Plugin, offers: Sequence[Offer]) -> Iterator[PluginProblem]:
    """Factories and config models that are not where their records say."""
    for offer in offers:
        record = offer.record
        what = f"{offer.kind.replace('_', ' ')} {record.name!r}"
        try:
            within(_SECONDS, f"plugin {plugin.name}", lambda it=record: _resolve(it))  # type: ignore[misc]
        except HungError as hung:
            text = f"{what} does not answer within {_SECONDS:g} s ({hung})"
            yield PluginProblem(plugin.name, plugin.version, text, "report it to its author")
        except PluginError as error:
            hint = error.hint or "report it to its author"
            yield PluginProblem(plugin.name, plugin.version, f"{what}: {error}", hint)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's failure is a finding
            text = f"{what} raised {one_line(error)}"
            yield PluginProblem(plugin.name, plugin.version, text, "report it to its author")


def _resolve(record: Registration) -> None:
    if not callable(resolve_attribute(record.factory)):
        raise PluginError(f"its factory {record.factory!r} cannot be called")
    model = config_model(record)
    if model is not None:
        model.model_json_schema()
