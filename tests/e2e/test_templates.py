"""Every template makes a project that is clean, passes its tests, is found and runs."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from mismartera_core.builtin.templates import TEMPLATES, folder
from mismartera_core.cli.new import render

ROOT = Path(__file__).parents[2]
UV = os.environ.get("UV") or shutil.which("uv") or str(ROOT / "uvw")
NAMES = {template: f"tried_{template}" for template in TEMPLATES}
RUN = sorted(set(TEMPLATES) - {"template", "venue_broker"})
"""Templates whose project has a session to run; one of templates makes projects instead, and one
of a venue needs the venue."""


def typed(place, *words, **env):
    return subprocess.run(
        [str(word) for word in words],
        cwd=place,
        env={**os.environ, "COLUMNS": "160", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def done(place, *words, **env):
    """What a command says that must succeed."""
    found = typed(place, *words, **env)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def install(place, *words, **env):
    """Install without asking anyone; ask where the cache lacks something."""
    if typed(place, *words, "--offline", **env).returncode:
        done(place, *words, **env)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a fresh environment, and in it the core and a project of every template.

    What the core depends on is borrowed from the environment that runs; the core and the projects
    are installed, and found by their entry points.
    """
    place = tmp_path_factory.mktemp("desk")
    done(place, UV, "venv", "--python", sys.executable, "env")
    python = place / "env/bin/python"
    purelib = done(place, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    borrowed = sysconfig.get_path("purelib")
    (Path(purelib.strip()) / "borrowed.pth").write_text(
        f"import site; site.addsitedir({borrowed!r})\n"
    )
    for template, name in NAMES.items():
        if template != "strategy":
            render(folder(template), template, name, place / name)
    editable = [word for path in (ROOT, *sorted(place.glob("tried_*"))) for word in ("-e", path)]
    install(place, UV, "pip", "install", "--no-deps", "--python", python, *editable)
    return place


@pytest.fixture(scope="module")
def mismartera(desk):
    """A command in the fresh environment, as its answer in JSON; of other plugins it loads none."""
    disabled = json.dumps(["alpaca", "examples", "indicators", "patterns"])

    def answer(*words, **env):
        environment = {"MISMARTERA_PLUGINS_DISABLED": disabled, **env}
        return json.loads(done(desk, desk / "env/bin/mismartera", *words, "--json", **environment))

    return answer


@pytest.fixture(scope="module")
def first(desk, mismartera):
    """The project of a strategy, made and installed by what is typed and printed."""
    command = mismartera("new", "strategy", NAMES["strategy"])["install"]
    words = [UV if word == "uv" else word for word in shlex.split(command)]
    install(desk, *words, "--no-deps")
    return desk / NAMES["strategy"]


def test_all_are_listed_after_one_install_command(first, mismartera):
    rows = mismartera("plugins", "list")["offers"]
    found = {(row["kind"], row["name"], row["status"]) for row in rows}
    kinds = {NAMES[template]: kind for template, (kind, _) in TEMPLATES.items()}
    assert {(kind, name, "ok") for name, kind in kinds.items()} <= found


def test_they_are_linted_and_formatted(desk, first):
    for words in (["check"], ["format", "--check"]):
        done(desk, sys.executable, "-m", "ruff", *words, "--no-cache", *NAMES.values())


def test_their_types_are_right(desk, first):
    # One run for all: the core is checked once. The template of templates excludes what it holds.
    places = [f"{name}/{part}" for name in NAMES.values() for part in ("src", "tests")]
    settings = f"{NAMES['template']}/pyproject.toml"
    said = done(desk, desk / "env/bin/python", "-m", "mypy", "--config-file", settings, *places)
    assert said.startswith("Success: no issues found in ")


def test_they_pass_their_own_tests(desk, first):
    # One run for all, with the settings that all have.
    settings = first / "pyproject.toml"
    places = [f"{name}/tests" for name in NAMES.values()]
    words = ["-v", "-p", "no:cacheprovider", "-c", settings, *places]
    said = done(desk, desk / "env/bin/python", "-m", "pytest", *words)
    assert [name for name in NAMES.values() if f"test_{name}.py::" not in said] == []


@pytest.mark.parametrize("template", RUN)
def test_its_session_runs(desk, first, mismartera, template):
    name = NAMES[template]
    summary = mismartera("run", f"{name}/session.json")["summary"]
    assert summary["fills"] > 0
    used = json.loads((desk / name / "session.json").read_text())
    assert name in json.dumps({key: used[key] for key in used if key != "session_name"})


def test_its_live_session_is_in_order(first, desk, mismartera):
    name = NAMES["venue_broker"]
    # Its bars come from Alpaca.
    assert mismartera("config", "check", f"{name}/live.json", MISMARTERA_PLUGINS_DISABLED="[]")[
        "ok"
    ]
    used = json.loads((desk / name / "live.json").read_text())
    assert (used["mode"], used["broker"]["name"]) == ("live", name)


def test_its_broker_is_checked_at_its_fake_venue(first, desk, mismartera):
    found = mismartera("plugins", "check", NAMES["venue_broker"])
    outcomes = {it["name"]: it["outcome"] for it in found["checked"][0]["promises"]}
    assert outcomes["submit sends once"] == "passed"
    assert "failed" not in outcomes.values()


def test_the_template_of_templates_makes_projects(first, desk, mismartera):
    made = mismartera("new", NAMES["template"], "tried_again")
    assert (desk / "tried_again/src/tried_again/strategy.py").is_file()
    assert "mismartera run tried_again/session.json" in made["next"]


def test_cookiecutter_alone_makes_the_same_project(desk, first, tmp_path):
    name = NAMES["strategy"]
    words = ["--no-input", "--default-config", "-o", tmp_path, folder("strategy"), f"name={name}"]
    done(desk, sys.executable, "-m", "cookiecutter", *words, HOME=str(tmp_path))
    for path in sorted((tmp_path / name).rglob("*")):
        if path.is_file():
            assert path.read_text() == (first / path.relative_to(tmp_path / name)).read_text()


def test_the_wheel_brings_the_templates(tmp_path):
    """Built from the source distribution, as those who install it get it."""
    install(ROOT, UV, "build", "--out-dir", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = [
        path
        for path in (ROOT / "templates").rglob("*")
        if path.is_file() and not {".ruff_cache", "__pycache__"} & set(path.parts)
    ]
    wanted = {
        f"mismartera_core/templates/{path.relative_to(ROOT / 'templates').as_posix()}"
        for path in files
    }
    assert wanted <= packed


@pytest.mark.parametrize("name", ["My Strategy", "class", "../up"])
def test_cookiecutter_alone_refuses_a_name_that_is_no_package(tmp_path, name):
    words = ["--no-input", "--default-config", "-o", tmp_path / "out", folder("strategy")]
    (tmp_path / "out").mkdir()
    found = typed(
        tmp_path, sys.executable, "-m", "cookiecutter", *words, f"name={name}", HOME=str(tmp_path)
    )
    assert found.returncode != 0
    assert "single underscores" in found.stdout + found.stderr
    assert list((tmp_path / "out").iterdir()) == []
