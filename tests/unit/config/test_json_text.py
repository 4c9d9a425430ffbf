import pytest

from mismartera_core.config.json_text import parse_json
from mismartera_core.config.loading import load_config
from mismartera_core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ('{"a": 1,\n "a": 2}', "line 2, column 2", 'key "a" is given twice'),
        ('{"a": {"b": 1, "b": 2}}', "line 1, column 16", 'key "b" is given twice'),
        ('{"a": NaN}', "line 1, column 7", "expected a number, was 'NaN'"),
        ('{"a": -Infinity}', "line 1, column 7", "expected a number, was '-Infinity'"),
        ('{"a": 1e999}', "line 1, column 7", "number 1e999 is too large"),
        ('{"a": ' + "9" * 5000 + "}", "line 1, column 7", "more than 40 characters"),
        ("[" * 100_000, "line 1, column 51", "nested more than 50 levels deep"),
        ('{"a": 1,}', "line 1, column 9", "a comma stands before the closing '}'"),
        ('{"a": [1,\n]}', "line 2, column 1", "a comma stands before the closing ']'"),
        ('{"a": 1 // one\n}', "line 1, column 9", "JSON has no comments"),
        ("{'a': 1}", "line 1, column 2", "JSON needs double quotes"),
        ('{"a": True}', "line 1, column 7", "JSON writes null, true and false"),
        ('{"a": 1', "line 1, column 8", "expected JSON: "),
        ('{"a": 01}', "line 1, column 8", "expected JSON: "),
        ('{"a" 1}', "line 1, column 6", "expected JSON: "),
        ('{"a": "x', "line 1, column 7", "expected JSON: "),
        ("", "line 1, column 1", "expected JSON: "),
    ],
)
def test_wrong_json_is_one_sentence_with_line_and_column(text, where, message):
    with pytest.raises(ConfigError) as caught:
        parse_json(text, "my.json")
    assert str(caught.value).startswith(f"my.json, {where}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ['{"a": {"b": 1}, "c": {"b": 2}}', '["a", "a"]', '{"a:": "{,}", "b": "//NaN"}', "-1.5e3"],
)
def test_right_json_passes(text):
    assert parse_json(text, "x") is not None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe{\x00}\x00", "expected UTF-8 text, byte 1 is something else"),
        (b"[]", "expected an object"),
        (b"null", "expected an object"),
    ],
)
def test_a_file_that_is_no_config(tmp_path, data, message):
    file = tmp_path / "my.json"
    file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    file = tmp_path / "my.json"
    file.write_bytes(b"\xef\xbb\xbf{}")
    with pytest.raises(ConfigError, match="session_name: is missing"):
        load_config(file)


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "quickstart.json").write_text("{}")
    with pytest.raises(ConfigError, match="there is no such session config") as caught:
        load_config(tmp_path / "quickstrat.json")
    assert "quickstart.json" in caught.value.hint


def test_a_folder_is_no_config(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)
