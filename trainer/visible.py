"""What of a text may reach a terminal or a log: all that it shows, and nothing that it obeys."""

from __future__ import annotations

import unicodedata

# The longest line that anybody would read; an encoded authorization message of AWS's fits.
LONGEST = 4000


def text(said: str, longest: int = LONGEST) -> str:
    r"""Return the text with what a terminal would obey as an escape to be read, such as `\x1b`.

    That is every control but tab and newline, every mark that turns the direction of writing or
    shows nothing, and every byte that is no text. Lines end after `longest` characters.
    """
    if said.isascii() and said.isprintable() and len(said) <= longest:
        return said
    return "\n".join(line(each, longest) for each in said.split("\n"))


def line(said: str, longest: int = LONGEST) -> str:
    """Return the text as one line, in which a newline is an escape, too: for somebody's words."""
    return _shown(_cut(said, longest))


def _cut(said: str, longest: int) -> str:
    return said if len(said) <= longest else f"{said[:longest]}…"


def _shown(said: str) -> str:
    return said if said.isprintable() else "".join(map(_one, said))


def _one(character: str) -> str:
    if character.isprintable() or character == "\t" or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")
