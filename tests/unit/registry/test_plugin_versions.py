import pytest

from mismartera_core.registry.versions import parsed, unmet_range


@pytest.mark.parametrize(
    ("asked", "release", "fits"),
    [
        ("", "0.1.0", True),
        (">=0.1,<0.2", "0.1.0", True),
        (">=0.1,<0.2", "0.2.0", False),
        (">=0.1,<0.2", "0.1.7.dev3", True),
        (">0.1", "0.1.0", False),
        ("<=1", "1.0.0", True),
        ("==0.1", "0.1.0", True),
        ("==0.1.*", "0.1.9", True),
        ("!=0.1.*", "0.1.9", False),
        ("~=0.1.2", "0.1.9", True),
        ("~=0.1.2", "0.2.0", False),
        ("!=0.1.3", "0.1.3", False),
        (">=10", "9.0", False),
    ],
)
def test_ranges_of_the_core(asked, release, fits):
    for text in (
        f"mismartera-core{asked}",
        f"MisMartera_Core ({asked})",
        f"mismartera.core {asked}",
    ):
        assert unmet_range(["numpy>=99", text], release) == ("" if fits else asked)


def test_an_extra_and_an_address_do_not_count():
    texts = ["mismartera-core>=9 ; extra == 'dev'", "mismartera-core @ file:///somewhere"]
    assert unmet_range(texts, "0.1.0") == ""


def test_a_requirement_is_taken_apart():
    assert parsed("Foo_Bar[x,y] (>=1, <2) ; python_version < '4'") == (
        "foo-bar",
        ">=1,<2",
        "python_version < '4'",
    )
