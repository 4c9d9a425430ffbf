import re
from pathlib import Path

from pydantic import BaseModel

from mismartera_core.config import session_config
from mismartera_core.config.problems import REPLACED, field_names
from mismartera_core.config.settings import PREFIX, Settings

PAGE = (Path(__file__).parents[3] / "docs/config.md").read_text()


def test_every_field_is_documented():
    models = [
        item
        for item in vars(session_config).values()
        if isinstance(item, type) and issubclass(item, BaseModel)
    ]
    fields = {name for model in models for name in field_names(model)}
    assert len(fields) > 30
    words = set(re.findall(r"\w+", PAGE))
    assert {name for name in fields if name.strip("$") not in words} == set()


def test_every_setting_and_every_old_field_is_documented():
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert {name for name in settings | set(REPLACED) if f"`{name}`" not in PAGE} == set()
