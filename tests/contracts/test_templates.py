"""What templates share is equal in all of them; their names and versions are current."""

import ast
import json
import re
from pathlib import Path

import pytest
from kept_files import UPDATE, kept

from mismartera_core import __version__
from mismartera_core.builtin.templates import TEMPLATES, folder
from mismartera_core.cli.names import TAKEN_CLASSES

ROOT = Path(__file__).parents[2] / "templates"
SHARED = ROOT / "shared"
INSIDE = "{{cookiecutter.name}}/src/{{cookiecutter.name}}"
NESTED = f"template/{INSIDE}/project"

every = pytest.mark.parametrize("name", TEMPLATES)


def files(place: Path) -> dict[str, str]:
    return {
        path.relative_to(place).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def test_every_folder_is_registered():
    found = {path.parent.name for path in ROOT.glob("*/cookiecutter.json")}
    assert found == set(TEMPLATES)


def copies(source: Path, place: Path) -> dict[str, str]:
    """What another place has of the files of a folder."""
    at = place.relative_to(ROOT.parent)
    return {path: kept((at / path).as_posix(), text) for path, text in files(source).items()}


@every
def test_what_is_shared_is_equal(name):
    """Cookiecutter has no inheritance: `templates/shared` is copied into each template."""
    assert copies(SHARED, folder(name)) == files(SHARED), UPDATE


def test_the_template_of_templates_has_the_one_of_strategies():
    assert copies(folder("strategy"), ROOT / NESTED) == files(folder("strategy")), UPDATE
    assert files(folder("strategy")).keys() == files(ROOT / NESTED).keys()


@every
def test_the_core_it_asks_for_is_this_one(name):
    facts = json.loads((folder(name) / "cookiecutter.json").read_text(encoding="utf-8"))
    assert facts["_core"] == __version__


@every
def test_a_class_named_after_a_project_hides_nothing_that_is_imported(name):
    sources = {
        path: text for path, text in files(folder(name) / INSIDE).items() if "tests" not in path
    }
    plain = [
        re.sub(r"{{.*?}}", "Mine", text) for path, text in sources.items() if path.endswith(".py")
    ]
    imported = {
        alias.name
        for text in plain
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if re.match(r"[A-Z]([a-z]|$)", alias.name) and "Mine" not in alias.name
    }
    assert imported - TAKEN_CLASSES == set()
