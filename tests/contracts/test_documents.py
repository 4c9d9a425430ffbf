"""What the documents show runs as it stands."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismartera_core.config.loading import config_from
from mismartera_core.registry import Registry
from mismartera_core.services.config_resolution import resolve

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/first-strategy.md"]
COMMANDED = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page; those that begin with a path in a comment are files."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def path_of(block: str) -> str:
    """The file that a block shows; empty where it is none."""
    found = re.match(r"# (\w+/[\w./]+)\n", block)
    return found.group(1) if found else ""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A working folder with some minutes of SPY."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    opens = pd.date_range("2024-03-04 09:30", periods=390, freq="min", tz="America/New_York")
    close = 500 + np.random.default_rng(1).normal(0, 0.1, 390).cumsum()
    columns = {"open": close, "high": close, "low": close, "close": close, "volume": 100}
    pd.DataFrame(columns, index=opens).to_csv("spy_1m.csv")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run(page, desk):
    scope = {"__name__": "document"}
    for block in blocks(page, "python"):
        if not path_of(block):
            exec(compile(block, page, "exec", dont_inherit=True), scope)  # noqa: S102
    assert scope["run"].summary["trades"] > 0


@pytest.mark.parametrize("page", PAGES)
def test_session_configs_are_right(page, desk, monkeypatch):
    for block in [*blocks(page, "python"), *blocks(page, "toml")]:
        if path := path_of(block):
            (desk / path).parent.mkdir(exist_ok=True)
            (desk / path).write_text(block)
    mine = {}
    if (desk / "my_strategies").exists():
        (desk / "my_strategies/__init__.py").touch()
        mine["mine"] = importlib.import_module("my_strategies.plugin")
    registry = Registry.discover()
    given = Registry.from_modules(mine)
    assert given.problems == ()
    shown = blocks(page, "json")
    assert shown
    for block in shown:
        config = config_from(json.loads(block))
        ours = any(given.sources("strategy", s.name) for s in config.strategies)
        resolve(config, given if ours else registry)
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_strategies"]:
        del sys.modules[name]


def test_the_strategy_of_the_readme_is_short():
    lines = [line for line in blocks("README.md", "python")[0].splitlines() if line.strip()]
    assert len(lines) <= 15


@pytest.mark.parametrize("page", COMMANDED, ids=lambda page: page.name)
def test_commands_exist(page):
    from typer.main import get_command

    from mismartera_core.cli.app import build

    tree = get_command(build())
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"^(?:\./uvw run )?mismartera (\w.*)$", text, re.MULTILINE):
        command = tree
        for word in line.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"mismartera {line}"
            command = command.commands[word]


@pytest.mark.parametrize("page", COMMANDED, ids=lambda page: page.name)
def test_files_it_names_exist(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|plugins|session_configs|mismartera_core|tests)/[\w./-]*)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
