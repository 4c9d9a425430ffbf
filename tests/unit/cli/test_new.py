"""`mismartera new`: good projects, and names that are refused."""

import json
import shlex
import subprocess
import sys
import tempfile
from importlib.util import find_spec

import pytest

from mismartera_core.builtin.templates import TEMPLATES, folder
from mismartera_core.cli import new
from mismartera_core.cli.names import LONGEST

SHORTEST_AND_LONGEST = ["q", "a1_" + "b" * (LONGEST - 3)]


def entries(place):
    return sorted(path.name for path in place.iterdir())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "letter first"),
        (".", "letter first"),
        ("..", "letter first"),
        ("../up", "letter first"),
        ("/tmp/up", "letter first"),  # noqa: S108
        ("a/b", "letter first"),
        ("a\\b", "letter first"),
        ("a.b", "letter first"),
        ("1st", "letter first"),
        ("_mine", "letter first"),
        ("mine_", "letter first"),
        ("my__own", "letter first"),
        ("my-own", "letter first"),
        ("my own", "letter first"),
        ("MyOwn", "letter first"),
        ("größe", "letter first"),
        ("mine\n", "letter first"),
        ("\uff41bc", "letter first"),
        ("{{7*7}}", "letter first"),
        ("x" * (LONGEST + 1), f"at most {LONGEST}"),
        ("class", "a word of Python"),
        ("match", "a word of Python"),
        ("print", "a function of Python"),
        ("con", "a device of Windows"),
        ("lpt9", "a device of Windows"),
        ("json", "a module of Python"),
        ("test", "an installed package"),
        ("numpy", "an installed package"),
        ("mismartera_core", "an installed package"),
        ("pytest", "an installed package"),
        ("pandas_stubs", "an installed package"),
        ("builtin", "an installed plugin"),
        ("sma_cross", "an installed strategy"),
        ("sample", "an installed data provider"),
        ("per_share", "an installed cost model"),
        ("bar", "the class Bar"),
        ("field", "the class Field"),
    ],
)
def test_bad_names_are_refused_with_a_sentence_and_nothing_is_written(cli, tmp_path, name, why):
    desk = tmp_path / "desk"
    desk.mkdir()
    code, out, err = cli("new", "--output-dir", desk, "--", "strategy", name)
    assert (code, out) == (2, "")
    assert why in err
    assert "Traceback" not in err
    assert entries(desk) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MyBroker", "my_broker"),
        ("my-broker", "my_broker"),
        ("json", "my_json"),
        ("Class", "my_class"),
        ("größe", "grosse"),
        ("my_first", "my_first_2"),
        ("2nd", "nd"),
        ("", "my_plugin"),
    ],
)
def test_a_refusal_offers_a_name_to_try(cli, install, name, hint):
    install("my_first", "")
    _, _, err = cli("new", "--", "broker", name)
    assert err.splitlines()[-1] == f"Try: {hint}"


def test_an_existing_folder_is_refused(cli, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "linked").symlink_to("nowhere")
    for name in ("mine", "linked"):
        code, _, err = cli("new", "strategy", name)
        assert code == 2
        assert "nothing is overwritten" in err
    assert entries(tmp_path / "mine") == []


def test_a_missing_place_is_refused(cli):
    code, _, err = cli("new", "strategy", "mine", "--output-dir", "nowhere")
    assert code == 2
    assert "nowhere" in err


def test_an_unknown_template_is_answered_by_one_that_exists(cli, tmp_path):
    code, _, err = cli("new", "stratgy", "mine")
    assert code == 4
    assert "did you mean 'strategy'" in err
    assert entries(tmp_path) == []


def test_it_says_how_to_install_and_what_to_type_next(cli):
    code, out, _ = cli("new", "strategy", "mine")
    assert code == 0
    assert " install --python" in out or " install -e" in out
    assert '-e "./mine[test]"' in out
    assert "pytest mine/tests" in out
    assert "mismartera run mine/session.json" in out
    assert "src/mine/strategy.py" in out


def test_nothing_is_left_among_the_temporary_files(cli, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert cli("new", "strategy", "mine")[0] == 0
    assert entries(tmp_path / "temporary") == []


@pytest.mark.parametrize(
    ("template", "following", "said"),
    [
        ("template", ["pytest mine/tests", "mismartera new mine my_first"], "project/"),
        ("venue_broker", ["pytest mine/tests"], "a whole live session at the fake venue"),
        (
            "gap_filler",
            ["pytest mine/tests", "mismartera run mine/session.json"],
            "a whole live session, on a clock of its own",
        ),
    ],
)
def test_it_says_what_runs_where_a_backtest_would_show_nothing(cli, template, following, said):
    _, out, _ = cli("new", template, "mine")
    assert said in " ".join(out.split())
    _, out, _ = cli("new", template, "mine", "--json", "-o", "mine")
    assert [line.replace("mine/mine", "mine") for line in json.loads(out)["next"]] == following


def test_it_answers_in_json(cli, tmp_path):
    code, out, _ = cli("new", "report", "mine", "--json")
    answer = json.loads(out)
    assert (code, answer["kind"]) == (0, "new")
    assert all((tmp_path / "mine" / file).is_file() for file in answer["files"])
    assert answer["next"] == ["pytest mine/tests", "mismartera run mine/session.json"]


@pytest.mark.parametrize("pip", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_the_install_command_reaches_the_environment_that_runs(monkeypatch, tmp_path, pip, active):
    monkeypatch.setattr(new, "find_spec", lambda name: find_spec("json") if pip else None)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix if active else "/elsewhere")
    words = shlex.split(new.install_command(tmp_path / "my plugin"))
    assert words[-2:] == ["-e", f"{tmp_path / 'my plugin'}[test]"]
    assert ("uv" in words, sys.executable in words) == (not pip, not active)


@pytest.mark.parametrize("name", SHORTEST_AND_LONGEST)
def test_projects_are_clean_whatever_the_name(tmp_path, name):
    for template in TEMPLATES:
        (tmp_path / template).mkdir()
        new.render(folder(template), template, name, tmp_path / template / name)
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", tmp_path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


FACTORY = 'lambda: Path(__file__).with_name("desk_template")'
DESK = f"""
    from pathlib import Path
    from mismartera_core import TemplateReg

    @hookimpl
    def mismartera_templates():
        return [
            TemplateReg(
                name="desk",
                kind="strategy",
                factory={FACTORY},
                summary="As our desk does it",
            )
        ]
    """


@pytest.fixture
def desk(install):
    """The folder of a template that an installed plugin offers."""
    found = install("desk_plugin", DESK).with_name("desk_template")
    found.mkdir()
    return found


def write(place, facts, inside, name, text):
    """A cookiecutter template of one file."""
    (place / "cookiecutter.json").write_text(facts)
    (place / inside).mkdir()
    (place / inside / name).write_text(text)


def test_plugins_offer_templates_of_their_own(cli, desk, tmp_path):
    text = "{{ cookiecutter.name }} belongs to {{ cookiecutter.owner }}"
    facts = '{"name": "x", "owner": "the desk"}'
    write(desk, facts, "{{cookiecutter.name}}", "note.txt", text)
    _, listed, _ = cli("plugins", "list", "--kind", "template")
    assert "As our desk does it" in listed
    code, out, _ = cli("new", "desk", "mine")
    assert code == 0
    assert "pytest" not in out, "a project without tests is not told to run them"
    assert (tmp_path / "mine/note.txt").read_text() == "mine belongs to the desk"


def test_what_an_installer_has_compiled_in_a_template_is_left_out(cli, desk, tmp_path):
    write(desk, '{"name": "x"}', "{{cookiecutter.name}}", "plugin.py", "")
    (desk / "{{cookiecutter.name}}/__pycache__").mkdir()
    (desk / "{{cookiecutter.name}}/__pycache__/plugin.cpython-311.pyc").write_bytes(b"\x00")
    assert cli("new", "desk", "mine")[0] == 0
    assert entries(tmp_path / "mine") == ["plugin.py"]


@pytest.mark.parametrize(
    ("facts", "inside", "text", "why"),
    [
        ("{", "{{cookiecutter.name}}", "", "JSON"),
        ('{"name": "x"}', "{{cookiecutter.name}}", "{{ cookiecutter.nmae }}", "nmae"),
        ('{"name": "x"}', "{{cookiecutter.name}}", "{% if %}", "cannot be rendered"),
        ('{"name": "x"}', "project", "", "cannot be rendered"),
        ('{"name": "x"}', "{{cookiecutter.name}}_plugin", "", "expected 'mine'"),
        ('{"title": "x"}', "{{cookiecutter.title}}", "", "expected 'mine'"),
    ],
)
def test_a_broken_template_is_named_and_leaves_nothing(
    cli, desk, tmp_path, facts, inside, text, why
):
    write(desk, facts, inside, "file.txt", text)
    before = entries(tmp_path)
    code, _, err = cli("new", "desk", "mine")
    assert code == 4
    assert "'desk'" in err
    assert why in err
    assert "Traceback" not in err
    assert entries(tmp_path) == before


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        ("lambda: 1 / 0", "ZeroDivisionError"),
        ("lambda: Path('/nowhere')", "cookiecutter.json"),
        ("'desk_plugin:missing'", "has no 'missing'"),
    ],
)
def test_a_template_that_is_not_there_is_named(cli, install, tmp_path, factory, why):
    install(
        "desk_plugin", DESK.replace('lambda: Path(__file__).with_name("desk_template")', factory)
    )
    code, _, err = cli("new", "desk", "mine")
    assert code == 4
    assert why in err
    assert "desk" in err
    assert not (tmp_path / "mine").exists()


def test_a_template_in_a_foreign_encoding_is_named(cli, desk, tmp_path):
    write(desk, '{"name": "x"}', "{{cookiecutter.name}}", "file.txt", "")
    text = "eine größere Änderung an der Vorlage, geschrieben vor langer Zeit"
    (desk / "{{cookiecutter.name}}/file.txt").write_bytes(text.encode("latin-1"))
    code, _, err = cli("new", "desk", "mine")
    assert (code, "cannot be rendered" in err) == (4, True)
