"""What protects the bucket: put in place with it, mended, and given up by `--as-taught` alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from cloud.hurry import Ready

from mlflow_ops import policies
from mlflow_ops.s3 import buckets, protection
from mlflow_ops.shape import Shape
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws.conftest import StackOf
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack

THEIRS = {
    "Sid": "Partner",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": "s3:ListBucket",
}


@pytest.fixture
def secured(stack_of: StackOf) -> Stack:
    """Return a stack that takes the strict cloud for AWS, which is reached over TLS."""
    stack = stack_of()
    clients = Ready(stack.aws.session, stack.aws.region, stack.aws.endpoint)
    return replace(stack, target=replace(stack.target, aws=clients))


def taught(stack: Stack) -> Stack:
    """Return the stack that `up --as-taught` wants."""
    return replace(stack, wanted=replace(stack.want(), shape=Shape(taught=True)))


def lacks(stack: Stack) -> tuple[str, ...]:
    """Return what a look finds missing of the bucket."""
    found = bucket.find(stack)
    assert found
    return found.missing


def mended(stack: Stack) -> None:
    """Let `create` mend what a look finds."""
    found = bucket.find(stack)
    assert found
    bucket.create(stack.knows(found))
    assert lacks(stack) == ()


def held_policy(stack: Stack) -> Any:  # noqa: ANN401 - a policy document
    return buckets.policy(stack.aws.s3, stack.names.bucket)


def test_a_new_bucket_has_every_protection(secured: Stack) -> None:
    bucket.create(secured)
    assert lacks(secured) == ()
    s3, name = secured.aws.s3, secured.names.bucket
    assert buckets.is_closed(s3, name)
    assert buckets.is_encrypted(s3, name)
    assert buckets.ownership(s3, name) == protection.OWNER
    [statement] = held_policy(secured)["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nobody_gets_at_the_bucket_without_tls(secured: Stack, cloud: StrictCloud) -> None:
    bucket.create(secured)
    s3, name = cloud.client("s3"), secured.names.bucket
    s3.put_object(Bucket=name, Key="a", Body=b"1")
    cloud.bucket_policies.plain = True
    for do in (s3.list_objects_v2, lambda **given: s3.get_object(Key="a", **given)):
        with pytest.raises(ClientError, match="AccessDenied"):
            do(Bucket=name)


BREAK: dict[str, Callable[[Any, str], object]] = {
    "TLS-only policy": lambda s3, name: s3.delete_bucket_policy(Bucket=name),
    "public access block": lambda s3, name: s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={**buckets.CLOSED, "BlockPublicAcls": False}
    ),
    "encryption": lambda s3, name: s3.delete_bucket_encryption(Bucket=name),
    "ownership": lambda s3, name: s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
}


@pytest.mark.parametrize("broken", [(each,) for each in BREAK] + [tuple(BREAK)])
def test_what_a_hand_has_taken_off_is_put_back(
    secured: Stack, cloud: StrictCloud, broken: tuple[str, ...]
) -> None:
    bucket.create(secured)
    for name in broken:
        BREAK[name](cloud.client("s3"), secured.names.bucket)
    assert lacks(secured) == broken
    mended(secured)


def test_every_protection_is_tried() -> None:
    assert list(BREAK) == list(protection.PROTECTIONS)


def test_mending_one_protection_asks_for_no_other(secured: Stack, cloud: StrictCloud) -> None:
    bucket.create(secured)
    BREAK["ownership"](cloud.client("s3"), secured.names.bucket)
    changed: list[str] = []
    secured.aws.s3.meta.events.register(
        "before-call.s3", lambda model, **_: changed.append(model.name), unique_id="changed"
    )
    mended(secured)
    secured.aws.s3.meta.events.unregister("before-call.s3", unique_id="changed")
    assert [each for each in changed if each.startswith("Put")] == ["PutBucketOwnershipControls"]


def test_the_users_own_statements_stay_through_all_of_it(
    secured: Stack, cloud: StrictCloud
) -> None:
    bucket.create(secured)
    s3, name = cloud.client("s3"), secured.names.bucket
    theirs = THEIRS | {"Resource": f"arn:aws:s3:::{name}"}
    own = {"Id": "ours-and-theirs", "Version": "2012-10-17", "Statement": [theirs]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(own))
    mended(secured)
    assert held_policy(secured)["Id"] == own["Id"]
    assert [each["Sid"] for each in held_policy(secured)["Statement"]] == [
        "Partner",
        policies.TLS_ONLY,
    ]
    mended(taught(secured))
    assert held_policy(secured) == own


def test_a_public_statement_of_the_users_does_not_keep_the_bucket_from_being_closed(
    secured: Stack, cloud: StrictCloud
) -> None:
    bucket.create(taught(secured))
    s3, name = cloud.client("s3"), secured.names.bucket
    public = THEIRS | {"Principal": "*", "Resource": f"arn:aws:s3:::{name}"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [public]}))
    mended(secured)
    assert buckets.is_closed(s3, name)


def test_as_taught_alone_leaves_the_bucket_open_and_goes_back_again(secured: Stack) -> None:
    bucket.create(taught(secured))
    s3, name = secured.aws.s3, secured.names.bucket
    assert lacks(taught(secured)) == ()
    assert not buckets.is_closed(s3, name)
    assert held_policy(secured) == {}
    assert lacks(secured) == ("TLS-only policy", "public access block")
    mended(secured)
    mended(taught(secured))
    assert held_policy(secured) == {}


def test_an_emulator_over_plain_http_is_not_shut_to_all(stack: Stack) -> None:
    bucket.create(stack)
    assert lacks(stack) == ()
    assert held_policy(stack) == {}
    assert buckets.is_closed(stack.aws.s3, stack.names.bucket)
