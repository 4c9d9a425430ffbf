"""Plugins that are installed as far as Python can tell: a module and its dist-info on sys.path."""

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

HEAD = (
    "from mismartera_core import *\nfrom mismartera_core import hookimpl, StrategyReg, BrokerReg\n"
)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a plugin: `install("news", "code", name="news")`; the module is named as the dist."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def put(
        dist: str, code: str, *, name: str = "", version: str = "1.2", requires: tuple = ()
    ) -> Path:
        module = site / f"{dist}.py"
        monkeypatch.delitem(sys.modules, dist, raising=False)
        module.write_text(HEAD + textwrap.dedent(code))
        info = site / f"{dist}-{version}.dist-info"
        info.mkdir()
        headers = ["Metadata-Version: 2.1", f"Name: {dist}", f"Version: {version}"]
        headers += [f"Requires-Dist: {text}" for text in requires]
        (info / "METADATA").write_text("\n".join(headers) + "\n")
        (info / "entry_points.txt").write_text(f"[mismartera]\n{name or dist} = {dist}\n")
        importlib.invalidate_caches()
        return module

    yield put
    for path in site.glob("*.py"):
        if path.stem not in before:
            sys.modules.pop(path.stem, None)
