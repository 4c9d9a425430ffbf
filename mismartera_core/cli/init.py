"""`mismartera init`: a folder with a session config to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mismartera_core.cli.config_commands import schema_text
from mismartera_core.cli.demo import FIRST_SESSION
from mismartera_core.cli.output import emit
from mismartera_core.errors import UsageError

_CONFIG, _SCHEMA, _ENV = "session.json", "session.schema.json", ".env.example"


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is not there.")] = (
        Path()
    ),
) -> None:
    """Write a session config to begin with. Brings its JSON Schema and an example of settings."""
    files = {_CONFIG: _config(), _SCHEMA: schema_text(), _ENV: _env()}
    taken = [name for name in files if (folder / name).exists()]
    if taken:
        raise UsageError(
            f"{folder} has {' and '.join(taken)} already, and nothing is overwritten",
            hint="name another folder",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"expected a folder, {folder} is a file", hint="name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    into = f"cd {folder} && " if folder != Path() else ""
    emit(
        "init",
        {"folder": str(folder), "files": list(files)},
        f"wrote {', '.join(str(folder / name) for name in files)}",
        "\n[bold]Next[/]",
        f"  {into}mismartera run {_CONFIG}",
        "  Your editor completes names and parameters by the schema.",
    )


def _config() -> str:
    values = json.loads(FIRST_SESSION.read_text(encoding="utf-8"))
    return json.dumps({"$schema": f"./{_SCHEMA}", **values}, indent=2) + "\n"


def _env() -> str:
    """Every setting, commented out, with what it means."""
    from mismartera_core.config.settings import PREFIX, Settings

    defaults = Settings.model_construct()
    lines = ["# Copy to .env and set what is to differ.", ""]
    for name, field in Settings.model_fields.items():
        value = getattr(defaults, name)
        shown = str(value).lower() if isinstance(value, bool) else value
        lines += [f"# {field.description}", f"# {PREFIX}{name.upper()}={shown}", ""]
    return "\n".join(lines)
