"""What `mlflow-ops policy` prints: a document IAM takes, for this stack alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from click.testing import CliRunner
from cloud.needs_ec2 import Need
from cloud.permissions import Permissions, listed

from mlflow_ops.cli import group
from mlflow_ops.cli.policy import HALVES
from mlflow_ops.iam import commands, permissions
from mlflow_ops.iam.scopes import Scope
from mlflow_ops.names import Names
from mlflow_ops.refusals.denials import S3_ACTIONS

if TYPE_CHECKING:
    from click.testing import Result

ACCOUNT = "123456789012"
EC2 = f"arn:aws:ec2:us-east-1:{ACCOUNT}"
OURS = {"aws:ResourceTag/mlflow-ops:stack": "mlflow"}
# Actions that are no calls of their own, but come with one.
BESIDE = {
    "iam:PassRole",
    "s3:TagResource",
    "s3:DeleteObjectVersion",
    "s3:PutBucketOwnershipControls",
}
SERVICES = {"tag": "resourcegroupstaggingapi", "servicequotas": "service-quotas"}


def asked(*words: str) -> Result:
    """Run `mlflow-ops policy WORDS`."""
    return CliRunner().invoke(group, ["policy", *words])


def document(*words: str) -> Any:  # noqa: ANN401 - a JSON document
    return json.loads(asked("--account", ACCOUNT, *words).stdout)


def test_a_newcomer_without_credentials_gets_a_policy_for_any_account() -> None:
    shown = asked("up")
    assert shown.exit_code == 0
    assert "say --account" in shown.stderr
    assert "arn:aws:iam::*:*/mlflow-ops-mlflow-us-east-1" in shown.stdout
    assert "arn:aws:s3:::mlflow-ops-mlflow-*-us-east-1-an" in shown.stdout


def test_a_policy_is_for_aws_where_a_sandbox_is_usual_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = document("up")
    monkeypatch.setenv("MLFLOW_OPS_SANDBOX", "1")
    shown = asked("--account", ACCOUNT, "up")
    assert (shown.exit_code, json.loads(shown.stdout)) == (0, plain)
    assert shown.stderr == "This policy is for AWS: the sandbox checks no permissions.\n"


def test_aws_is_not_asked_when_the_account_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")  # which the closed port would not take
    shown = asked("up", "--account", ACCOUNT, "--region", "eu-west-1")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert ACCOUNT in shown.stdout


@pytest.mark.parametrize("account", ["12345", "my-account", "1234567890123", ""])
def test_an_account_that_is_none_is_refused(account: str) -> None:
    shown = asked("--account", account)
    assert shown.exit_code == 2
    assert "12 digits" in shown.stderr


def test_the_names_region_and_partition_are_the_stacks_own() -> None:
    text = json.dumps(document("--name", "team", "--region", "cn-north-1"))
    assert f"arn:aws-cn:iam::{ACCOUNT}:*/mlflow-ops-team-cn-north-1" in text
    assert "arn:aws:" not in text
    assert "us-east-1" not in text
    assert '"aws:RequestTag/mlflow-ops:stack": "team"' in text


@pytest.mark.parametrize("credentials", commands.CREDENTIALS)
@pytest.mark.parametrize("command", [*commands.COMMANDS, None])
def test_each_document_is_one_that_iam_takes(command: str | None, credentials: str) -> None:
    made = document(*([command] if command else []), "--credentials", credentials)
    assert permissions.length(made) <= permissions.LONGEST
    sids = [statement["Sid"] for statement in made["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in made["Statement"]:
        assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        for arn in listed(statement["Resource"]):
            assert arn == "*" or re.fullmatch(r"arn:aws:\w+:[\w-]*:(\d*|\*):[\w./*-]+", arn), arn


def test_the_longest_names_still_fit_into_one_policy() -> None:
    text = "twenty-letters-here1"
    made = document("--name", text, "--region", "ap-southeast-2")
    assert permissions.length(made) <= permissions.LONGEST


def test_a_policy_that_is_too_long_for_iam_says_how_to_part_it() -> None:
    far = ("--name", "twenty-letters-here1", "--region", "us-gov-west-1", "--account", ACCOUNT)
    shown = asked(*far)
    too_long = permissions.length(json.loads(shown.stdout)) > permissions.LONGEST
    assert ("make two" in shown.stderr) == too_long
    for half in HALVES:
        assert asked(*far, *half.split()).stderr == ""
    assert {word for half in HALVES for word in half.split()} == set(commands.COMMANDS)


def test_every_action_is_one_of_awss() -> None:
    session = botocore.session.Session()
    s3_calls = {action: call for call, action in S3_ACTIONS.items()}
    tables = (commands.COMMANDS, commands.CREDENTIALS)
    listed = (allowed for table in tables for allowed in table.values())
    for _, action in {each for allowed in listed for each in allowed}:
        service, _, name = action.partition(":")
        model = session.get_service_model(SERVICES.get(service, service))
        call = s3_calls.get(name, name) if service == "s3" else name
        assert call in model.operation_names or action in BESIDE, action


def test_the_administrators_policy_is_attached_only_by_an_operator_who_may() -> None:
    attach = "iam:AttachUserPolicy"
    assert attach not in json.dumps(document())
    [statement] = [
        each for each in document("up", "--as-taught")["Statement"] if attach in each["Action"]
    ]
    condition = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert statement["Condition"] == {"ArnEquals": condition}


def test_only_the_servers_role_is_passed_and_only_to_ec2() -> None:
    base = "mlflow-ops-mlflow-us-east-1"
    pass_role, to_ec2 = "iam:PassRole", {"iam:PassedToService": "ec2.amazonaws.com"}
    role = f"arn:aws:iam::{ACCOUNT}:role/mlflow-ops/{base}"
    allowed = Permissions(document("up", "--credentials", "role"))
    assert allowed.allows(Need(pass_role, role, to_ec2))
    assert not allowed.allows(Need(pass_role, f"{role}-2", to_ec2))
    assert not allowed.allows(Need(pass_role, f"arn:aws:iam::{ACCOUNT}:role/admin", to_ec2))
    to_lambda = {"iam:PassedToService": "lambda.amazonaws.com"}
    assert not allowed.allows(Need(pass_role, role, to_lambda))
    assert not Permissions(document("up")).allows(Need(pass_role, role, to_ec2))


@pytest.mark.parametrize(
    "need",
    [
        Need("ec2:TerminateInstances", f"{EC2}:instance/i-1"),
        Need(
            "ec2:TerminateInstances",
            f"{EC2}:instance/i-1",
            {"aws:ResourceTag/mlflow-ops:stack": "other"},
        ),
        Need("ec2:TerminateInstances", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1", OURS),
        Need("ec2:RebootInstances", f"{EC2}:instance/i-1", OURS),
        Need("ec2:StopInstances", f"{EC2}:instance/i-1"),
        Need("ec2:ReleaseAddress", f"{EC2}:elastic-ip/eipalloc-1"),
        Need("ec2:AssociateAddress", f"{EC2}:elastic-ip/eipalloc-1"),
        Need("ec2:AllocateAddress", f"{EC2}:elastic-ip/*"),
        Need("ec2:DeleteSecurityGroup", f"{EC2}:security-group/sg-1"),
        Need("ec2:RunInstances", f"{EC2}:instance/*"),
        Need("ec2:RunInstances", f"{EC2}:security-group/sg-1"),
        Need(
            "ec2:CreateTags",
            f"{EC2}:instance/i-1",
            {"aws:RequestTag/mlflow-ops:stack": "mlflow"},
        ),
        Need("ec2:DeleteKeyPair", f"{EC2}:key-pair/mlflow-ops-other-us-east-1"),
        Need("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/somebody"),
        Need("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/mlflow-ops/mlflow-ops-other"),
        Need("s3:DeleteObject", "arn:aws:s3:::somebodys/key"),
        Need("s3:GetObject", f"arn:aws:s3:::mlflow-ops-other-{ACCOUNT}-us-east-1-an/key"),
        Need("s3:PutObject", "arn:aws:s3:::somebodys/key"),
        Need(
            "ec2-instance-connect:SendSSHPublicKey",
            f"{EC2}:instance/i-1",
            {**OURS, "ec2:osuser": "root"},
        ),
    ],
    ids=lambda need: f"{need.action} {need.resource} {sorted(need.context)}",
)
def test_what_is_not_the_stacks_own_is_out_of_reach(need: Need) -> None:
    assert not Permissions(document()).allows(need)


def test_a_wider_scope_makes_a_narrower_one_needless_and_never_the_other_way_round() -> None:
    all_ours, one = Scope("All", ("arn:x:*",)), Scope("One", ("arn:x:1",))
    tagged = Scope("Tagged", ("arn:x:*",), (("StringEquals", "aws:ResourceTag/a", "b"),))
    assert all_ours.covers(one)
    assert all_ours.covers(tagged)
    assert not one.covers(all_ours)
    assert not tagged.covers(one)


def test_status_asks_for_nothing_that_changes_anything() -> None:
    made = permissions.policy(["status", "audit"], Names("mlflow", ACCOUNT, "us-east-1"), "aws")
    for statement in made["Statement"]:
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"\w+:(Describe|List|Get)\w+", action), action
