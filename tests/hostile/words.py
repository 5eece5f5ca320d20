"""Words that somebody could give us to harm: by a shell, a terminal, a parser or sheer length."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

FRAGMENTS = (
    *("$(touch OWNED)", "`touch OWNED`", "; touch OWNED", "\ntouch OWNED\n", "&& touch OWNED #"),
    *("'", '"', "\\", "'\\''", "$HOME", "${IFS}", "*", "~", "!", "%", "%n", "-rf", "--", "=", "#"),
    *("\x1b[2J", "\x1b]8;;http://x\x07", "\x1b]52;c;eA==\x1b\\", "\x9b31m", "\x9d0;x\x9c"),
    *("\u202e", "\u2066", "\u200b", "\u2028", "\x85", "\r", "\0", "\x07", "\x08", "\x7f", "\t"),
    *("\udcff", "[bold]", "[/]", "{x}", "{0}", "é", "…", "🙂", "\x1dunit=x", "\nunit=x", " "),
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=8).map("".join)
HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def harm(shown: str, *, but: str = "\n\t") -> set[str]:
    """Return the characters that a terminal would obey instead of showing."""
    return {c for c in shown if c not in but and unicodedata.category(c) in HARMFUL}


def on_one_command_line(words: str) -> bool:
    """Whether a system lets these words be an argument at all."""
    return "\0" not in words and not any("\ud800" <= c <= "\udc7f" for c in words)
