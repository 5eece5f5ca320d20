"""What this machine is called from outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.reach import address, caller
from mlflow_ops.settings import network


def test_the_way_to_an_address_is_known_without_a_word_to_anybody() -> None:
    assert address.towards("127.0.0.1") == "127.0.0.1"
    assert address.towards("nowhere") == ""


@pytest.mark.parametrize("answer", [b"203.0.113.7\n", b"10.0.0.1", b"<html>", b"\xff", b"::1"])
def test_an_answer_that_is_no_public_address_is_not_believed(answer: bytes) -> None:
    with pytest.raises(MlflowOpsError, match="checkip.amazonaws.com .*--allow"):
        address.public(lambda _: answer)


def test_the_public_address_is_what_the_service_says() -> None:
    assert address.public(lambda _: b"93.184.216.34\n") == "93.184.216.34"


class Target:
    def __init__(self, own: str) -> None:
        self.own = own

    def route(self, destination: str) -> str:
        assert destination
        return self.own


@pytest.mark.parametrize(
    "own", ["10.9.0.4", "172.31.255.1", "192.168.1.2", "100.64.0.9", "fd00::1"]
)
def test_who_has_a_private_address_towards_the_vpc_is_let_in_by_that(own: str) -> None:
    assert caller.private(Target(own), "10.9.0.1") == network(own)  # type: ignore[arg-type]  # as much of one as is asked for


@pytest.mark.parametrize("own", ["", "127.0.0.1", "169.254.1.1", "93.184.216.34", "fe80::1%eth0"])
def test_who_has_no_private_address_towards_the_vpc_has_to_say_who_gets_in(own: str) -> None:
    with pytest.raises(BadOption, match="towards the VPC .* --allow"):
        caller.private(Target(own), "10.9.0.1")  # type: ignore[arg-type]  # as above


@given(st.one_of(st.text(), st.from_regex(r"\A[0-9a-f:.]{1,40}(%.{0,9})?(/[0-9]{1,3})?\Z")))
def test_a_range_is_read_in_its_one_form_or_refused(text: str) -> None:
    try:
        found = network(text)
    except BadOption:
        return
    assert set(found) <= set("0123456789abcdef:./")
    assert network(found) == found


@given(st.ip_addresses())
def test_an_address_without_a_prefix_stands_for_itself_alone(found: object) -> None:
    suffix = 32 if "." in str(found) else 128
    assert network(str(found)) == address.single(str(found)) == f"{found}/{suffix}"
