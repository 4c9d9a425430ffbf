import sys
from importlib.metadata import PathDistribution

import pytest

from mismartera_core.registry.installed import Installed
from mismartera_core.registry.locking import fingerprint

FILES = {
    "news/__init__.py": "",
    "news/plugin.py": "x = 1\n",
    "news/data/rows.csv": "a,b\n",
    "news-1.0.dist-info/METADATA": "Name: news\nVersion: 1.0\n",
    "news-1.0.dist-info/entry_points.txt": "[mismartera]\nnews = news.plugin\n",
}
OF_THE_MACHINE = {
    "news/__pycache__/plugin.cpython-311.pyc": "compiled",
    "news-1.0.dist-info/direct_url.json": "somewhere",
    "news-1.0.dist-info/INSTALLER": "an installer",
    "news.pth": "a path",
}


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """The hash of a wheel that was installed: `hash_of("here", files)`."""

    def install(folder, files, listed=True):
        site = tmp_path / folder
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
        record = "".join(f"{name},,\n" for name in files if listed or ".dist-info" in name)
        (site / "news-1.0.dist-info/RECORD").write_text(record)
        monkeypatch.setattr(sys, "path", [str(site), *sys.path])
        return fingerprint(
            Installed(
                "news",
                "news.plugin",
                "news",
                "1.0",
                distribution=PathDistribution(site / "news-1.0.dist-info"),
            )
        )

    return install


def test_it_is_the_same_on_every_machine(hash_of):
    assert hash_of("here", FILES) == hash_of("there", FILES | OF_THE_MACHINE)


def test_installed_for_development_its_source_is_read_where_it_lies(hash_of):
    assert hash_of("here", FILES) == hash_of("there", FILES, listed=False)


@pytest.mark.parametrize("name", FILES)
def test_every_file_counts(hash_of, name):
    assert hash_of("here", FILES) != hash_of("there", FILES | {name: "changed"})


def test_a_file_more_counts(hash_of):
    assert hash_of("here", FILES) != hash_of("there", FILES | {"news/more.py": ""})
