import contextlib
import copy
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.config.loading import config_from, config_hash, load_config
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.errors import ConfigError, UsageError

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"
BASE = json.loads(QUICKSTART.read_text())
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def paths(data, prefix=()):
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*prefix, key))


@given(st.sampled_from(list(paths(BASE))), VALUES)
@settings(max_examples=100)
def test_any_value_anywhere_is_a_config_or_a_config_error(path, value):
    data = copy.deepcopy(BASE)
    here = data
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    try:
        found = config_from(data)
    except ConfigError:
        return
    assert isinstance(found, SessionConfig)
    assert len(config_hash(found)) == 64


@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]:,"\\ntrue01eE+-. \n', max_size=60).map(str.encode)
)
@settings(max_examples=100)
def test_any_bytes_are_a_config_error(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "fuzz.json"
    file.write_bytes(data)
    with contextlib.suppress(ConfigError):
        assert isinstance(load_config(file), SessionConfig)


@given(st.integers(0, len(QUICKSTART.read_bytes())), st.integers(0, 40), st.binary(max_size=5))
@settings(max_examples=100)
def test_a_damaged_file_is_a_config_or_a_config_error(tmp_path_factory, at, cut, put):
    whole = QUICKSTART.read_bytes()
    file = tmp_path_factory.getbasetemp() / "damaged.json"
    file.write_bytes(whole[:at] + put + whole[at + cut :])
    with contextlib.suppress(ConfigError):
        assert isinstance(load_config(file), SessionConfig)


@given(
    st.text(max_size=30)
    | st.sampled_from(list(paths(BASE))).map(lambda p: ".".join(map(str, p)) + "=1")
)
@settings(max_examples=100)
def test_any_override_is_a_config_or_an_error_of_the_user(override):
    with contextlib.suppress(ConfigError, UsageError):
        assert isinstance(load_config(QUICKSTART, [override]), SessionConfig)
