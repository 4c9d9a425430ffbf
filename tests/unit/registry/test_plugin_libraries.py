import sys

import pytest

from mismartera_core.registry.import_time import import_cost
from mismartera_core.registry.libraries import missing_libraries


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package made of files, on the path and never imported: `package({"a.py": "..."})`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(files):
        for name, text in {"__init__.py": "raise RuntimeError('imported')", **files}.items():
            file = tmp_path / "some_plugin" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    yield make
    assert "some_plugin" not in sys.modules


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("import os, no_such_sdk.client as c", ("no_such_sdk",)),
        ("from no_such_sdk.client import Client", ("no_such_sdk",)),
        ("import numpy", ()),
        ("def f():\n    import no_such_sdk", ()),
        ("try:\n    import no_such_sdk\nexcept ImportError:\n    no_such_sdk = None", ()),
        ("try:\n    import no_such_sdk\nexcept ValueError:\n    pass", ("no_such_sdk",)),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import no_such_sdk", ()),
        ("if True:\n    import no_such_sdk", ("no_such_sdk",)),
        ("from .other import x", ("deep_sdk",)),
        ("from . import other", ("deep_sdk",)),
        ("from some_plugin import other", ("deep_sdk",)),
        ("import some_plugin.sub.leaf", ("leaf_sdk", "sub_sdk")),
        ("this is no Python", ()),
    ],
)
def test_missing_libraries_are_read_from_the_source(package, text, missing):
    package(
        {
            "main.py": text,
            "other.py": "import deep_sdk\nfrom . import main",
            "sub/__init__.py": "import sub_sdk",
            "sub/leaf.py": "import leaf_sdk",
        }
    )
    assert missing_libraries("some_plugin.main") == missing


def test_a_package_that_is_not_there_is_missing_itself():
    assert missing_libraries("no_such_plugin.main") == ("no_such_plugin",)


def test_import_cost_is_measured_in_a_python_of_its_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "slow_plugin.py").write_text("import time, rich\ntime.sleep(0.2)\nprint('hello')\n")
    cost = import_cost("slow_plugin", 5)
    assert 0.2 <= cost.seconds < 5
    assert "rich" in cost.libraries
    assert "slow_plugin" not in {*cost.libraries, *sys.modules}
    assert import_cost("no_such_plugin", 5) is None
