"""What differs from run to run, in the output of commands, as a form that is always the same."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Same = Callable[[re.Match[str]], str]

KINDS = "i|sg|sgr|vol|key|subnet|vpc|ami|eni|eipalloc|igw|rtb|snap|acl|dopt|rtbassoc"
COLUMN = "  "  # so many spaces stand at least between two columns
DAY, TIME = "2026-01-01", "12:00:00"
# Dates of today, and not those of formats, such as IAM's 2012-10-17.
YEAR = "20[23]\\d"


def stable(text: str) -> str:
    """Return the text with the same times, ids, ports, names and sizes as any other run's.

    What is the same in the text stays the same, and what differs differs; it changes nothing in a
    text that it has made.
    """
    numbers: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def numbered(kind: str, digits: int, radix: str = "x") -> Same:
        def same(found: re.Match[str]) -> str:
            which, word = f"{kind}{found.groupdict().get('kind')}", found[0].strip()
            number = numbers[which].setdefault(word, len(numbers[which]) + 1)
            named = found.groupdict().get("kind") or ""
            return found[0].replace(word, f"{kind}{named}{number:0{digits}{radix}}")

        return same

    for pattern, same in (*TIMES, *SIZES):
        text = re.sub(pattern, same, text, flags=re.MULTILINE)
    for pattern, same in (
        (rf"\b(?P<kind>(?:{KINDS})-)[0-9a-f]{{17}}\b", numbered("", 17)),
        (r"\bAKIA[A-Z0-9]{16}\b", numbered("AKIA", 16, "d")),
        (r"SHA256:[A-Za-z0-9+/]{43}", numbered("SHA256:", 43, "d")),
        (r"(?<![\w.])[0-9a-f]{64}\b", numbered("", 64)),
        (r"(?<![\w.])[0-9a-f]{32}\b", numbered("", 32)),
        (r"(?<![\w.])[0-9a-f]{16}\b", numbered("", 16)),
        (r"\b[3-6]\d{4}\b(?!\.\d)", numbered("5", 4, "d")),
    ):
        text = re.sub(pattern, same, text)
    return re.sub(r"\b(?!us-east-)[a-z]+-[a-z]+-\d{1,3}\b {,99}", _named(numbers["run"]), text)


def _named(numbers: dict[str, int]) -> Same:
    """Give a run's made-up name another one, in a column of the same width."""

    def same(found: re.Match[str]) -> str:
        name = found[0].rstrip()
        new = f"some-run-{numbers.setdefault(name, len(numbers) + 1)}"
        gap = found[0][len(name) :]
        return new.ljust(len(found[0])) if gap.startswith(COLUMN) else new + gap

    return same


def _placed(found: re.Match[str], new: str) -> str:
    """Return what takes the place of a number: in a column, with the same right end."""
    word = found[0].lstrip()
    gap = found[0][: -len(word)]
    return new.rjust(len(found[0])) if gap.startswith(COLUMN) else gap + new


TIMES: tuple[tuple[str, Same], ...] = (
    (r"(PASSWORD=)\S+?(?=;|$)", lambda m: f"{m[1]}********"),
    (rf"\b{YEAR}\d{{4}}([Tt])\d{{6}}([Zz])", lambda m: f"20260101{m[1]}120000{m[2]}"),
    (rf"\b{YEAR}([-/])\d\d[-/]\d\d(?!\d)", lambda m: DAY.replace("-", m[1])),
    (rf"(?<={DAY}[T ])\d\d:\d\d\b(?!:)", lambda _: TIME[:5]),
    (r"(?<![\d:])\d\d:\d\d:\d\d(\.\d+)?(?!\d)", lambda _: TIME),
    (r" *(?<![\w.])\d+\.\d+ s\b", lambda m: _placed(m, "1.0 s")),
    (r"\b\d+ s behind", lambda _: "1 s behind"),
    (r"(?<= h )\d+ min\b", lambda _: "59 min"),
    (r" {2,}\d+ (s|min)(?=  )", lambda m: _placed(m, "9 s")),
    (r"\bPython 3\.\d+\.\d+", lambda _: "Python 3.12.0"),
)
# A disk of whole GB is one that we have chosen; of a full one nothing good would be said.
SIZES: tuple[tuple[str, Same], ...] = (
    (r"\b[\d,]+ MiB are free\b", lambda _: "50,000 MiB are free"),
    (r"\b\d[\d,]*(\.\d+)? (KB|MB|KiB|MiB|GiB|bytes)\b(?! are free)", lambda m: f"1.0 {m[2]}"),
    (r"\b\d[\d,]*\.\d+ GB\b", lambda _: "1.0 GB"),
)
