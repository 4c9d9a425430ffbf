"""`mismartera new`: a project for a plugin of one's own, made from a template."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.builtin.templates import TEMPLATES
from mismartera_core.cli.output import emit
from mismartera_core.errors import PluginError, UsageError

if TYPE_CHECKING:
    from mismartera_core.registrations import TemplateReg

_NEXT = {
    "tests": "pytest {folder}/tests",
    "session.json": "mismartera run {folder}/session.json",
    "src/{name}/project/cookiecutter.json": "mismartera new {name} my_first",
}
"""What can be typed where a project has such a file."""

_AUTHOR = "reinstall its plugin, or ask its author"


def new(
    template: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(TEMPLATES)}. `mismartera plugins list --kind template` says more,"
            " and has those of plugins."
        ),
    ],
    name: Annotated[
        str, typer.Argument(help="Of the folder, the package and what it offers: my_strategy.")
    ],
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", help="Where the folder is made.")
    ] = Path(),
) -> None:
    """Make a project for a plugin. It works, is tested, and one function waits for your idea."""
    from mismartera_core.cli.names import check_name
    from mismartera_core.registry import Registry

    registry = Registry.discover()
    record = registry.get("template", template)
    check_name(name, registry)
    folder = output_dir / name
    if not output_dir.is_dir():
        raise UsageError(f"expected a folder, {output_dir} is none", hint="make it first")
    if os.path.lexists(folder):
        raise UsageError(
            f"{folder} exists already, and nothing is overwritten", hint="choose another name"
        )
    facts = render(_source(record), template, name, folder)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    where = shlex.quote(folder.as_posix())
    following = [
        line.format(folder=where, name=name)
        for part, line in _NEXT.items()
        if (folder / part.format(name=name)).exists()
    ]
    install = install_command(folder)
    runs = [f"\n{facts['__runs']}."] if "__runs" in facts else []
    edit = [f"\nThen, in {where}, edit {facts['__edit']}."] if "__edit" in facts else []
    emit(
        "new",
        {"folder": str(folder), "files": files, "install": install, "next": following},
        f"wrote {len(files)} files into {folder}",
        "\n[bold]Install[/]",
        f"  {_plain(install)}",
        "\n[bold]Next[/]",
        *(f"  {_plain(line)}" for line in following),
        *map(_plain, runs + edit),
    )


def _source(record: TemplateReg) -> Path:
    """The folder of a template; what its plugin does wrong is told in a sentence."""
    from mismartera_core.registry import resolve_attribute
    from mismartera_core.registry.attributes import one_line

    factory = resolve_attribute(record.factory)
    try:
        source = Path(factory())
    except PluginError:
        raise
    except Exception as error:
        text = f"template {record.name!r} does not say where it is: {one_line(error)}"
        raise PluginError(text, hint=_AUTHOR) from error
    if not (source / "cookiecutter.json").is_file():
        text = f"template {record.name!r}: expected a cookiecutter.json in {source}, there is none"
        raise PluginError(text, hint=_AUTHOR)
    return source


def render(source: Path, template: str, name: str, folder: Path) -> dict[str, Any]:
    """Make a project; where that fails, nothing is left behind.

    Args:
        source: Folder of a cookiecutter template.
        template: What messages call it.
        name: Of the project; the template's variable `name`.
        folder: Where the project is to be; its parent exists.

    Returns:
        The variables of the template.

    Raises:
        PluginError: The template is broken.
    """
    import tempfile

    from cookiecutter.exceptions import CookiecutterException
    from jinja2 import TemplateError

    from mismartera_core.repositories import rendering

    # Beside its place, so that it gets there in one move.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        try:
            made, facts = rendering.render(source, Path(scratch), name)
        except (CookiecutterException, TemplateError, UnicodeError) as error:
            reason = str(error).partition(" Context:")[0]
            text = f"template {template!r} cannot be rendered: {reason}"
            raise PluginError(text, hint=_AUTHOR) from error
        if made.name != name:
            text = f"template {template!r} made a folder {made.name!r}, expected {name!r}"
            raise PluginError(text, hint="its folder is to be called {{cookiecutter.name}}")
        made.rename(folder)
    return facts


def install_command(folder: Path) -> str:
    """What installs a project, with its tests, into the environment that runs.

    Args:
        folder: Of the project.
    """
    python = shlex.quote(sys.executable)
    active = os.environ.get("VIRTUAL_ENV") == sys.prefix
    if find_spec("pip") is not None:
        words = "pip install" if active else f"{python} -m pip install"
    else:
        words = "uv pip install" if active else f"uv pip install --python {python}"
    path = folder.as_posix() if folder.is_absolute() else f"./{folder.as_posix()}"
    return f'{words} -e "{path}[test]"'


def _plain(text: str) -> str:
    """Text that must not be read as markup."""
    from rich.markup import escape

    return escape(text)
