"""The walk-through: it shows each command that there is, with options that there are."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from life import LIFE, NOT_SHOWN, Line
from stable_forms import stable
from walk_through import PAGE

from mlflow_ops.cli import COMMANDS, group

LINES = [each.text for each in LIFE if isinstance(each, Line)]
OURS = [line for line in LINES if line.startswith("mlflow-ops ")]
OF_A_MACHINE = re.compile(r"/(tmp|root)\b|/home/(?!ubuntu)")
SECRET = re.compile(r"password=(?!\*)\S|password: \S", re.IGNORECASE)


@pytest.fixture(scope="module", name="page")
def page_as_it_is() -> str:
    return PAGE.read_text("utf-8")


def parameters(words: list[str]) -> tuple[dict[str, click.Option], list[str]]:
    """Return the options of the command that a line names, and the line's words after it."""
    context = click.Context(group, info_name="mlflow-ops")
    command = group.get_command(context, words[0])
    assert command is not None, words
    rest = words[1:]
    if isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    options = [each for each in command.params if isinstance(each, click.Option)]
    return {word: each for each in options for word in (*each.opts, *each.secondary_opts)}, rest


def test_every_command_is_shown_or_cannot_be() -> None:
    shown = {shlex.split(line)[1] for line in OURS}
    assert shown & set(NOT_SHOWN) == set()
    assert shown | set(NOT_SHOWN) == set(COMMANDS)


def test_each_line_has_options_that_its_command_has() -> None:
    for line in OURS:
        known, rest = parameters(shlex.split(line)[1:])
        own = rest[: rest.index("--")] if "--" in rest else rest
        assert [word for word in own if word.startswith("-") and word not in known] == [], line


def test_the_page_shows_these_lines_in_this_order(page: str) -> None:
    assert re.findall(r"^\$ (.+)$", page, re.MULTILINE) == LINES


def test_no_command_of_it_failed(page: str) -> None:
    assert re.findall(r"^\(exit code [^3].*$", page, re.MULTILINE) == []
    assert "Error:" not in page
    assert "Traceback" not in page


def test_the_page_has_nothing_of_the_machine_it_was_made_on_and_no_secret(page: str) -> None:
    assert stable(page) == page
    assert not OF_A_MACHINE.search(page)
    assert not SECRET.search(page)


def test_what_varies_has_one_form_and_what_differs_still_differs() -> None:
    first = stable("server   12.6 s  35231f24bd4148aebe8a0d1608d4add3 at 2026-11-24T02:21:28Z")
    again = stable("server    4.1 s  9f231f24bd4148aebe8a0d1608d4add3 at 2027-01-04T22:01:08Z")
    assert first == again
    two = stable("i-1be71fe8b1aa84478 i-2be71fe8b1aa84478 i-1be71fe8b1aa84478").split()
    assert two[0] == two[2] != two[1]
    for same in (
        "us-east-1 prices of 2026-09",
        "RMSE: 0.7212705381947805",
        "within 5 s in s3://",
        "50,000 MiB are free",
    ):
        assert stable(same) == same
