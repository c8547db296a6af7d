import pytest

from pigeonpost.letters import Letter
from pigeonpost.tariff import NoTariff, by_zone, postage


def test_nobody_lives_behind_the_map():
    with pytest.raises(NoTariff, match="nobody lives there"):
        by_zone(-1)


def test_next_door_is_half_price():
    assert by_zone(0) == 0.5


def test_the_far_zone_begins_after_120_miles():
    assert by_zone(120) == 1.5
    assert by_zone(120.5) == 2.5


@pytest.mark.parametrize(
    ("mark", "grains"),
    [("secret", 7), ("sealed", 7), ("love", 2), ("smells of lavender", 5)],
)
def test_what_a_mark_costs(mark, grains):
    assert postage(Letter("Ada", 8, marks=[mark]), miles=12) == grains


@pytest.mark.parametrize(("month", "grains"), [(11, 4), (12, 9), (2, 9), (3, 4)])
def test_winter_feed(month, grains):
    assert postage(Letter("Ada", 8), miles=12, month=month) == grains


def test_regulars_save_a_tenth_above_twenty_grains():
    assert postage(Letter("Ada", 75), miles=12, regular=True) == 20
    assert postage(Letter("Ada", 75), miles=90, regular=True) == 27
