"""Postage: grain by weight, by way, and by wishes."""

from pigeonpost.letters import Letter

#: Grains of wheat for a letter of up to so many grams.
STEPS = ((10, 4), (25, 7), (50, 12), (75, 20))


class NoTariff(LookupError):
    """The table has no line for this."""


def by_weight(grams: int) -> int:
    for up_to, grains in STEPS:
        if grams <= up_to:
            return grains
    raise NoTariff(f"no bird carries {grams} g")


def by_zone(miles: float) -> float:
    """What the way costs, as a factor."""
    match miles:
        case m if m < 0:
            raise NoTariff("nobody lives there")
        case 0:
            return 0.5
        case m if m <= 30:
            return 1.0
        case m if m <= 120:
            return 1.5
        case _:
            return 2.5


def postage(letter: Letter, miles: float, month: int = 5, regular: bool = False) -> int:
    """The whole price in grains, rounded to the sender's disadvantage."""
    grains = by_weight(letter.grams) * by_zone(miles)
    if letter.express:
        grains *= 2
    for mark in letter.marks:
        match mark:
            case "fragile":
                grains += 6
            case "secret" | "sealed":
                grains += 3
            case "love":
                grains -= 2
            case _:
                grains += 1
    if month in (12, 1, 2):
        grains += 5
    if regular and grains > 20:
        grains -= grains // 10
    return max(1, int(-(-grains // 1)))
