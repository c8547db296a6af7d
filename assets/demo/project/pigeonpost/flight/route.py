"""The way: legs between resting places, around hawks, with or against the wind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pigeonpost.flight.weather import Weather

#: Miles that a bird flies before it wants to sit down.
BREATH = 40


class NoWay(RuntimeError):
    """No bird gets there today."""


@dataclass
class Leg:
    start: str
    end: str
    miles: float
    hawks: int = 0


def speed(weather: Weather, heading: str) -> float:
    """Miles an hour over the ground."""
    if not weather.is_flyable():
        raise NoWay(f"nobody flies in {weather.sky}")
    if weather.sky == "fog":
        base = 20.0
    else:
        base = 45.0
    if weather.towards == heading:
        base += weather.wind / 2
    elif weather.towards and set(weather.towards) & set(heading):
        base += weather.wind / 4
    elif weather.wind > 20:
        base -= weather.wind / 3
    return base


def safe(legs: Iterable[Leg], brave: bool = False) -> list[Leg]:
    """The legs without those that hawks watch; a brave bird risks one hawk."""
    kept = []
    for leg in legs:
        if leg.hawks == 0:
            kept.append(leg)
        elif brave and leg.hawks == 1:
            kept.append(Leg(leg.start, leg.end, leg.miles * 1.2, 0))
    if not kept:
        raise NoWay("hawks on every way")
    return kept


def rests(miles: float) -> int:
    """How often a bird sits down on a way of so many miles."""
    stops = 0
    while miles > BREATH:
        miles -= BREATH
        stops += 1
        if stops == 9:
            break
    return stops


def hours(legs: list[Leg], weather: Weather, heading: str = "N") -> float:
    total = 0.0
    for leg in legs:
        total += leg.miles / speed(weather, heading)
        total += rests(leg.miles) * 0.25
    return round(total, 2)


def arrive(knock: Callable[[], str], tries: int = 3) -> str:
    """Knocks at the window until somebody opens it."""
    for _ in range(tries):
        try:
            who = knock()
        except TimeoutError:
            continue
        except OSError as error:
            raise NoWay("the window is gone") from error
        else:
            if who:
                return f"handed to {who}"
    return "left on the sill"
