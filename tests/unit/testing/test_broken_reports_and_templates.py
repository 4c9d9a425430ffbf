"""Reports and templates that break a promise are caught by the test of that promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from suite_runs import assert_caught, failures

from mismartera_core import ReportReg, TemplateReg


class Notes:
    """Writes one file."""

    def write(self, run, folder):
        path = folder / "notes.txt"
        text = f"{run.record.session_name}: {run.summary['trades']} trades"
        path.write_text(text, encoding="utf-8")
        return [path]


class WritesElsewhere(Notes):
    def write(self, run, folder):
        Path("notes.txt").write_text("here", encoding="utf-8")
        return super().write(run, folder)


class ListsNothing(Notes):
    def write(self, run, folder):
        super().write(run, folder)
        return []


class WritesOneMore(Notes):
    def write(self, run, folder):
        (folder / "more.txt").write_text("more", encoding="utf-8")
        return super().write(run, folder)


class RemovesFiles(Notes):
    def write(self, run, folder):
        for path in folder.iterdir():
            path.unlink()
        return super().write(run, folder)


class NeedsTrades(Notes):
    def write(self, run, folder):
        best = run.trades["pnl"].tolist()[0]
        return super().write(run, folder) if best else []


class WritesIntoTables(Notes):
    def write(self, run, folder):
        run.trades["profit"] = run.trades["pnl"] * 100
        return super().write(run, folder)


class NamesFilesByStrategy(Notes):
    def write(self, run, folder):
        path = folder / f"{run.record.strategies[0]}.txt"
        path.write_text("trades", encoding="utf-8")
        return [path]


class NumbersItsFiles(Notes):
    def write(self, run, folder):
        path = folder / f"notes-{len(list(folder.iterdir()))}.txt"
        path.write_text("again", encoding="utf-8")
        return [path]


class ReturnsNone(Notes):
    def write(self, run, folder):
        super().write(run, folder)


class WritesAscii(Notes):
    def write(self, run, folder):
        path = folder / "notes.txt"
        path.write_text(run.record.session_name, encoding="ascii")
        return [path]


class WritesFormulas(Notes):
    def write(self, run, folder):
        path = folder / "trades.csv"
        run.trades.to_csv(path)
        return [path]


class WritesMarkup(Notes):
    def write(self, run, folder):
        path = folder / "report.html"
        path.write_text(f"<h1>{run.record.session_name}</h1>", encoding="utf-8")
        return [path]


REPORTS = {
    WritesElsewhere: ("files are written and listed", ["elsewhere/notes.txt", "nowhere else"]),
    ListsNothing: ("files are written and listed", ["an empty list"]),
    WritesOneMore: ("files are written and listed", ["more.txt is not among them"]),
    RemovesFiles: ("files are written and listed", ["removes no file", "manifest.json"]),
    NeedsTrades: ("run without trades is a report too", ["IndexError", "empty tables"]),
    WritesIntoTables: ("run is not changed", ["run.trades is another", "copy a table"]),
    NamesFilesByStrategy: ("names of all kinds are written[path]", ["whatever names"]),
    NumbersItsFiles: ("report can be written again", ["replaces its files"]),
    WritesFormulas: (
        "names do no harm where they are opened[formula]",
        ["trades.csv has '=1+2'", "apostrophe"],
    ),
    WritesMarkup: ("names do no harm where they are opened[markup]", ["html.escape()"]),
    ReturnsNone: ("files are written and listed", ["None", "return [path]"]),
    WritesAscii: ("names of all kinds are written[unicode]", ["UnicodeEncodeError", "utf-8"]),
}


def report(cls):
    return ReportReg(name="made", factory=lambda config, context: cls(), summary="Made by a test")


def test_a_sound_report_breaks_nothing():
    assert failures("report", report(Notes)) == {}


@pytest.mark.parametrize("cls", REPORTS, ids=lambda cls: cls.__name__)
def test_a_broken_report_is_caught(cls):
    promise, words = REPORTS[cls]
    assert_caught("report", report(cls), [promise], words, more=True)


FILES = {
    "pyproject.toml": (
        '[project]\nname = "{{ cookiecutter.name }}"\n'
        'dependencies = ["mismartera-core>=0.1,<0.2"]\n'
        '[project.entry-points.mismartera]\n{{ cookiecutter.name }} = "{{ cookiecutter.name }}"\n'
    ),
    "README.md": "# {{ cookiecutter.name }}\n",
    "{{cookiecutter.name}}.py": "def mismartera_reports():\n    return []\n",
    "tests/test_it.py": (
        "from mismartera_core.testing import ReportConformance\n\n\n"
        "class TestIt(ReportConformance):\n    pass\n"
    ),
    ".github/workflows/ci.yml": "on: push\n",
}


def template(folder, kind="report", **changes):
    """A template of these files; None leaves one out."""
    folder = folder / "template"
    folder.mkdir()
    (folder / "cookiecutter.json").write_text(json.dumps({"name": "mine"}), encoding="utf-8")
    for name, text in {**FILES, **changes}.items():
        path = folder / "{{cookiecutter.name}}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
    return TemplateReg(name="made", kind=kind, factory=lambda: folder, summary="Made by a test")


def test_a_sound_template_breaks_nothing(tmp_path):
    assert failures("template", template(tmp_path)) == {}


NO_POINT = FILES["pyproject.toml"].partition("[project.entry")[0]

TEMPLATES = [
    ("entry point names the hooks", {"pyproject.toml": NO_POINT}, ["[project.entry-points"]),
    (
        "entry point names the hooks",
        {"{{cookiecutter.name}}.py": "x = 1\n"},
        ["tried_out does not", "mismartera_reports"],
    ),
    ("code compiles", {"{{cookiecutter.name}}.py": "def mismartera_reports(:\n"}, ["SyntaxError"]),
    (
        "everything is filled in",
        {"README.md": "{% raw %}{{ cookiecutter.nmae }}{% endraw %}"},
        ["README.md has {{ cookiecutter"],
    ),
    (
        "core is pinned to a range",
        {"pyproject.toml": FILES["pyproject.toml"].replace(">=0.1,<0.2", "")},
        ["'mismartera-core'"],
    ),
    ("project is complete", {"README.md": None}, ["README.md"]),
    ("project is complete", {"tests/test_it.py": "def test_it(): pass\n"}, ["none with a suite"]),
    ("project is complete", {".github/workflows/ci.yml": None}, ["continuous integration"]),
    ("project is complete", {"README.md": "{{ cookiecutter.nmae }}"}, ["with nothing but a name"]),
]


@pytest.mark.parametrize(("promise", "changes", "words"), TEMPLATES)
def test_a_broken_template_is_caught(tmp_path, promise, changes, words):
    record = template(tmp_path, **changes)
    assert_caught("template", record, [promise], words, more=promise == TEMPLATES[-1][0])


def test_a_template_of_no_kind_is_caught(tmp_path):
    record = template(tmp_path, kind="reports")
    assert_caught("template", record, ["kind is one there is"], ["kind 'reports'"], more=True)


def test_a_template_that_is_not_there_is_caught(tmp_path):
    record = TemplateReg(name="made", kind="report", factory=lambda: tmp_path, summary="None")
    words = ["there is no cookiecutter.json"]
    assert_caught("template", record, ["project has its name"], words, more=True)
