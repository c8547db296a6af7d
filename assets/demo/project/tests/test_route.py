from pigeonpost.flight.route import Leg, arrive, hours, rests, safe, speed
from pigeonpost.flight.weather import Weather


def test_speed_in_still_air():
    assert speed(Weather("clear"), "N") == 45


def test_speed_with_the_wind():
    assert speed(Weather("clear", 10, "N"), "N") == 50


def test_safe_keeps_quiet_ways():
    quiet = Leg("North Loft", "Mill", 12)
    assert safe([quiet, Leg("Mill", "Tower", 9, hawks=2)]) == [quiet]


def test_rests():
    assert rests(12) == 0
    assert rests(90) == 2


def test_hours():
    assert hours([Leg("North Loft", "Mill", 90)], Weather("clear")) == 2.5


def test_arrive():
    assert arrive(lambda: "Ada Swift") == "handed to Ada Swift"
