"""The doctor's look at permissions: asked of IAM's simulator, or of dry runs; nothing is done."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cloud import denials, faults
from cloud.hurry import Ready, session
from cloud.needs_ec2 import Need
from cloud.permissions import Permissions, Used, listed

from mlflow_ops.doctor import permissions as look
from mlflow_ops.doctor import questions
from mlflow_ops.iam import permissions
from mlflow_ops.names import IAM_PATH, Names
from mlflow_ops.settings import Options
from mlflow_ops.target import AwsFiles, Ports, Target

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.doctor.check import Finding

NAMES = Names("mlflow", "123456789012", "us-east-1")
DOCUMENT = permissions.policy(look.COMMANDS, NAMES, "aws")
PARTS = [Used(s["Sid"], action) for s in DOCUMENT["Statement"] for action in listed(s["Action"])]


def checked(cloud: StrictCloud, credentials: str = "keys") -> Finding:
    """Return what the doctor says of the caller's permissions."""
    files = AwsFiles(Path("credentials"), Path("config"))
    aws = Ready(session(), "us-east-1", cloud.endpoint)
    target = Target("aws", aws, files, Ports(9, 9), lambda: "203.0.113.7")
    return look.check(target, NAMES, Options(), credentials)


def asked() -> list[Need]:
    """Return every single thing that IAM is asked."""
    return [
        Need(action, arn, dict(each.context))
        for each in questions.of(DOCUMENT, NAMES)
        for action in each.actions
        for arn in each.arns
    ]


def test_whoever_has_what_policy_prints_is_told_that_all_is_allowed() -> None:
    allowed = Permissions(DOCUMENT)
    assert [need for need in asked() if not allowed.allows(need)] == []


def test_each_part_that_somebody_lacks_is_missed() -> None:
    needs = asked()
    for part in PARTS:
        less = Permissions(DOCUMENT).without(part)
        hanging = [need for need in needs if need.action == part.action]
        assert not all(less.allows(need) for need in hanging), part


def test_things_are_named_as_aws_names_them_and_no_action_is_asked_of_another_kind() -> None:
    for need in asked():
        assert need.resource == "*" or "*" not in need.resource.rpartition("/")[0], need
        assert need.context["aws:RequestedRegion"] == "us-east-1"
        call, kind = need.action.partition(":")[2], need.resource.split(":")[-1].partition("/")[0]
        if need.action.startswith("iam:") and need.resource != "*" and "Group" not in call:
            noun = {"role": "Role", "instance-profile": "InstanceProfile"}.get(kind)
            assert (noun or "") in call, need
        if call in {"StartInstances", "TerminateInstances"}:
            assert kind == "instance"
    runs = {n.resource.split(":")[-1].split("/")[0] for n in asked() if "RunInst" in n.action}
    assert runs == {
        *("image", "instance", "key-pair", "network-interface"),
        *("security-group", "subnet", "volume"),
    }


def test_what_is_denied_is_named_action_by_action_with_the_cure(
    cloud: StrictCloud,
) -> None:
    less = copy.deepcopy(DOCUMENT)
    for statement in less["Statement"]:
        gone = {"ec2:RunInstances", "iam:CreateUser"}
        statement["Action"] = [a for a in listed(statement["Action"]) if a not in gone]
    cloud.simulation.document = less
    found = checked(cloud)
    assert found.state == "fail"
    assert found.what.endswith("need: ec2:RunInstances, iam:CreateUser.")
    assert "`mlflow-ops policy` prints" in found.cure
    cloud.simulation.document = DOCUMENT
    assert checked(cloud).state == "ok"
    assert cloud.simulation.sources == {"arn:aws:iam::123456789012:user/operator"}
    assert {need.action for need in cloud.simulation.asked} == {part.action for part in PARTS}


def test_who_may_do_nothing_is_not_shown_a_list_of_everything(
    cloud: StrictCloud,
) -> None:
    cloud.simulation.document = {"Statement": []}
    found = checked(cloud)
    assert (found.state, found.what[:11], len(found.what) < 120) == ("fail", "None of the", True)


@pytest.mark.parametrize("explicit", [False, True])
def test_a_denial_that_hangs_on_what_nobody_knows_is_a_warning(
    cloud: StrictCloud, *, explicit: bool
) -> None:
    cloud.simulation.document, cloud.simulation.explicit = {"Statement": []}, explicit
    cloud.simulation.missing = ("aws:MultiFactorAuthPresent",)
    found = checked(cloud)
    assert (found.state, "hangs on aws:MultiFactorAuthPresent" in found.what) == ("warn", True)
    assert ("begun with MFA" in found.cure, len(found.what) < 160) == (True, True)


def test_who_else_forbids_it_is_told_from_the_account(cloud: StrictCloud) -> None:
    cloud.simulation.document, cloud.simulation.boundary = {"Statement": []}, False
    assert "permissions boundary" in checked(cloud).cure
    cloud.simulation.organization = False
    assert "whoever runs the organization" in checked(cloud).cure


def test_whoever_makes_a_stack_with_a_role_needs_no_keys(cloud: StrictCloud) -> None:
    policy = permissions.policy(look.COMMANDS, NAMES, "aws", credentials="role")
    cloud.simulation.document = policy
    assert checked(cloud, "role").state == "ok"
    found = checked(cloud)
    assert (found.state, "iam:CreateAccessKey" in found.what) == ("fail", True)


def test_a_role_is_asked_about_by_its_own_arn_with_its_path(
    cloud: StrictCloud,
) -> None:
    cloud.client("iam").create_role(
        RoleName="Ops", Path="/team/", AssumeRolePolicyDocument='{"Version": "2012-10-17"}'
    )
    cloud.simulation.caller = "arn:aws:sts::123456789012:assumed-role/Ops/ann"
    assert checked(cloud).state == "ok"
    assert cloud.simulation.sources == {"arn:aws:iam::123456789012:role/team/Ops"}
    with cloud.also(faults.denying("GetRole")):
        assert checked(cloud).state == "ok"
    assert "arn:aws:iam::123456789012:role/Ops" in cloud.simulation.sources


def test_a_federated_user_is_not_said_to_be_allowed_anything(
    cloud: StrictCloud,
) -> None:
    cloud.simulation.caller = "arn:aws:sts::123456789012:federated-user/ann"
    found = checked(cloud)
    assert (found.state, "cannot simulate" in found.what) == ("unknown", True)


def test_where_simulating_is_denied_dry_runs_tell_what_they_can_and_make_nothing(
    cloud: StrictCloud,
) -> None:
    before = cloud.holdings()
    with cloud.also(faults.denying("SimulatePrincipalPolicy")):
        found = checked(cloud)
        assert found.state == "unknown"
        assert "call iam:SimulatePrincipalPolicy" in found.what
        assert found.cure.startswith("`mlflow-ops policy doctor`")
        with cloud.also(no_groups):
            found = checked(cloud)
    assert (found.state, found.what) == (
        "fail",
        "Not allowed, as dry runs tell: ec2:CreateSecurityGroup.",
    )
    assert cloud.holdings() == before


def no_groups(call: Call, ask: Ask) -> Answer:
    """Deny that groups are made, and see that nobody asks for one in earnest."""
    if not call.operation.startswith(("Create", "Import")):
        return ask()
    assert call.parameters["DryRun"] is True
    return denials.denied(call) if call.operation == "CreateSecurityGroup" else ask()


def test_the_path_of_ours_is_part_of_the_things_that_are_asked_about() -> None:
    found: Any = {need.resource for need in asked() if need.action == "iam:CreateUser"}
    assert found == {f"arn:aws:iam::123456789012:user{IAM_PATH}mlflow-ops-mlflow-us-east-1"}
