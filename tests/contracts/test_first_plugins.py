"""Every block of "Your first ..." is done as it stands: commands typed, functions put in place."""

import ast
import importlib
import json
import re
import shlex
import sys
import textwrap
from pathlib import Path

import pytest

from mismartera_core.cli import main
from mismartera_core.registry import KINDS

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "docs/plugins/templates.md"
PAGES = sorted(ROOT.glob("docs/plugins/first-*.md"))
VENUE = ROOT / "docs/plugins/first-venue-broker.md"
"""Its project needs a venue to run at, and is checked at a fake one instead."""
SHOWN_BY_TESTS = "first-gap-filler"
"""A backtest fills no gaps."""


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each block, in order; commands have no language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def newcomer(tmp_path, monkeypatch, capsys):
    """An empty folder, and what a newcomer does there: `newcomer("pytest my_plugin/tests")`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def install(project: Path) -> None:
        """As pip does: the source on the path, and beside it what names the entry point."""
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        point = re.search(r"\[project.entry-points.mismartera\]\n(.*)", text)[1].replace('"', "")
        info = project / f"src/{project.name}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project.name}\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[mismartera]\n{point}\n")
        monkeypatch.syspath_prepend(str(project / "src"))

    def do(line: str) -> str:
        program, *words = shlex.split(line, comments=True)
        if program == "mismartera":
            code = main(words)
        elif program == "pytest":
            (tests,) = words
            settings = str(Path(tests).parent / "pyproject.toml")
            code = pytest.main(["-q", "-p", "no:cacheprovider", "-c", settings, tests])
        else:
            assert [program, *words[:2]] == ["pip", "install", "-e"]
            code = install(Path(words[2].removesuffix("[test]"))) or 0
        out, err = capsys.readouterr()
        assert code == 0, f"{line}\n{out}{err}"
        return out

    before = set(sys.modules)
    yield do
    forget(set(sys.modules) - before, tmp_path)


def forget(names, place: Path) -> None:
    """Take modules that lie in a folder out of memory."""
    for name in names:
        file = getattr(sys.modules[name], "__file__", None)
        if file and place in Path(file).parents:
            del sys.modules[name]


def put(block: str) -> tuple[Path, str]:
    """Replace the one function that a block shows in the file that its first line names.

    Returns:
        The file, and what was in it.
    """
    path, code = re.fullmatch(r"# (\S+)\n(.*)", block, re.DOTALL).groups()
    (shown,) = ast.parse(code).body
    before = Path(path).read_text(encoding="utf-8")
    lines = before.splitlines()
    tree = ast.parse("\n".join(lines))
    (there,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == shown.name
    ]
    indented = textwrap.indent(code.rstrip(), " " * there.col_offset).splitlines()
    lines[there.lineno - 1 : there.end_lineno] = indented
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(path), before


@pytest.fixture
def all_done(newcomer, tmp_path):
    """Does every block of a page; returns what the commands have said.

    With `again` the function is put back in the end, and the last run repeated.
    """

    def load_anew() -> None:
        forget(list(sys.modules), tmp_path)
        importlib.invalidate_caches()

    def do(page: Path, *, again: bool = False) -> list[str]:
        said, line = [], ""
        for language, text in blocks(page):
            if language == "python":
                path, before = put(text)
                load_anew()
            else:
                assert language == ""
                said += [newcomer(line) for line in text.splitlines()]
                line = next(
                    (it for it in text.splitlines() if it.startswith("mismartera run ")), ""
                )
        if again:
            path.write_text(before, encoding="utf-8")
            load_anew()
            said.append(newcomer(line))
        return said

    return do


@pytest.mark.parametrize("page", [it for it in PAGES if it != VENUE], ids=lambda page: page.stem)
def test_every_block_is_done_and_the_function_makes_the_difference(page, all_done, tmp_path):
    all_done(page, again=True)
    runs = sorted((tmp_path / "runtime/runs").iterdir())
    assert len(runs) == 3, "once as generated, once as edited, once more as generated"
    assert all(len((run / "fills.csv").read_text().splitlines()) > 1 for run in runs[:2])
    edited, back = (result(run) for run in runs[1:])
    assert (edited == back) is (page.stem == SHOWN_BY_TESTS)


def result(run: Path) -> tuple[str, str]:
    """What tells runs apart: their trades, and what a report of the project has written."""
    own = [path.read_text(encoding="utf-8") for path in sorted(run.glob("my_*"))]
    facts = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return facts["trade_hash"], "".join(own)


def test_every_block_of_a_venue_is_done(all_done):
    said = all_done(VENUE)
    assert "every promise" in said[-1]
    assert "broken" not in said[-1]


def test_a_template_of_ones_own_makes_projects(newcomer, tmp_path):
    for _, text in blocks(TEMPLATES):
        for line in text.splitlines():
            newcomer(line)
    assert (tmp_path / "my_first/src/my_first/strategy.py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_takes_four_commands_and_one_function(page):
    first, *others = blocks(page)
    assert len(first[1].splitlines()) <= 4
    assert [language for language, _ in others] == ["python", ""]


def test_every_kind_has_its_page():
    pages = {page.stem.removeprefix("first-").replace("-", "_") for page in PAGES}
    assert pages == set(KINDS) - {"template"} | {"venue_broker"}


@pytest.mark.parametrize("start", ["README.md", "docs/index.md"])
def test_the_pages_are_linked(start):
    text = (ROOT / start).read_text(encoding="utf-8")
    linked = {(ROOT / start).parent / path for path in re.findall(r"\]\(([\w/-]+\.md)\)", text)}
    assert {*PAGES, TEMPLATES} <= linked
