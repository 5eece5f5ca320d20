"""What kind of stack is wanted, from the options and what stands; and its way through a tag."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops import shape, shaping
from mlflow_ops.errors import BadOption
from mlflow_ops.settings import Options
from mlflow_ops.shape import CHOICES, SWITCHES, Shape
from mlflow_ops.steps import STEPS, taken

OPEN = ("0.0.0.0/0",)
shapes = st.builds(
    Shape,
    **{name: st.sampled_from(words) for name, words in CHOICES.items()},
    **dict.fromkeys(SWITCHES, st.booleans()),
    domain=st.sampled_from(["", "mlflow.example.org"]),
    ttl=st.sampled_from(["", "8h", "2d"]),
    idle=st.sampled_from(["", "90m"]),
)


@given(shapes)
def test_a_shape_comes_back_from_its_tag(held: Shape) -> None:
    assert Shape.of(held.tag) == held
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
    assert len(held.tag) <= 256


def test_the_longest_domain_that_is_taken_fits_into_the_tag() -> None:
    longest = ".".join(["a" * 60, "b" * 59])
    assert Options(domain=longest).domain == longest
    for words in itertools.product(*CHOICES.values()):
        chosen = dict(zip(CHOICES, words, strict=True))
        held = Shape(**chosen, login=False, taught=True, elastic=True, domain=longest)
        held = replace(held, ttl="99999m", idle="99999m")  # the longest words for a time
        assert Shape.of(held.tag) == held
        assert len(held.tag) <= 256
    with pytest.raises(BadOption, match="of 120 characters at most"):
        Options(domain=f"{longest}d")


@given(st.text())
def test_a_tag_written_by_anybody_gives_a_shape_with_known_words_alone(tag: str) -> None:
    found = Shape.of(tag)
    assert all(getattr(found, name) in words for name, words in CHOICES.items())
    assert found.domain == "" or shape.DOMAIN.fullmatch(found.domain)


def test_a_stack_has_tls_and_a_login_unless_told_otherwise() -> None:
    assert shaping.wanted(Options(), None) == Shape(tls="own", login=True, access="port")


def test_as_taught_has_neither_but_what_is_asked_for_beside_it() -> None:
    taught = shaping.wanted(Options(as_taught=True), None)
    assert (taught.tls, taught.login, taught.scheme) == ("off", False, "http")
    mended = shaping.wanted(Options(as_taught=True, login=True, tls=True), None)
    assert (mended.tls, mended.login) == ("own", True)


def test_what_is_not_said_again_stays_but_never_without_a_lock() -> None:
    standing = Shape("role", "private", "tunnel", "off", login=False)
    again = shaping.wanted(Options(), standing)
    assert (again.credentials, again.address, again.access) == ("role", "private", "tunnel")
    assert (again.tls, again.login) == ("own", True)


def test_a_domain_stays_until_the_stacks_own_ca_is_asked_for() -> None:
    named = shaping.wanted(Options(domain="mlflow.example.org"), None)
    assert named.tls == "acme"
    assert shaping.wanted(Options(), named) == named
    assert shaping.wanted(Options(tls=True), named).tls == "own"


@pytest.mark.parametrize(
    "options",
    [
        {"domain": "mlflow.example.org", "tls": False},
        {"domain": "mlflow.example.org", "access": "tunnel"},
        {"domain": "mlflow.example.org", "address": "private"},
        {"credentials": "role", "artifacts": "direct"},
        {"credentials": "role", "as_taught": True},
        {"login": False, "allow": OPEN},
        {"login": False, "allow": ("0.0.0.0/1", "128.0.0.0/1")},
        {"domain": "localhost"},
        {"domain": "203.0.113.7"},
        {"domain": "a.example; reboot"},
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        shaping.wanted(Options(**options), None)  # type: ignore[arg-type]  # as the command line gives them


def test_a_contradiction_with_what_stands_says_what_that_is() -> None:
    standing = Shape(credentials="role")
    with pytest.raises(BadOption, match="The stack stands with --credentials role"):
        shaping.wanted(Options(as_taught=True), standing)


def test_no_login_is_taken_where_strangers_are_kept_out_otherwise() -> None:
    narrow = shaping.wanted(Options(login=False, allow=("198.51.100.0/24",)), None)
    hidden = shaping.wanted(Options(login=False, access="tunnel"), None)
    taught = shaping.wanted(Options(login=False, allow=OPEN, as_taught=True), None)
    assert [narrow.login, hidden.login, taught.login] == [False] * 3


@pytest.mark.parametrize(("name", "other"), [("address", "private"), ("credentials", "role")])
def test_what_only_a_launch_decides_is_not_changed_on_a_standing_stack(
    name: str, other: str
) -> None:
    with pytest.raises(BadOption, match=f"--{name}"):
        shaping.check_standing(Options(**{name: other}), Shape())  # type: ignore[arg-type]  # as above
    shaping.check_standing(Options(), Shape())


def test_each_shape_has_its_own_steps_in_the_common_order() -> None:
    usual, bare = taken(Shape()), taken(Shape(tls="off", login=False))
    assert not {"role", "caddy"} & set(usual)
    assert set(usual) - set(bare) == {"certificate", "login"}
    role = taken(Shape(credentials="role"))
    assert not {"iam_user", "access_key", "aws_profile"} & set(role)
    for each in (usual, bare, role):
        assert list(each) == [name for name in STEPS if name in each]
