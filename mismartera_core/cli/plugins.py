"""`mismartera plugins`: what is installed, what it offers, how to configure it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, table
from mismartera_core.errors import PluginError, UsageError, did_you_mean

if TYPE_CHECKING:
    from mismartera_core.registrations import Registration
    from mismartera_core.registry import Registry

app = typer.Typer(no_args_is_help=True, help="List and show plugins.")

Kind = Annotated[str | None, typer.Option("--kind", help="Only of a kind, such as 'strategy'.")]

_COLUMNS = ("kind", "name", "plugin", "summary")
"""What is listed on a terminal; JSON has version and status too."""

_GENERAL = frozenset({"name", "factory", "config_model", "summary", "parameters"})


@app.command("list")
def list_(kind: Kind = None) -> None:
    """Every plugin by kind and name; broken ones with cause and cure."""
    from mismartera_core.registry import Registry

    registry = Registry.discover()
    rows = _rows(registry, _kinds(kind))
    plugins = [dataclasses.asdict(plugin) for plugin in registry.plugins()]
    problems = [dataclasses.asdict(problem) for problem in registry.problems]
    said = [
        f"[bold red]{it.plugin}[/] {it.version}: ".replace("  ", " ") + _plain(it.reason, it.hint)
        for it in registry.problems
    ]
    emit(
        "plugins",
        {"offers": rows, "plugins": plugins, "problems": problems},
        table("", _COLUMNS, ([row[column] for column in _COLUMNS] for row in rows)),
        *(["[bold]Problems[/]", *said] if said else []),
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="As a config names it.")], kind: Kind = None
) -> None:
    """What a plugin can do, and the block of a session config that uses it."""
    from mismartera_core.registry import Registry

    registry = Registry.discover()
    found = [
        (which, record)
        for which in _kinds(kind)
        for record in registry.records(which)
        if record.name == name
    ]
    if not found:
        names = {record.name for which in _kinds(kind) for record in registry.records(which)}
        raise PluginError(f"there is no plugin named {name!r}", hint=did_you_mean(name, names))
    described = [_describe(registry, which, record) for which, record in found]
    emit("plugin", {"found": described}, *(line for one in described for line in _lines(one)))


def _kinds(kind: str | None) -> list[str]:
    from mismartera_core.registry import KINDS

    if kind is None:
        return sorted(KINDS)
    if kind not in KINDS:
        raise UsageError(
            f"there is no kind of plugin named {kind!r}", hint=did_you_mean(kind, KINDS)
        )
    return [kind]


def _rows(registry: Registry, kinds: list[str]) -> list[dict[str, Any]]:
    plugins = {plugin.name: plugin for plugin in registry.plugins()}
    return [
        {
            "kind": kind,
            "name": record.name,
            "plugin": (owner := plugins[registry.sources(kind, record.name)[0]]).name,
            "version": owner.version,
            "status": owner.status,
            "summary": record.summary,
        }
        for kind in kinds
        for record in registry.records(kind)
    ]


def _describe(registry: Registry, kind: str, record: Registration) -> dict[str, Any]:
    owner = registry.sources(kind, record.name)[0]
    facts: dict[str, Any] = {
        field.name: getattr(record, field.name)
        for field in dataclasses.fields(record)
        if field.name not in _GENERAL
    }
    capabilities = facts.pop("capabilities", None)
    if capabilities is not None:
        facts |= dataclasses.asdict(capabilities)
    described: dict[str, Any] = {
        "kind": kind,
        "name": record.name,
        "plugin": owner,
        "summary": record.summary,
    }
    try:
        fields = _fields(record)
    except PluginError as error:
        return {**described, "capabilities": facts, "problem": f"{error} ({error.hint})"}
    return {
        **described,
        "capabilities": facts,
        "config": fields,
        "paste": _block(kind, record, fields),
    }


def _fields(record: Registration) -> list[dict[str, Any]]:
    """Name, type, default and meaning of every field of a config."""
    from mismartera_core.registry import config_model

    model = config_model(record)
    if model is None:
        return []
    schema = model.model_json_schema()
    defs, required = schema.get("$defs", {}), schema.get("required", ())
    return [
        {
            "name": name,
            "type": _type(part, defs),
            "required": name in required,
            "default": part.get("default"),
            "meaning": part.get("description", ""),
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _type(part: dict[str, Any], defs: dict[str, Any]) -> str:
    """A JSON Schema type in one word or two."""
    if "$ref" in part:
        return _type(defs.get(part["$ref"].rpartition("/")[2], {}), defs)
    if "anyOf" in part:
        return " | ".join(dict.fromkeys(_type(option, defs) for option in part["anyOf"]))
    if "enum" in part:
        return " | ".join(json.dumps(value) for value in part["enum"])
    return str(part.get("type", "any"))


def _block(kind: str, record: Any, fields: list[dict[str, Any]]) -> str:
    """How a strategy or a session config uses it, ready to paste."""
    values = {
        field["name"]: f"<{field['type']}>" if field["required"] else field["default"]
        for field in fields
    }
    if kind == "indicator":
        words = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f'self.indicator("{record.name}"{", " if words else ""}{words})'
    chosen: dict[str, Any] = {"name": record.name}
    if values:
        chosen["params" if kind == "strategy" else "config"] = values
    places: dict[str, dict[str, Any]] = {
        "strategy": {"strategies": [chosen]},
        "risk_check": {"risk": [chosen]},
        "report": {"outputs": [chosen]},
        "gap_filler": {"session_data_config": {"gap_filler": chosen}},
        "cost_model": {"costs": {str(getattr(record, "role", "")): chosen}},
    }
    return json.dumps(places.get(kind, {kind: chosen}), indent=2, default=str)[2:-2]


def _lines(one: dict[str, Any]) -> list[Any]:
    """What a person reads of one plugin."""
    lines: list[Any] = [
        f"[bold]{one['name']}[/] {one['kind'].replace('_', ' ')} of plugin {one['plugin']}",
        _plain(one["summary"]),
    ]
    if one["capabilities"]:
        shown = ((key, _word(value)) for key, value in one["capabilities"].items())
        lines.append(table("Capabilities", ("what", "value"), shown))
    if "problem" in one:
        return [*lines, f"[bold red]broken[/]: {_plain(one['problem'])}"]
    if one["config"]:
        rows = (
            (
                field["name"],
                field["type"],
                "required" if field["required"] else json.dumps(field["default"], default=str),
                field["meaning"],
            )
            for field in one["config"]
        )
        lines.append(table("Config", ("field", "type", "default", "meaning"), rows))
    return [*lines, "[bold]Paste[/]", _plain(one["paste"])]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _plain(text: str, hint: str = "") -> str:
    """Text of others, which must not be read as markup."""
    from rich.markup import escape

    return escape(f"{text} ({hint})" if hint else text)
