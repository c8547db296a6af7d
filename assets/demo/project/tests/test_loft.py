import pytest

from pigeonpost.loft import Loft, Pigeon


def test_chooses_the_weakest_that_is_strong_enough():
    loft = Loft(Pigeon("Bo", 80), Pigeon("Io", 30), Pigeon("Mo", 15))
    assert loft.choose(20).name == "Io"


def test_nobody_is_strong_enough():
    assert Loft(Pigeon("Mo", 15)).choose(20) is None


def test_a_tired_bird_rests():
    assert Loft(Pigeon("Bo", 80, flown_today=3)).choose(5) is None


def test_rings():
    loft = Loft()
    assert loft.ring(Pigeon("Bo", 80), 7) == "PP-007"


def test_find():
    bo = Pigeon("Bo", 80)
    assert Loft(Pigeon("Io", 30), bo).find("Bo") is bo


def test_find_nobody():
    with pytest.raises(KeyError, match="no pigeon called Zed"):
        Loft().find("Zed")


def test_feed_everyone():
    loft = Loft(Pigeon("Bo", 80), Pigeon("Io", 30))
    assert loft.feed(12) == 2
    assert loft.diary == ["all fed"]
