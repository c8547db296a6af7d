import pytest

from pigeonpost.letters import Letter, Refused, read_label, split


def test_somebody_has_to_get_it():
    with pytest.raises(Refused, match="nobody to bring it to"):
        read_label(" | 12 g")


@pytest.mark.parametrize("weight", ["0 g", "-3 g"])
def test_a_letter_weighs_something(weight):
    with pytest.raises(Refused, match="weighs something"):
        read_label(f"Ada Swift | {weight}")


def test_the_same_mark_twice():
    with pytest.raises(Refused, match="marked love twice"):
        read_label("Ada Swift | 12 g | love, LOVE")


def test_what_is_fragile_stays_whole():
    with pytest.raises(Refused, match="cannot be cut"):
        split(Letter("Ada Swift", 76, marks=["fragile"]))
    light = Letter("Ada Swift", 75, marks=["fragile"])
    assert split(light) == [light]
