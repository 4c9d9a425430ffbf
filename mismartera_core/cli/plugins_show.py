"""`mismartera plugins show`: what a plugin can do, and how to use it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, table
from mismartera_core.cli.plugins_text import Kind, kinds
from mismartera_core.errors import PluginError, UsageError, did_you_mean

if TYPE_CHECKING:
    from mismartera_core.registry import Offer

_GENERAL = frozenset(
    {"name", "factory", "config_model", "summary", "parameters", "example", "suites"}
)
"""Fields of a record that are shown elsewhere or say nothing to a user."""


def show(
    name: Annotated[str, typer.Argument(help="As a config names it.")], kind: Kind = None
) -> None:
    """What a plugin can do, and how to use it. Has a block for a session config."""
    from mismartera_core.registry import Registry

    chosen = kinds(kind)
    offers = [it for it in Registry.discover().offers() if it.kind in chosen]
    found = [it for it in offers if it.record.name == name]
    own = dict.fromkeys(it.record.name for it in offers if it.plugin.name == name)
    if not found and own:
        raise UsageError(
            f"{name!r} is a plugin, expected the name of something it offers",
            hint=did_you_mean("", own),
        )
    if not found:
        hint = did_you_mean(name, {it.record.name for it in offers})
        raise PluginError(f"no plugin offers anything named {name!r}", hint=hint)
    described = [describe(offer) for offer in found]
    emit("plugin", {"found": described}, *(line for one in described for line in _lines(one)))


def describe(offer: Offer) -> dict[str, Any]:
    """All there is to say of one thing that a plugin offers.

    Args:
        offer: Kind, record, and whose it is.

    Returns:
        As JSON; "problem" where its config cannot be told.
    """
    from mismartera_core.cli.plugins_paste import fields_of, paste
    from mismartera_core.registry import resolve_attribute

    record = offer.record
    facts: dict[str, Any] = {
        field.name: getattr(record, field.name)
        for field in dataclasses.fields(record)
        if field.name not in _GENERAL
    }
    facts |= _fields(facts.pop("capabilities", None))
    described: dict[str, Any] = {
        "kind": offer.kind,
        "name": record.name,
        "plugin": offer.plugin.name,
        "version": offer.plugin.version,
        "status": offer.status,
        "summary": record.summary,
        "capabilities": facts,
    }
    try:
        if offer.kind == "broker":
            facts |= _fields(getattr(resolve_attribute(record.factory), "capabilities", None))
        fields = fields_of(record)
    except PluginError as error:
        return {**described, "problem": f"{error} ({error.hint})"}
    return {**described, "config": fields, "paste": paste(offer.kind, record, fields)}


def _fields(capabilities: Any) -> dict[str, Any]:
    """What is claimed, by name; sets in an order of their own."""
    if not dataclasses.is_dataclass(capabilities) or isinstance(capabilities, type):
        return {}
    return {
        key: tuple(sorted(value)) if isinstance(value, frozenset) else value
        for key, value in dataclasses.asdict(capabilities).items()
    }


def _lines(one: dict[str, Any]) -> list[Any]:
    """What a person reads of one plugin."""
    owner = f"plugin {one['plugin']} {one['version']} ({one['status']})"
    lines: list[Any] = [
        f"[bold]{one['name']}[/] {one['kind'].replace('_', ' ')} of {owner}",
        _plain(one["summary"]),
    ]
    if one["capabilities"]:
        shown = ((key, _word(value)) for key, value in one["capabilities"].items())
        lines.append(table("Capabilities", ("what", "value"), shown))
    if "problem" in one:
        return [*lines, f"[bold red]broken[/]: {_plain(one['problem'])}"]
    if one["config"]:
        rows = (
            (field["name"], field["type"], _default(field), field["meaning"])
            for field in one["config"]
        )
        fields = table("Config", ("field", "type", "default", "meaning"), rows)
        fields.columns[0].no_wrap = True
        lines.append(fields)
    return [*lines, "[bold]Paste[/]", _plain(one["paste"])]


def _default(field: dict[str, Any]) -> str:
    if field["required"]:
        return "required"
    return json.dumps(field["default"], default=str) if "default" in field else ""


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _plain(text: str) -> str:
    """Text of others, which must not be read as markup."""
    from rich.markup import escape

    return escape(text)
