"""Letters: what the counter takes in, and what it hands back."""

from dataclasses import dataclass, field

#: The most that one bird carries, in grams.
MOST = 75


class Refused(ValueError):
    """The counter does not take this letter."""


@dataclass
class Letter:
    to: str
    grams: int
    express: bool = False
    marks: list[str] = field(default_factory=list)


def read_label(label: str) -> Letter:
    """Reads a label such as `Ada Swift, North Loft | 12 g | express, fragile`."""
    parts = [part.strip() for part in label.split("|")]
    if len(parts) < 2:
        raise Refused("a label needs an address and a weight")
    to, weight, *rest = parts
    if not to:
        raise Refused("nobody to bring it to")
    try:
        grams = int(weight.removesuffix("g").strip())
    except ValueError as error:
        raise Refused(f"{weight!r} is not a weight") from error
    if grams <= 0:
        raise Refused("a letter weighs something")
    letter = Letter(to, grams)
    for mark in (mark.strip().lower() for mark in ",".join(rest).split(",")):
        if not mark:
            continue
        if mark == "express":
            letter.express = True
        elif mark in letter.marks:
            raise Refused(f"marked {mark} twice")
        else:
            letter.marks.append(mark)
    return letter


def split(letter: Letter) -> list[Letter]:
    """One letter for each bird that is needed to carry it."""
    if letter.grams <= MOST:
        return [letter]
    if "fragile" in letter.marks:
        raise Refused("what is fragile cannot be cut in two")
    pieces = []
    left = letter.grams
    while left > 0:
        pieces.append(Letter(letter.to, min(left, MOST), letter.express, list(letter.marks)))
        left -= MOST
    return pieces
