"""`mlflow-ops audit` names what it could not see, and shows all the rest."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aws import remains
from cloud import backends
from cloud.wire import answer, refusal

from mlflow_ops import audit as audits
from mlflow_ops.names import KEPT_TAG, Names

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

HERE = "us-east-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)
FIRST, LAST = replace(NAMES, stack="a"), replace(NAMES, stack="z")


def secretive(call: Call, ask: Ask) -> Answer:
    """Show no tags of the first stack's things."""
    if call.operation in {"GetBucketTagging", "ListUserTags", "ListRoleTags"} and (
        {FIRST.bucket, FIRST.base, "of-another-name"} & set(map(str, call.parameters.values()))
    ):
        return refusal(call, "AccessDenied", f"not {call.operation}", 403)
    return ask()


def test_things_that_do_not_show_their_tags_are_named_and_hide_no_others(
    stack: Stack, cloud: StrictCloud
) -> None:
    remains.bucket(cloud, FIRST, KEPT_TAG)
    remains.bucket(cloud, LAST, KEPT_TAG)
    for names in (FIRST, LAST):
        remains.user(cloud, names)
        remains.role(cloud, names)
    with cloud.also(secretive):
        found = audits.audit(stack.aws, [HERE])
    first, last = ({each.holding.kind: each.owner for each in one.holdings} for one in found.stacks)
    assert first.keys() == last.keys() == {*remains.USER_KINDS, *remains.ROLE_KINDS, "bucket"}
    hidden = [first[kind] for kind in ("bucket", "IAM user", "access key", "IAM role")]
    assert (set(hidden), last["bucket"], last["IAM user"]) == ({"unknown"}, "kept", None)
    assert [failure.partition(": ")[0] for failure in found.failures] == [
        f"tags of IAM user {FIRST.base}, tags of IAM role {FIRST.base} in IAM",
        f"tags of bucket {FIRST.bucket} in {HERE}",
    ]


def test_a_bucket_that_does_not_show_its_tags_is_no_orphan_whatever_its_name(
    stack: Stack, cloud: StrictCloud
) -> None:
    s3 = cloud.client("s3")
    for name in ("of-another-name", "of-yet-another"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": NAMES.tags})
    remains.bucket(cloud, FIRST, KEPT_TAG)
    with cloud.also(secretive):
        found = audits.audit(stack.aws, [HERE])
    owners = {each.holding.id: each.owner for one in found.stacks for each in one.holdings}
    hidden = {FIRST.bucket: "unknown", "of-another-name": "unknown"}
    assert owners == {**hidden, "of-yet-another": None}
    assert [one.state for one in found.stacks] == ["unknown", "orphan"]
    [failure] = found.failures
    assert all(name in failure for name in hidden)


def test_a_login_page_instead_of_an_answer_hides_one_kind(stack: Stack, cloud: StrictCloud) -> None:
    def page(call: Call, ask: Ask) -> Answer:
        return answer("<html><br>", "text/html") if call.operation == "DescribeVolumes" else ask()

    remains.user(cloud, NAMES)
    with cloud.also(page):
        found = audits.audit(stack.aws, [HERE])
    assert found.orphans == len(remains.USER_KINDS)
    assert [failure.partition(": ")[0] for failure in found.failures] == [f"volumes in {HERE}"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_the_command_waits_for_no_answer(cloud: StrictCloud, number: int) -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        places = {"AWS_ENDPOINT_URL_IAM": url, "AWS_ENDPOINT_URL_EC2": url}
        run = stack.enter_context(
            subprocess.Popen(
                [str(Path(sys.executable).with_name("mlflow-ops")), "audit"],
                env={**environ, **cloud.environment(), **places},
                stderr=subprocess.PIPE,
            )
        )
        stack.callback(run.kill)
        for _ in places:
            stack.enter_context(silent.accept()[0])
        run.send_signal(number)
        _, said = run.communicate(timeout=60)
    assert (run.returncode != 0, said.count(b"Error: ")) == (True, 1)
