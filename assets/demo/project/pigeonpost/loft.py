"""The loft: who lives there, who may fly, who has to rest."""

from dataclasses import dataclass


@dataclass
class Pigeon:
    name: str
    strength: int
    flown_today: int = 0
    ring: str | None = None
    afraid_of: str | None = None

    def is_fit(self) -> bool:
        if self.flown_today >= 3:
            return False
        return self.strength > 10


class Loft:
    def __init__(self, *pigeons: Pigeon) -> None:
        self.pigeons = list(pigeons)
        self.diary: list[str] = []

    def ring(self, pigeon: Pigeon, number: int) -> str:
        """Gives a bird its ring; a ring stays on for life."""
        if pigeon.ring is not None:
            return pigeon.ring
        if number < 1000:
            pigeon.ring = f"PP-{number:03}"
        else:
            pigeon.ring = f"PPX-{number}"
        return pigeon.ring

    def choose(self, grams: int, sky: str = "clear") -> Pigeon | None:
        """The weakest bird that is strong enough: the strong ones are kept for the long ways."""
        best = None
        for pigeon in self.pigeons:
            if not pigeon.is_fit():
                continue
            if pigeon.afraid_of == sky:
                self.diary.append(f"{pigeon.name} looked at the sky and stayed")
                continue
            if pigeon.strength < grams:
                continue
            if best is None or pigeon.strength < best.strength:
                best = pigeon
        if best is not None:
            best.flown_today += 1
        return best

    def find(self, name: str) -> Pigeon:
        for pigeon in self.pigeons:
            if pigeon.name == name:
                return pigeon
        else:
            raise KeyError(f"no pigeon called {name}")

    def feed(self, grains: int) -> int:
        """Feeds them in turn, the hungriest first; returns what is left."""
        hungry = sorted(self.pigeons, key=lambda pigeon: -pigeon.flown_today)
        while grains > 0 and hungry:
            pigeon = hungry.pop(0)
            meal = 5 + 5 * pigeon.flown_today
            if meal > grains:
                self.diary.append(f"{pigeon.name} went to sleep hungry")
                break
            grains -= meal
            pigeon.strength += 1
        else:
            self.diary.append("all fed")
        return grains
