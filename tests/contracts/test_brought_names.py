"""Which distribution of the project brings a name is known where it is not installed."""

import json
import tomllib
from collections import defaultdict
from importlib import import_module

from kept_files import ROOT, UPDATE, kept

from mismartera_core.registry import Registry


def brought() -> dict[str, dict[str, list[str]]]:
    """By distribution and kind, what the plugins of the workspace register."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        points = project["entry-points"]["mismartera"]
        modules = {name: import_module(target) for name, target in points.items()}
        names: dict[str, list[str]] = defaultdict(list)
        for offer in Registry.from_modules(modules).offers():
            if offer.plugin.name in points:
                names[offer.kind].append(offer.record.name)
        found[project["name"]] = dict(names)
    return found


def test_the_table_is_what_the_workspace_registers():
    text = json.dumps(brought(), indent=1) + "\n"
    assert kept("mismartera_core/registry/brought.json", text) == text, UPDATE


def test_the_folder_of_a_distribution_has_its_name():
    folders = {file.parent.name for file in ROOT.glob("plugins/*/pyproject.toml")}
    assert {project.replace("-", "_") for project in brought()} == folders
