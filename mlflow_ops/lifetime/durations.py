"""Lengths of time, as users write them and tags keep them."""

from __future__ import annotations

import re

from mlflow_ops.errors import BadOption

WRITTEN = re.compile(r"(?=.)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?", re.ASCII)
UNITS = {"d": 86_400, "h": 3_600, "m": 60}
SHORTEST, LONGEST = 300, 365 * UNITS["d"]
OFF = "off"
# With a sixth digit of minutes a tag might be too long.
COARSE = 100_000 * 60


def canonical(text: str, option: str) -> str:
    """Return a length as we keep it, in one unit: `90m`, `8h`, `2d`; "off" stays as it is.

    Raises BadOption when it is none, or not between 5 minutes and 365 days.
    """
    said = text.strip().lower()
    if said == OFF:
        return OFF
    if SHORTEST <= seconds(said) <= LONGEST:
        return shortened(seconds(said))
    raise BadOption(
        f"{option} {text!r} is not a length of time between 5 minutes and 365 days: write one "
        "like 90m, 8h, 1d12h or 2d."
    )


def kept(text: str) -> str:
    """Return a length that a tag tells if it is one that we write, else nothing."""
    long = seconds(text)
    return text if SHORTEST <= long <= LONGEST and shortened(long) == text else ""


def seconds(text: str) -> int:
    """Return how many seconds a written length has; none for what is no length."""
    found = WRITTEN.fullmatch(text)
    numbers = found.groups("0") if found else ()
    return sum(int(number) * UNITS[unit] for number, unit in zip(numbers, UNITS, strict=False))


def shortened(long: int) -> str:
    """Return a length of whole minutes in the largest unit that has it without a rest.

    One of more than two months has whole hours.
    """
    long -= long % UNITS["h" if long >= COARSE else "m"]
    unit = next(unit for unit, size in UNITS.items() if long % size == 0)
    return f"{long // UNITS[unit]}{unit}"
