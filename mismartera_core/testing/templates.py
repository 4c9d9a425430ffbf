"""Promises of a template of plugins.

That a generated project installs, passes its own tests and runs is for a test with an environment
of its own; here is what can be seen without one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mismartera_core.hookspecs import PROJECT
from mismartera_core.registrations import TemplateReg
from mismartera_core.registry import KINDS, resolve_attribute
from mismartera_core.testing.suite import Conformance, breach, expect, survives

NAME = "tried_out"
"""Name of the project that the suite generates."""

_LEFT = re.compile(r"\{\{-?\s*cookiecutter|\{%")
_FACTS = "cookiecutter.json"


class TemplateConformance(Conformance):
    """What a template promises."""

    kind = "template"

    @pytest.fixture
    def made(self, registration: TemplateReg) -> Path:
        """The folder of the template."""
        with survives(
            "the factory of a template takes no arguments and returns its folder",
            "return Path(__file__).with_name('project'), and ship the folder with the package",
        ):
            return Path(resolve_attribute(registration.factory)())

    @pytest.fixture
    def project(self, made: Path, tmp_path: Path) -> Path:
        """A project generated from the template."""
        return render(made, tmp_path / "made", NAME)

    @pytest.fixture
    def pyproject(self, project: Path) -> dict[str, Any]:
        """What the project says of itself."""
        path = project / "pyproject.toml"
        expect(path.is_file(), "a project has a pyproject.toml", "none", "add one")
        with survives("pyproject.toml is TOML", "correct it"):
            return tomllib.loads(path.read_text(encoding="utf-8"))

    def test_kind_is_one_there_is(self, registration: TemplateReg) -> None:
        """It says what kind of plugin it makes."""
        known = ", ".join(KINDS)
        found = f"kind {registration.kind!r}"
        expect(registration.kind in KINDS, f"a template makes one of {known}", found, "choose one")

    def test_project_has_its_name(self, project: Path) -> None:
        """`mismartera new` hands in `name`; the folder has it, and nothing lies beside it."""
        beside = sorted(path.name for path in project.parent.iterdir())
        expect(
            beside == [NAME],
            "a template makes one folder, named as the project",
            f"{', '.join(beside)}",
            "call the folder {{cookiecutter.name}}",
        )

    def test_everything_is_filled_in(self, project: Path) -> None:
        """No variable of the template is left in a name or a text."""
        for path in _own(project):
            where = path.relative_to(project)
            found = _LEFT.search(f"{where}\n{_text(path)}")
            expect(
                found is None,
                "every variable of a template is filled in",
                f"{where} has {found.group() if found else ''}",
                "check the spelling of the variable, or add it to cookiecutter.json",
            )

    def test_code_compiles(self, project: Path) -> None:
        """Every Python file of the project is Python."""
        for path in _own(project):
            if path.suffix == ".py":
                with survives(f"{path.relative_to(project)} is Python", "correct the template"):
                    compile(path.read_text(encoding="utf-8"), str(path), "exec")

    def test_entry_point_names_the_hooks(
        self, registration: TemplateReg, project: Path, pyproject: dict[str, Any]
    ) -> None:
        """The project is found: an entry point names a module that implements the kind's hook."""
        points = pyproject.get("project", {}).get("entry-points", {}).get(PROJECT, {})
        expect(
            points,
            f"a project has an entry point of the group {PROJECT!r}",
            "none",
            f"[project.entry-points.{PROJECT}]\n{NAME} = '{NAME}.plugin'",
        )
        hook = KINDS[registration.kind][0]
        for module in points.values():
            path = _module(project, module)
            expect(path.is_file(), "an entry point names a module of the project", module, "add it")
            expect(
                hook in path.read_text(encoding="utf-8"),
                f"the module of a {registration.kind} implements {hook}",
                f"{module} does not",
                "implement the hook there",
            )

    def test_core_is_pinned_to_a_range(self, pyproject: dict[str, Any]) -> None:
        """The project says for which versions of the core it is made."""
        needed = pyproject.get("project", {}).get("dependencies", [])
        core = [text for text in needed if re.match(r"mismartera[-_]core\b", text)]
        expect(
            core and ">=" in core[0] and "<" in core[0],
            "a project depends on a range of versions of mismartera-core",
            f"{needed}",
            "write 'mismartera-core>=0.1,<0.2'",
        )

    def test_project_is_complete(self, project: Path) -> None:
        """README, tests that run the suite of its kind, and a file for continuous integration."""
        readme = project / "README.md"
        expect(
            readme.is_file() and readme.read_text(encoding="utf-8").strip(),
            "a project has a README.md",
            "none, or an empty one",
            "say what it does and how it is installed",
        )
        tests = [_text(path) for path in project.glob("tests/**/test_*.py")]
        # A suite with a fake of its own lies in the package, for `mismartera plugins check`.
        package = [_text(path) for path in project.glob("src/*/*.py")]
        suites = "Conformance" in "".join([*tests, *package])
        expect(
            suites and any(re.search(r"^class Test\w*\(\w+", text, re.M) for text in tests),
            "the tests of a project run the suite of its kind",
            f"{len(tests)} file(s) of tests, none with a suite",
            "subclass the suite of mismartera_core.testing in tests/",
        )
        expect(
            any(project.glob(".github/workflows/*.y*ml")) or any(project.glob(".*ci*")),
            "a project has a file for continuous integration",
            "none",
            "add .github/workflows/ci.yml",
        )

    def test_rendering_again_gives_the_same(
        self, made: Path, project: Path, tmp_path: Path
    ) -> None:
        """The same name gives the same project, byte by byte."""
        again = render(made, tmp_path / "again", NAME)
        one, other = (
            {path.relative_to(root): path.read_bytes() for path in _files(root)}
            for root in (project, again)
        )
        differing = sorted(str(p) for p in {*one, *other} if one.get(p) != other.get(p))
        expect(
            one == other,
            "the same name gives the same project",
            f"{', '.join(differing)} differ",
            "use no dates and no random numbers in a template",
        )


def render(template: Path, folder: Path, name: str) -> Path:
    """Generate a project without asking anything and without touching the user's home.

    Args:
        template: Folder of a cookiecutter template.
        folder: Where the project goes; made.
        name: Of the project.

    Returns:
        The folder of the project.
    """
    from mismartera_core.repositories import rendering

    if not (template / _FACTS).is_file():
        breach(
            "a template is a folder that cookiecutter understands",
            f"there is no {_FACTS} in {template}",
            "return the folder that has cookiecutter.json, and pack it with the package",
        )
    folder.mkdir(parents=True)
    with survives(
        "a template can be rendered with nothing but a name",
        "give every variable of cookiecutter.json a default, and make hooks accept a good name",
    ):
        return rendering.render(template, folder, name)[0]


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _own(project: Path) -> Iterator[Path]:
    """Files of a project, without templates that it offers itself."""
    inner = [path.parent for path in project.rglob(_FACTS)]
    return (path for path in _files(project) if not any(at in path.parents for at in inner))


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def _module(project: Path, module: str) -> Path:
    parts = module.partition(":")[0].split(".")
    places = [base.joinpath(*parts) for base in (project / "src", project)]
    files = [path for at in places for path in (at.with_suffix(".py"), at / "__init__.py")]
    return next((path for path in files if path.is_file()), files[0])
