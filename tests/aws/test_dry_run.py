"""The clients of a plan: they read, and leave no trace of anything else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops.cli import main, planned, report
from mlflow_ops.cli.command import Call
from mlflow_ops.iam.documents import documents
from mlflow_ops.policies import TLS_ONLY, VERSION
from mlflow_ops.rehearsing import Rehearsed, settings
from mlflow_ops.rehearsing.reading import INSTANCE, ReadingAws
from mlflow_ops.settings import Settings
from mlflow_ops.shape import Shape
from mlflow_ops.steps import bucket, key_pair

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask
    from cloud.wire import Call as Sent

    from mlflow_ops.stack import Stack


def test_a_plans_clients_send_no_call_that_changes_anything(
    stack: Stack, cloud: StrictCloud
) -> None:
    sent: list[str] = []

    def rule(call: Sent, ask: Ask) -> Answer:
        sent.append(call.operation)
        return ask()

    key_pair.create(stack)
    aws = ReadingAws.of(stack.aws)
    with cloud.also(rule):
        assert len(aws.ec2.describe_key_pairs()["KeyPairs"]) == 1
        aws.ec2.delete_key_pair(KeyName=stack.names.base)
        aws.s3.create_bucket(Bucket=stack.names.bucket)
        aws.iam.delete_user(UserName="somebody")
        aws.ec2.describe_instance_attribute(InstanceId=INSTANCE, Attribute="userData")
    assert sent == ["DescribeKeyPairs"]
    assert aws.unsent == ["ec2:DeleteKeyPair", "s3:CreateBucket", "iam:DeleteUser"]
    assert key_pair.find(stack)


class Tls:
    """A stack's clients, which reach S3 over TLS as everywhere but on an emulator."""

    uses_tls = True

    def __init__(self, aws: Any) -> None:  # noqa: ANN401 - passed through
        self._aws = aws

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        return getattr(self._aws, name)


def test_the_documents_of_a_server_on_this_machine_have_the_keys_of_a_stacks(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    def local(*words: str) -> dict[str, Any]:
        with pytest.raises(SystemExit):
            main([*words, "--local", "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    here, there = local("up", "--dry-run"), planned.document(stack, Rehearsed(), [])
    assert here.keys() == there.keys()
    assert here["plan"][0].keys() == there["plan"][0].keys()
    absent = report.absent_document(Call(Settings(), json=True))
    assert local("status").keys() == absent.keys()
    assert absent.keys() == {*report.status_document(stack, [], "absent"), "cost"}


def test_the_policy_of_a_bucket_that_is_there_keeps_what_is_the_users(
    stack: Stack, cloud: StrictCloud
) -> None:
    arn = f"arn:aws:s3:::{stack.names.bucket}"
    mine = {"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arn}
    theirs = json.dumps({"Version": VERSION, "Statement": [mine]})
    fake: Any = Tls(stack.aws)
    guarded = replace(stack, target=replace(stack.target, aws=fake))
    [policy] = [each.document for each in documents(guarded) if "bucket mlflow" in each.title]
    assert policy
    assert [each["Sid"] for each in policy["Statement"]] == [TLS_ONLY]
    assert settings.of("bucket", guarded, guarded)["Policy"] == [TLS_ONLY]
    made = guarded.knows(bucket.create(stack))
    cloud.client("s3").put_bucket_policy(Bucket=stack.names.bucket, Policy=theirs)
    [policy] = [each.document for each in documents(made) if "bucket mlflow" in each.title]
    assert policy
    assert [each["Sid"] for each in policy["Statement"]] == ["Mine", TLS_ONLY]


def test_a_plan_shows_tags_where_there_are_any_and_says_why_a_bucket_has_no_policy(
    stack: Stack,
) -> None:
    steps = {name: settings.of(name, stack, stack) for name in settings.SETTINGS}
    without = {name for name, found in steps.items() if "Tags" not in found}
    assert without == {"aws_profile", "access_key"}
    plain: Any = Tls(stack.aws)
    plain.uses_tls = False
    emulated = replace(stack, target=replace(stack.target, aws=plain))
    assert settings.of("bucket", emulated, emulated)["Policy"] == settings.NO_TLS
    wanted = replace(emulated.want(), shape=Shape(taught=True))
    taught = replace(emulated, wanted=wanted)
    assert settings.of("bucket", taught, taught)["Policy"] == []
