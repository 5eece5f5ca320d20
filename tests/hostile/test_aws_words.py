"""Whatever stands in a tag or an error of AWS's, it is shown and neither obeyed nor believed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from cloud import by_hand
from cloud.wire import refusal
from hostile.words import FRAGMENTS, TEXTS, harm
from hypothesis import given

from mlflow_ops.cli import main
from mlflow_ops.names import HOST_KEY_TAG, IAM_PATH, SHAPE_TAG, TAG
from mlflow_ops.shape import Shape
from mlflow_ops.ssh import host_keys

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

# All that XML lets through: no C0, but C1, bidi marks, newlines and every shell's own.
NASTY = "".join(c for c in "".join(FRAGMENTS) if c in "\t\n\r" or (c >= " " and c < "\ud800"))
PLACEHOLDER = "HOSTILE"
COMMANDS = (
    ("status",),
    ("up", "--dry-run", "--allow", "127.0.0.1/32"),
    ("down", "--dry-run"),
    ("audit",),
    ("train", "--data", "sample"),
)


def nasty_errors(call: Call, ask: Ask) -> Answer:
    """Refuse what is ours, in such words; who asks is known."""
    return ask() if call.operation == "GetCallerIdentity" else refusal(call, "Blocked", NASTY, 400)


def nasty_values(_: Call, ask: Ask) -> Answer:
    """Give such values back where the placeholder was put in."""
    words = escape(NASTY).replace("\r", "&#13;").encode()
    return ask().saying(PLACEHOLDER.encode(), words)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command, whatever its end, and return all that it has printed, which must be safe."""
    with pytest.raises(SystemExit):
        main(list(words))
    out, err = capsys.readouterr()
    assert harm(out) == harm(err) == set()
    if "--json" in words:
        json.loads(out)
    return out + err


def begins_no_line(shown: str) -> bool:
    """Whether no newline in somebody's words begins a line that would pass for one of ours."""
    return not [line for line in shown.splitlines() if line.startswith(("unit=x", "touch OWNED"))]


@pytest.fixture
def lives_here(cloud: StrictCloud, monkeypatch: pytest.MonkeyPatch) -> StrictCloud:
    """Lead the command line to the strict cloud."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    return cloud


@pytest.mark.parametrize("words", COMMANDS)
def test_awss_own_error_is_one_sentence_of_what_can_be_read(
    lives_here: StrictCloud, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with lives_here.also(nasty_errors):
        shown = said(capsys, *words)
    assert "OWNED" in shown
    assert begins_no_line(shown)


def test_nor_do_its_traceback_and_its_document_do_more_than_show_it(
    lives_here: StrictCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    with lives_here.also(nasty_errors):
        shown = said(capsys, "train", "--data", "sample", "--json", "--debug")
    assert "Traceback" in shown
    assert "OWNED" in shown


@pytest.mark.parametrize("words", [*COMMANDS[:4], ("audit", "--json"), ("status", "--json")])
def test_tags_with_such_values_break_nothing(
    lives_here: StrictCloud, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    instance = by_hand.network(lives_here)
    ec2, iam = lives_here.client("ec2"), lives_here.client("iam")
    tags = [{"Key": key, "Value": PLACEHOLDER} for key in ("Name", SHAPE_TAG, HOST_KEY_TAG)]
    ec2.create_tags(Resources=[instance], Tags=tags)
    other = ec2.create_security_group(GroupName="theirs", Description=PLACEHOLDER)["GroupId"]
    ec2.create_tags(Resources=[other], Tags=[{"Key": TAG, "Value": PLACEHOLDER}])
    iam.create_user(UserName="x", Path=IAM_PATH, Tags=[{"Key": TAG, "Value": PLACEHOLDER}])
    with lives_here.also(nasty_values):
        shown = said(capsys, *words)
    assert "Traceback" not in shown
    assert "say --debug" not in shown
    assert begins_no_line(shown)


@given(TEXTS)
def test_a_shape_in_any_words_is_a_shape_that_there_is(words: str) -> None:
    for tag in (words, f"domain={words} tls=acme", f"login={words} access=tunnel address={words}"):
        found = Shape.of(tag)
        assert Shape.of(found.tag) == found
        assert found.credentials in {"keys", "role"}
        assert re.fullmatch(r"[a-z0-9.-]*", found.domain)


@given(TEXTS)
def test_no_shape_in_other_words_takes_the_login_away(words: str) -> None:
    assert Shape.of(f"login={words}").login
    assert Shape.of(f"tls={words}").scheme == "https"


@given(TEXTS)
def test_a_tag_tells_keys_alone(words: str) -> None:
    good = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    assert host_keys.told(words)[0] == ()
    assert host_keys.told(f"launch {words} {good} {words}")[0] == (good,)
