import pytest

from pigeonpost.flight.route import Leg, NoWay, arrive, rests, safe, speed
from pigeonpost.flight.weather import Weather


def test_nobody_flies_in_a_storm():
    with pytest.raises(NoWay, match="nobody flies in storm"):
        speed(Weather("storm"), "N")


def test_fog_is_slow():
    assert speed(Weather("fog"), "N") == 20


def test_wind_from_behind_and_aside():
    assert speed(Weather("clear", 20, "NE"), "N") == 50


@pytest.mark.parametrize(("wind", "miles_an_hour"), [(20, 45), (21, 38)])
def test_wind_from_ahead_counts_above_twenty(wind, miles_an_hour):
    assert speed(Weather("clear", wind, "S"), "N") == miles_an_hour


def test_a_brave_bird_risks_one_hawk_on_a_longer_way():
    way = [Leg("Mill", "Tower", 10, hawks=1), Leg("Tower", "Quay", 5, hawks=2)]
    assert safe(way, brave=True) == [Leg("Mill", "Tower", 12)]


def test_hawks_everywhere():
    with pytest.raises(NoWay, match="hawks on every way"):
        safe([Leg("Mill", "Tower", 10, hawks=1)])


def test_a_way_of_nine_breaths():
    assert rests(9 * 40) == 8


def test_knocks_again_when_nobody_hears():
    answers = iter([TimeoutError, "", "Ada Swift"])

    def knock():
        answer = next(answers)
        if answer is TimeoutError:
            raise answer
        return answer

    assert arrive(knock) == "handed to Ada Swift"


def test_left_on_the_sill():
    assert arrive(lambda: "", tries=2) == "left on the sill"


def test_the_window_is_gone():
    def knock():
        raise ConnectionError("no window")

    with pytest.raises(NoWay, match="window is gone"):
        arrive(knock)


def test_nobody_rests_more_than_nine_times():
    assert rests(1000) == 9
