"""The exports of `env`, read by the real shells, whatever stands in a value."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlflow_ops.reach import shells

# What an environment can hold: anything but NUL. Surrogates cannot be written to a pipe.
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NASTY = st.lists(
    st.sampled_from(
        ["'", '"', "\\", "$", "`", "\n", "!", ";", "$(touch pwned)", "'\\''", "''", "%", "‘", "~"]
    ),
    max_size=8,
).map("".join)
READERS = {
    "bash": ["bash", "--norc", "-c", 'eval "$(cat)"; env -0'],
    "sh": ["sh", "-c", 'eval "$(cat)"; env -0'],
    "zsh": ["zsh", "-f", "-c", 'eval "$(cat)"; env -0'],
    "zsh with rc_quotes": ["zsh", "-f", "-o", "rcquotes", "-c", 'eval "$(cat)"; env -0'],
    "fish": ["fish", "--no-config", "-c", "cat | source; env -0"],
}
INSTALLED = [name for name, words in READERS.items() if shutil.which(words[0])]


def read(reader: str, text: str, **own: str) -> dict[str, str]:
    """Let a real shell run the commands; return its environment then."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
    ended = subprocess.run(
        READERS[reader], input=text.encode(), env=environment | own, capture_output=True, check=True
    )
    assert ended.stderr == b""
    pairs = ended.stdout.decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def kind(reader: str) -> str:
    return shells.usual(READERS[reader][0])


@pytest.mark.parametrize("reader", INSTALLED)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(VALUES | NASTY, min_size=1, max_size=5))
def test_a_shell_reads_every_value_as_it_is(reader: str, values: list[str]) -> None:
    names = {f"MLFLOW_{number}": value for number, value in enumerate(values)}
    found = read(reader, shells.commands(kind(reader), names))
    assert {name: found[name] for name in names} == names
    assert not Path("pwned").exists()


@pytest.mark.parametrize("reader", INSTALLED)
def test_what_another_stack_has_left_in_the_shell_is_gone(reader: str) -> None:
    text = shells.commands(kind(reader), {"ONE": "1"}, unset=("ONE", "TOKEN", "NEVER"))
    found = read(reader, text, ONE="0", TOKEN="secret", OTHER="stays")
    assert (found["ONE"], found.get("TOKEN"), found["OTHER"]) == ("1", None, "stays")


def test_powershell_has_its_own_quotes_doubled() -> None:
    text = shells.commands("powershell", {"A": "it's ‘so’ $HOME `n"}, unset=("B",))
    assert text.splitlines() == [
        "Remove-Item -ErrorAction SilentlyContinue Env:B;",
        "$Env:A = 'it''s ‘‘so’’ $HOME `n';",
    ]


@given(VALUES | NASTY)
def test_no_quote_of_powershells_ends_a_value(value: str) -> None:
    inside = shells.commands("powershell", {"A": value}).removeprefix("$Env:A = '")[:-2]
    halved = inside
    for quote in "'‘’‚‛":
        assert halved.count(quote) % 2 == 0
        halved = halved.replace(quote * 2, quote)
    assert halved == value


@pytest.mark.parametrize(
    ("shell", "kind"),
    [
        *(("/bin/bash", "bash"), ("/usr/bin/zsh", "zsh"), ("/usr/bin/fish", "fish")),
        *(("/usr/bin/pwsh", "powershell"), ("/bin/dash", "bash"), ("", "bash")),
    ],
)
def test_the_users_own_shell_is_the_usual_one(shell: str, kind: str) -> None:
    assert shells.usual(shell) == kind
