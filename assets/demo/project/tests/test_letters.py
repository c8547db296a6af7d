import pytest

from pigeonpost.letters import Letter, Refused, read_label, split


def test_reads_a_plain_label():
    assert read_label("Ada Swift | 12 g") == Letter("Ada Swift", 12)


def test_reads_marks():
    letter = read_label("Ada Swift, North Loft | 12 g | Express, love")
    assert letter.express
    assert letter.marks == ["love"]


def test_refuses_half_a_label():
    with pytest.raises(Refused, match="needs an address"):
        read_label("Ada Swift")


def test_refuses_nonsense_weights():
    with pytest.raises(Refused, match="not a weight"):
        read_label("Ada Swift | heavy")


def test_a_light_letter_stays_whole():
    letter = Letter("Ada Swift", 75)
    assert split(letter) == [letter]


def test_a_heavy_letter_takes_several_birds():
    assert [piece.grams for piece in split(Letter("Ada Swift", 160))] == [75, 75, 10]
