"""Weather as the watchman writes it on his slate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Weather:
    sky: str
    wind: int = 0
    towards: str = ""

    def is_flyable(self) -> bool:
        if self.sky == "storm":
            return False
        return self.wind < 45


def read_slate(slate: str) -> Weather:
    """Reads `fog`, `clear 12 NE`, or a slate that the rain has washed."""
    match slate.split():
        case []:
            return Weather("unknown")
        case [sky]:
            return Weather(sky)
        case [sky, wind]:
            return Weather(sky, int(wind))
        case [sky, wind, towards, *_]:
            return Weather(sky, int(wind), towards.upper())
