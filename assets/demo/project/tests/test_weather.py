import pytest

from pigeonpost.flight.weather import Weather, read_slate


@pytest.mark.parametrize(
    ("slate", "weather"),
    [
        ("", Weather("unknown")),
        ("fog", Weather("fog")),
        ("clear 12", Weather("clear", 12)),
        ("clear 12 ne and a heron", Weather("clear", 12, "NE")),
    ],
)
def test_read_slate(slate, weather):
    assert read_slate(slate) == weather


def test_is_flyable():
    assert Weather("clear", 10).is_flyable()
    assert not Weather("clear", 45).is_flyable()
    assert not Weather("storm").is_flyable()
