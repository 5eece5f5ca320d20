"""The troubleshooting page: each of its keys is a text of the code's, and none is lacking."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from handed import handed
from sentences import VARIES, texts

PAGE = (Path(__file__).resolve().parents[2] / "docs/troubleshooting.md").read_text("utf-8")
# Headings that follow one another at once share what stands below them.
ENTRIES = re.findall(r"^((?:### .+\n)+)\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
KEYS = [key for heads, _ in ENTRIES for key in re.findall("^### (.+)$", heads, re.MULTILINE)]
PLACEHOLDER = re.compile(r" ?\*[A-Z][A-Z ,']*\*")
SHORTEST = 12
# A text with fewer letters passes on what another one says.
FEWEST_LETTERS = 9
# Texts that no heading has, and why.
UNEXPLAINED = {
    "Nothing answers on the host at *IP*:*PORT* yet.": "the host of a rehearsal says it to a step",
    "This command makes nothing: `mlflow-ops up` does.": "no command gets there",
    "it has no database of users yet: run `mlflow-ops up`.": "it ends another text, with a heading",
    "it has not answered (*N* s)…": "it ends another text, with a heading",
    "it names an interface": "it stands inside another text, with a heading",
}
# The beginnings of what no error of ours says: rows of `doctor` and `status`, warnings, the rest.
TOLD = (
    "This machine's clock is *N* s *AHEAD OR BEHIND* AWS's.",
    "*WHO* That is the account's root user, whom nothing limits.",
    "Not allowed, of what *COMMANDS* need: *ACTIONS*.",
    "This machine's address is now *ADDRESS*, which the firewall does not let in",
    "The host's disk is full: make room there, and run the same command again.",
    "The host's keeper failed: *KIND*: *WORDS*.",
    "The host's database cannot be used just now: *WHY*.",
    "Warning: the backup is *DETAIL*. What was logged since it last caught up is on",
    "Warning: the last daily backup on the host failed: …",
    "Left: *KIND* *ID*; remove it *CURE*",
    "the host does not have the limits of this stack: `mlflow-ops up`",
    "What it costs could not be told: *WHY*",
    "Interrupted: run the same command again to go on.",
    "*MODEL* belongs to another user: the model stays in the run alone.",
)
REFUSALS = [each for each in texts() if each.file.startswith("mlflow_ops/refusals/")]


@cache
def pattern(key: str) -> re.Pattern[str]:
    """Return what a text has to look like for this key: every fixed part, in its place."""
    whole = key.removesuffix("…").rstrip()
    fixed = [re.escape(part) for part in PLACEHOLDER.split(whole)]
    end = f"[{VARIES} ]?.*" if key.endswith("…") else ""
    return re.compile(f" ?{VARIES}+".join(fixed) + end, re.DOTALL)


def fits(key: str, said: str) -> bool:
    return bool(pattern(key).fullmatch(said.strip()))


@cache
def everything() -> frozenset[str]:
    return frozenset(each.said.strip() for each in (*texts(), *handed()))


def said_by(key: str) -> list[str]:
    begun = PLACEHOLDER.split(key.removesuffix("…"))[0]
    return [each for each in everything() if each.startswith(begun) and fits(key, each)]


def is_explained(said: str) -> bool:
    return any(fits(key, said) for key in KEYS)


def is_listed(said: str) -> bool:
    return any(fits(each, said) for each in UNEXPLAINED)


def is_of_its_own(said: str) -> bool:
    return " " in said.strip() and sum(map(str.isalpha, said)) >= FEWEST_LETTERS


def is_a_sentence(said: str) -> bool:
    return bool(re.fullmatch(rf"[A-Z][^|]* [^|]*[.{VARIES}]", said, re.DOTALL))


def test_each_key_is_a_text_that_the_code_can_print() -> None:
    assert [key for key in KEYS if not said_by(key)] == []


def test_no_key_is_so_short_that_it_says_nothing() -> None:
    fixed = {key: "".join(PLACEHOLDER.split(key.removesuffix("…"))) for key in KEYS}
    short = [key for key, said in fixed.items() if len(said) < SHORTEST]
    assert short == ["*FILE* *OPTION* must be …", "AWS: *WORDS*"]


def test_no_key_stands_there_twice_and_every_heading_has_an_entry() -> None:
    assert KEYS == list(dict.fromkeys(KEYS)) == re.findall("^### (.+)$", PAGE, re.MULTILINE)


def test_the_texts_are_followed_to_where_they_are_written() -> None:
    found = {each.said for each in handed()}
    assert "--domain needs TLS: leave --no-tls out." in found  # a key of a dict
    assert f"There is no server {VARIES} on this machine: `mlflow-ops up` makes one." in found
    assert f"{VARIES}{VARIES} must be a whole number." in found
    assert len(found) > 250


def test_every_text_that_an_error_is_made_with_is_explained() -> None:
    own = {each.said for each in handed() if is_of_its_own(each.said)}
    assert [said for said in sorted(own) if not (is_explained(said) or is_listed(said))] == []


@pytest.mark.parametrize("listed", UNEXPLAINED)
def test_what_is_listed_as_unexplained_is_said_and_has_no_entry(listed: str) -> None:
    said = [each.said for each in handed() if fits(listed, each.said)]
    assert said
    assert not any(map(is_explained, said))


def test_every_refusal_of_aws_is_explained() -> None:
    sentences = {each.said for each in REFUSALS if is_a_sentence(each.said)}
    assert len(sentences) > 20
    assert [said for said in sentences if not is_explained(said)] == []


def test_no_two_entries_explain_the_same_so_that_none_can_be_left_out() -> None:
    by = {each.said: [key for key in KEYS if fits(key, each.said)] for each in handed()}
    assert {said: keys for said, keys in by.items() if len(keys) > 1} == {}


def test_what_is_told_without_an_error_is_explained_too() -> None:
    assert [told for told in TOLD if not any(key.startswith(told) for key in KEYS)] == []


def test_no_error_advises_a_down_that_takes_the_data_for_the_sake_of_another_up() -> None:
    advice = re.compile(r"`mlflow-ops down`(?: first|,? (?:and )?then)")
    assert [each.said for each in texts() if advice.search(each.said)] == []


def test_every_entry_says_something_and_the_contents_name_every_part() -> None:
    assert [heads for heads, entry in ENTRIES if len(entry.strip()) <= SHORTEST] == []
    parts = re.findall("^## (.+)$", PAGE, re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]", PAGE, re.MULTILINE) == parts
