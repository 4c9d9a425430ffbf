"""`mismartera config`: check a session config, explain it, export its JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, manner, table
from mismartera_core.errors import ConfigError

if TYPE_CHECKING:
    from mismartera_core.config.session_config import SessionConfig
    from mismartera_core.services.config_resolution import Resolved

app = typer.Typer(no_args_is_help=True, help="Check, explain and describe session configs.")

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A session config (JSON).")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value; may be repeated."),
]


@app.command()
def check(config: ConfigFile, set_: Overrides = None) -> None:
    """Say all that is wrong with a session config."""
    from mismartera_core.config.loading import config_hash

    found, _ = load(config, set_)
    digest = config_hash(found)
    emit(
        "config_check",
        {"config": str(config), "ok": True, "config_hash": digest},
        f"{config} is in order: every plugin is there and every value is right.",
        f"[dim]config hash {digest}[/dim]",
    )


@app.command()
def explain(config: ConfigFile, set_: Overrides = None) -> None:
    """Say in words what a session config will do."""
    from mismartera_core.services.config_explanation import explain as in_words

    sentences = in_words(*load(config, set_))
    facts = [{"topic": topic, "text": text} for topic, text in sentences]
    emit(
        "config_explain",
        {"config": str(config), "sentences": facts},
        table("", ("", ""), sentences),
    )


@app.command()
def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")
    ] = None,
) -> None:
    """Export the JSON Schema for editors. It has the plugins installed here."""
    text = schema_text()
    if output is not None:
        output.write_text(text, encoding="utf-8")
        emit("config_schema", {"file": str(output)}, f"wrote {output}")
    elif manner().json:
        emit("config_schema", {"schema": json.loads(text)})
    else:
        typer.echo(text, nl=False)


def schema_text() -> str:
    """The JSON Schema of the session config, with the plugins installed here."""
    from mismartera_core.config.schema import json_schema
    from mismartera_core.registry import Registry
    from mismartera_core.services.config_resolution import schema_options

    found = json_schema(schema_options(Registry.discover()))
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def load(path: Path, overrides: list[str] | None) -> tuple[SessionConfig, Resolved]:
    """Read a session config and find its plugins."""
    from mismartera_core.config.loading import read_config
    from mismartera_core.registry import Registry
    from mismartera_core.services.config_resolution import check as checked

    data = read_config(path, overrides or ())
    return checked(data, Registry.discover(), str(path), _no_market(data))


def _no_market(data: Any) -> list[str]:
    """What is wrong with the market of a config, which may be wrong in other ways, too."""
    from mismartera_core.repositories.markets import find_market

    names = ("exchange_group", "asset_class")
    found = [data.get(name) if isinstance(data, dict) else None for name in names]
    group, kind = found
    if not isinstance(group, str) or not isinstance(kind, str):
        return []
    try:
        find_market(group, kind)
    except ConfigError as error:
        name = names["asset class" in str(error)]
        return [f"{name}: {error}; {error.hint}".removesuffix("; ")]
    return []
