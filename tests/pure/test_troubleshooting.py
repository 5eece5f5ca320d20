"""The troubleshooting page: each of its keys is a text of the code's, and none is lacking."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from sentences import VARIES, Text, texts

from mlflow_ops import errors

PAGE = (Path(__file__).resolve().parents[2] / "docs/troubleshooting.md").read_text("utf-8")
KEYS = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
PLACEHOLDER = re.compile(r" ?\*[A-Z][A-Z ,']*\*")
SHORTEST = 12
CLASSES = [
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.MlflowOpsError)
]
REFUSALS = [each for each in texts() if each.file.startswith("mlflow_ops/refusals/")]


@cache
def pattern(key: str) -> re.Pattern[str]:
    """Return what a text has to look like for this key: every fixed part, in its place."""
    whole = key.removesuffix("…").rstrip()
    fixed = [re.escape(part) for part in PLACEHOLDER.split(whole)]
    end = f"[{VARIES} ]?.*" if key.endswith("…") else ""
    return re.compile(f" ?{VARIES}+".join(fixed) + end, re.DOTALL)


def said_by(key: str) -> list[Text]:
    return [each for each in texts() if pattern(key).fullmatch(each.said.strip())]


def is_explained(said: str) -> bool:
    return any(pattern(key).fullmatch(said.strip()) for key in KEYS)


def is_a_sentence(said: str) -> bool:
    return bool(re.fullmatch(rf"[A-Z][^|]* [^|]*[.{VARIES}]", said, re.DOTALL))


def test_each_key_is_a_text_that_the_code_can_print() -> None:
    assert [key for key in KEYS if not said_by(key)] == []


def test_no_key_is_so_short_that_it_says_nothing() -> None:
    fixed = {key: "".join(PLACEHOLDER.split(key.removesuffix("…"))) for key in KEYS}
    short = [key for key, said in fixed.items() if len(said) < SHORTEST]
    assert short == ["AWS: *WORDS*"]


def test_no_key_stands_there_twice_and_there_are_enough_of_them() -> None:
    assert len(KEYS) == len(set(KEYS)) >= 60


@pytest.mark.parametrize("name", CLASSES)
def test_every_kind_of_error_is_explained(name: str) -> None:
    raised = [each.said for each in texts() if name in each.to]
    assert any(is_explained(said) for said in raised), raised


def test_every_refusal_of_aws_is_explained() -> None:
    sentences = {each.said for each in REFUSALS if is_a_sentence(each.said)}
    assert len(sentences) > 20
    assert [said for said in sentences if not is_explained(said)] == []


def test_every_entry_says_something_and_the_contents_name_every_part() -> None:
    for key, entry in re.findall(r"^### (.+)\n\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL):
        assert len(entry.strip()) > SHORTEST, key
    parts = re.findall("^## (.+)$", PAGE, re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]", PAGE, re.MULTILINE) == parts
